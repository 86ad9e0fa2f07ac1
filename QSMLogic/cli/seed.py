"""The command `seed`: single sources, such as microbleeds and calcifications, measured from a point each."""

from functools import partial
from pathlib import Path

from ..files.atomic import check_writable
from ..files.images import check_image_name, write_files
from ..files.sidecar import sidecar_path
from ..model.errors import QSMError
from ..regions.seed import LARGEST_MM, SEARCH_MM, measure_seeds, seed_regions, voxel_at
from ..regions.table_files import check_table_name, table_files, table_paths, table_texts
from .map_options import add_map_options, map_inputs, read_map


def add_seed_options(parser):
    """The options of `seed`."""
    add, several = parser.add_argument, {"nargs": 3, "action": "append", "default": []}
    add_map_options(parser)
    point = "point in the source in mm (right, anterior, superior, as Slicer shows); may be given several times"
    add("--point", type=float, metavar=("R", "A", "S"), help=point, **several)
    add("--voxel", type=int, metavar=("I", "J", "K"), help="voxel in the source, from 0, instead of --point", **several)
    add("--search-mm", type=float, default=SEARCH_MM, metavar="MM", help="search radius (default: %(default)s)")
    add("--largest-mm", type=float, default=LARGEST_MM, metavar="MM", help="largest radius (default: %(default)s)")
    add("--output", required=True, metavar="FILE", help="table to write: .csv, or .tsv with a JSON dictionary")
    add("--output-labels", metavar="FILE", help="label image of the sources to write")


def seed_command(arguments, console):
    """Measure single sources, such as microbleeds: volume, susceptibility and total susceptibility."""
    check_table_name(arguments.output)
    labels = Path(arguments.output_labels) if arguments.output_labels else None
    if labels:
        check_image_name(labels)
        if sidecar_path(labels) in table_paths(arguments.output):
            raise QSMError(
                f"The dictionary of {arguments.output} would be taken for the names of the labels in {labels}. Give "
                "the label image another name."
            )
    if not (arguments.point or arguments.voxel):
        raise QSMError("Give a point in each source with --point R A S, or a voxel with --voxel I J K.")
    for name in ("search_mm", "largest_mm"):
        if not 0 < getattr(arguments, name) < 1000:
            raise QSMError(f"--{name.replace('_', '-')} must be a length above 0 mm.")
    earlier = partial(table_files, arguments.output)
    outputs = [*table_paths(arguments.output), *([labels] if labels else [])]
    check_writable(outputs, map_inputs(arguments), overwrite=arguments.overwrite, vouched=earlier)
    image, mask, geometry = read_map(arguments)
    points = [voxel_at(point, geometry) for point in arguments.point] + [voxel[::-1] for voxel in arguments.voxel]
    lengths = {"search_mm": arguments.search_mm, "largest_mm": arguments.largest_mm}
    table, regions = measure_seeds(image, points, geometry, mask=mask, **lengths)
    console.warn(f"{row['segment']}: {row['note']}." for row in table.rows if row["note"])
    contents = table_texts(table, arguments.output)
    contents |= {labels: seed_regions(regions, geometry.shape)} if labels else {}
    console.wrote(write_files(contents, geometry, overwrite=arguments.overwrite, vouched=earlier))
