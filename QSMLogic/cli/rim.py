"""The command `rim`: profiles across the surface of lesions."""

from functools import partial
from pathlib import Path

from ..files.atomic import check_writable, write_texts
from ..files.ownership import signed, signed_files
from ..regions.label_files import read_regions
from ..regions.label_names import LABEL_NAMES
from ..regions.rim import OUTER_MM, RIM_MM, STEP_MM, rim_profiles, separate_lesions
from ..regions.table_files import check_table_name, table_files, table_paths, table_texts
from ..report.rim_plot import rim_plot
from .map_options import add_map_options, map_inputs, read_map


def add_rim_options(parser):
    """The options of `rim`."""
    add = parser.add_argument
    add_map_options(parser)
    add(
        "--lesions", required=True, metavar="FILE", help="label image or .seg.nrrd, drawn to the outer edge of the rims"
    )
    add("--label-names", metavar="FILE", help=LABEL_NAMES)
    add("--separate", action="store_true", help="take connected parts of a label as lesions of their own")
    add("--step-mm", type=float, default=STEP_MM, metavar="MM", help="width of a step (default: %(default)s)")
    add("--rim-mm", type=float, default=RIM_MM, metavar="MM", help="width of the rim (default: %(default)s)")
    add("--outer-mm", type=float, default=OUTER_MM, metavar="MM", help="reach outside (default: %(default)s)")
    add("--output", required=True, metavar="FILE", help="table of rim, core and surroundings to write, .csv or .tsv")
    add("--profile", metavar="FILE", help="table of the profiles to write, .csv or .tsv")
    add("--plot", metavar="FILE", help="plot of the profiles to write, .svg")


def rim_command(arguments, console):
    """Measure rims of lesions: the profile across their surface, and rim minus core and surroundings."""
    tables = [path for path in (arguments.output, arguments.profile) if path]
    for path in tables:
        check_table_name(path)
    outputs = [file for path in tables for file in table_paths(path)] + [Path(p) for p in (arguments.plot,) if p]
    earlier = partial(_earlier, tables, arguments.plot)
    inputs = [*map_inputs(arguments), *filter(None, (arguments.lesions, arguments.label_names))]
    check_writable(outputs, inputs, overwrite=arguments.overwrite, vouched=earlier)
    image, mask, geometry = read_map(arguments)
    lesions, _ = read_regions(arguments.lesions, geometry, arguments.label_names)
    if arguments.separate:
        lesions = [part for lesion in lesions for part in separate_lesions(lesion, geometry.grid())]
    lengths = {name: getattr(arguments, name) for name in ("step_mm", "rim_mm", "outer_mm")}
    profiles, summary = rim_profiles(image, lesions, geometry.grid(), mask=mask, **lengths)
    texts = table_texts(summary, arguments.output)
    texts |= table_texts(profiles, arguments.profile) if arguments.profile else {}
    texts |= {Path(arguments.plot): signed(rim_plot(profiles))} if arguments.plot else {}
    console.warn(f"{row['segment']}: {row['note']}." for row in summary.rows if row["note"])
    console.wrote(write_texts(texts, overwrite=arguments.overwrite, vouched=earlier))


def _earlier(tables, plot):
    return signed_files([Path(plot)] if plot else []).union(*map(table_files, tables))
