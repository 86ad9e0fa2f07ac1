"""The command `compare`: two scans of one person, to a difference map, its uncertainty and a table of changes."""

from pathlib import Path

from ..atlas.follow_up import Visit, cautions, compare_visits, summary
from ..files.atomic import check_writable
from ..files.images import load_mask, load_on_grid, read_image, write_files
from ..files.map_files import RECORD, map_paths
from ..files.ownership import signed
from ..files.sidecar import read_json
from ..model.catalogue import SUSCEPTIBILITY, UNCERTAINTY
from ..model.errors import QSMError
from ..regions.brain import BRAIN
from ..regions.label_files import read_regions
from ..regions.label_names import LABEL_NAMES
from ..regions.table_files import table_texts
from ..registry.provenance import checked_record
from ..report.change_plot import change_plot

SCANS = ("first", "second")
DIFFERENCE, SIGMA, TABLE, PLOT = (
    "difference_ppm.nii.gz",
    "difference_uncertainty_ppm.nii.gz",
    "changes.tsv",
    "changes.svg",
)


def add_compare_options(parser):
    """The options of `compare`."""
    add = parser.add_argument
    for scan in SCANS:
        add(f"--{scan}", required=True, metavar="PATH", help=f"folder of the {scan} run, or its map in ppm")
        add(f"--{scan}-magnitude", required=True, metavar="FILE", help="magnitude; of 4D files, the first echo is used")
        add(f"--{scan}-mask", metavar="FILE", help="mask of reliable voxels (default: that of the run)")
        add(f"--{scan}-uncertainty", metavar="FILE", help="standard deviation in ppm (default: that of the run)")
    add("--labels", required=True, metavar="FILE", help="label image or .seg.nrrd, drawn on the first scan")
    add("--label-names", metavar="FILE", help=LABEL_NAMES)
    add(
        "--reference",
        default="",
        metavar="SEGMENT",
        help=f"common reference (default: '{BRAIN}', all voxels in both scans)",
    )
    add("--output", required=True, metavar="DIR", help="output folder")


def compare_command(arguments, console):
    """Compare two scans of one person: register, subtract, and list the regions that have changed."""
    folder = Path(arguments.output)
    outputs = [folder / name for name in (DIFFERENCE, SIGMA, TABLE, "changes.json", PLOT)]
    files = {scan: _files(arguments, scan) for scan in SCANS}
    inputs = [path for of_scan in files.values() for path in of_scan.values() if path]
    inputs += [path for path in (arguments.labels, arguments.label_names) if path]
    check_writable(outputs, inputs, overwrite=arguments.overwrite)
    first, second = (_visit(of_scan) for of_scan in files.values())
    regions, _ = read_regions(arguments.labels, first.geometry, arguments.label_names)
    done = compare_visits(first, second, regions, arguments.reference, console.progress)
    contents = {outputs[0]: done.difference.ppm, outputs[1]: done.difference.uncertainty_ppm}
    texts = table_texts(done.table, folder / TABLE) | {folder / PLOT: signed(change_plot(done.table))}
    console.warn(_warnings(files))
    console.wrote(write_files(contents | texts, first.geometry, overwrite=arguments.overwrite))
    console.wrote([summary(done.table)])


def _files(arguments, scan):
    """{kind: path or None} of a scan: those given, else those of its run."""
    path = Path(getattr(arguments, scan))
    run = map_paths(path if path.is_dir() else path.parent)
    chosen = run[SUSCEPTIBILITY] if path.is_dir() else path
    own = path.is_dir() or path.name == run[SUSCEPTIBILITY].name
    known = {"mask": run["reliable_mask"], "uncertainty": run[UNCERTAINTY]}
    found = {kind: file if own and file.is_file() else None for kind, file in known.items()}
    record = chosen.with_name(RECORD) if own and chosen.with_name(RECORD).is_file() else None
    given = {kind: getattr(arguments, f"{scan}_{kind}") for kind in ("magnitude", "mask", "uncertainty")}
    return {"map": chosen, "record": record} | found | {kind: Path(file) for kind, file in given.items() if file}


def _visit(files):
    ppm, geometry = read_image(files["map"])
    if ppm.ndim != 3:
        raise QSMError(f"{files['map']} must hold a single 3D image; it has {len(ppm)} volumes.")
    magnitude, own = read_image(files["magnitude"])
    if difference := geometry.difference(own):
        raise QSMError(
            f"{files['magnitude']} does not fit {files['map']}: {difference}. Give the magnitude of that scan."
        )
    mask = load_mask(files["mask"], geometry) if files["mask"] else ppm != 0
    sigma = load_on_grid(files["uncertainty"], geometry) if files["uncertainty"] else None
    return Visit(ppm, mask, magnitude if magnitude.ndim == 3 else magnitude[0], geometry, sigma)


def _warnings(files):
    """Why the comparison may not hold."""
    records = [checked_record(read_json(of_scan["record"])) for of_scan in files.values() if of_scan["record"]]
    return cautions(records, all(of_scan["uncertainty"] for of_scan in files.values()))
