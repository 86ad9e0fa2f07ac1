"""The commands `atlas` and `template` of the command line; each takes the parsed arguments and a Console."""

from pathlib import Path

from ..atlas.register import register
from ..atlas.template import KINDS, load_template, simulated_template
from ..files.atomic import check_writable
from ..files.images import check_image_name, load_mask, read_image, write_files
from ..files.sidecar import sidecar_path
from ..model.errors import QSMError
from ..regions.label_names import LABEL_NAMES


def atlas_command(arguments, console):
    """Register a template to an image and transfer its labels; writes the labels and their names (JSON)."""
    output = Path(arguments.output)
    check_image_name(output)
    names = ("image", "mask", "template", "template_mask", "labels", "label_names")
    inputs = [value for value in (getattr(arguments, name) for name in names) if value]
    check_writable([output, sidecar_path(output)], inputs, overwrite=arguments.overwrite)
    image, geometry = read_image(arguments.image)
    if image.ndim != 3:
        raise QSMError(f"{arguments.image} must be a single 3D image.")
    mask = load_mask(arguments.mask, geometry) if arguments.mask else None
    template = load_template(arguments.template, arguments.labels, arguments.label_names, arguments.template_mask)
    done = register(image, geometry, template, mask, console.progress)
    record = {str(label): name for label, name in done.names.items()}
    files = {output: done.labels, sidecar_path(output): record}
    console.wrote(write_files(files, geometry, overwrite=arguments.overwrite))
    console.wrote([_summary(done.quality)])


def template_command(arguments, console):
    """Write a simulated head as a template: its image, its labels and their names (JSON)."""
    folder = Path(arguments.output)
    image, labels = folder / f"{arguments.kind}.nii.gz", folder / "labels.nii.gz"
    check_writable([image, labels, sidecar_path(labels)], overwrite=arguments.overwrite)
    console.progress("generating a head", 0.0)
    template = simulated_template(arguments.kind, arguments.voxel_mm)
    names = {str(label): name for label, name in template.names.items()}
    files = {image: template.image, labels: template.labels, sidecar_path(labels): names}
    console.wrote(write_files(files, template.geometry, overwrite=arguments.overwrite))


def add_atlas_options(parser):
    """The options of the command `atlas`."""
    parser.add_argument(
        "--image", required=True, metavar="FILE", help="image of the subject: susceptibility, magnitude or T1-weighted"
    )
    parser.add_argument("--mask", metavar="FILE", help="brain mask of the subject (default: from the image)")
    parser.add_argument("--template", required=True, metavar="FILE", help="image of the atlas, of the same contrast")
    parser.add_argument(
        "--template-mask", metavar="FILE", help="brain mask of the template (default: from the template)"
    )
    parser.add_argument("--labels", required=True, metavar="FILE", help="labels of the atlas, on the template's grid")
    parser.add_argument("--label-names", metavar="FILE", help=LABEL_NAMES)
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="label image to write, on the grid of the subject"
    )


def add_template_options(parser):
    """The options of the command `template`."""
    parser.add_argument(
        "--kind", choices=KINDS, default=KINDS[0], help="contrast of the template (default: %(default)s)"
    )
    parser.add_argument("--voxel-mm", type=float, default=1.5, metavar="MM", help="voxel size (default: 1.5)")
    parser.add_argument("--output", required=True, metavar="DIR", help="output folder")


def _summary(quality):
    """The quality of the registration, in one line."""
    alike, jacobian = quality["similarity"], quality["jacobian"]
    inside = [entry["share_inside"] for entry in quality["labels"].values() if entry["volume_mm3"]]
    return (
        f"Mutual information {alike['before']:.2f} before registration, {alike['aligned']:.2f} after the affine part, "
        f"{alike['warped']:.2f} after demons; Dice overlap of the masks {100 * quality['overlap']:.0f} %; Jacobian "
        f"{jacobian['min']:.2f} to {jacobian['max']:.2f}, folded {100 * jacobian['folded_share']:.2f} %; each label is "
        f"inside the mask by at least {100 * min(inside, default=0):.0f} %."
    )
