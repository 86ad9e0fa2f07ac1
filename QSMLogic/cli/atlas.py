"""The commands `atlas` and `template` of the command line; each takes the parsed arguments and a Console."""

from pathlib import Path

from ..atlas.folder import find_atlas
from ..atlas.register import register
from ..atlas.template import KINDS, load_template, simulated_template
from ..files.atomic import check_writable
from ..files.images import check_image_name, load_mask, load_on_grid, read_image, write_files
from ..files.sidecar import sidecar_path
from ..model.errors import QSMError
from ..regions.label_names import LABEL_NAMES

ONE_BY_ONE = ("template", "labels", "label_names", "template_mask", "template_anatomy")


def atlas_command(arguments, console):
    """Register a template to an image and transfer its labels; writes the labels and what is known of them (JSON)."""
    output = Path(arguments.output)
    check_image_name(output)
    template, inputs, source = _atlas(arguments, console)
    inputs += [value for value in (arguments.image, arguments.mask, arguments.magnitude) if value]
    check_writable([output, sidecar_path(output)], inputs, overwrite=arguments.overwrite)
    image, geometry = read_image(arguments.image)
    if image.ndim != 3:
        raise QSMError(f"{arguments.image} must be a single 3D image.")
    mask = load_mask(arguments.mask, geometry) if arguments.mask else None
    magnitude = load_on_grid(arguments.magnitude, geometry) if arguments.magnitude else None
    done = register(image, geometry, template(), mask, console.progress, magnitude)
    record = {str(label): {"name": name} | done.quality["labels"][name] for label, name in done.names.items()}
    files = {output: done.labels, sidecar_path(output): record}
    console.wrote(write_files(files, geometry, overwrite=arguments.overwrite))
    console.wrote([_summary(done.quality), *_remarks(done.quality), *source])


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
    add = parser.add_argument
    add("--image", required=True, metavar="FILE", help="image of the subject: susceptibility, magnitude or T1-weighted")
    add("--magnitude", metavar="FILE", help="magnitude of the subject on the same grid; improves the registration")
    add("--mask", metavar="FILE", help="brain mask of the subject (default: from the image)")
    add(
        "--folder",
        metavar="DIR",
        help="folder of an atlas as published (chi-separation, MuSus-100, AHEAD), or of template, labels and names",
    )
    add("--template", metavar="FILE", help="image of the atlas, of the same contrast; instead of --folder")
    add("--template-mask", metavar="FILE", help="brain mask of the template (default: from the template)")
    add(
        "--template-anatomy", metavar="FILE", help="magnitude or T1-weighted image of the atlas, on the template's grid"
    )
    add("--labels", metavar="FILE", help="labels of the atlas, on the template's grid")
    add("--label-names", metavar="FILE", help=LABEL_NAMES)
    add("--output", required=True, metavar="FILE", help="label image to write, on the grid of the subject")


def add_template_options(parser):
    """The options of the command `template`."""
    parser.add_argument(
        "--kind", choices=KINDS, default=KINDS[0], help="contrast of the template (default: %(default)s)"
    )
    parser.add_argument("--voxel-mm", type=float, default=1.5, metavar="MM", help="voxel size (default: 1.5)")
    parser.add_argument("--output", required=True, metavar="DIR", help="output folder")


def _atlas(arguments, console):
    """A function that loads the Template, the files that it reads, and what is to be said of them."""
    given = [getattr(arguments, name) for name in ONE_BY_ONE]
    if arguments.folder and any(given):
        raise QSMError("Give either --folder, or --template and --labels, not both.")
    if arguments.folder:
        atlas = find_atlas(arguments.folder)
        console.note(atlas.about())
        console.warn(filter(None, [atlas.changes(atlas.fingerprints())]))
        return atlas.load, atlas.paths, [atlas.about()]
    if not (arguments.template and arguments.labels):
        raise QSMError("Which atlas? Give its folder with --folder, or its files with --template and --labels.")
    image, labels, names, mask, anatomy = given
    return lambda: load_template(image, labels, names, mask, anatomy), [path for path in given if path], []


def _summary(quality):
    """The quality of the registration, in one line."""
    alike, jacobian = quality["similarity"], quality["jacobian"]
    inside = [entry["share_inside"] for entry in quality["labels"].values() if entry["volume_mm3"]]
    return (
        f"Registered in {quality['seconds']:.0f} s. "
        f"Mutual information {alike['before']:.2f} before registration, {alike['aligned']:.2f} after the affine part, "
        f"{alike['warped']:.2f} after demons; Dice overlap of the masks {100 * quality['overlap']:.0f} %; Jacobian "
        f"{jacobian['min']:.2f} to {jacobian['max']:.2f}, folded {100 * jacobian['folded_share']:.2f} %; each label is "
        f"inside the mask by at least {100 * min(inside, default=0):.0f} %."
    )


def _remarks(quality):
    """A line for each label that is not certain."""
    return [f"{name}: {entry['note']}." for name, entry in quality["labels"].items() if entry["note"]]
