"""Regions compared with normal values: options of the command `statistics`, and the command `normal-curves`."""

from ..files.atomic import check_writable
from ..model.errors import QSMError
from ..regions.ages import MapFacts, checked_age, compared_with_age
from ..regions.control_curves import ControlFacts, control_curves
from ..regions.normal_curves import FORMULAE, read_normal_curves, write_normal_curves
from ..regions.study import read_study


def add_age_options(parser):
    """The options of `statistics` for normal values."""
    add = parser.add_argument
    add("--age", metavar="YEARS", help="age of the subject at the scan, for --normal-curves")
    add("--normal-curves", metavar="FILE", help="normal values over age, .csv or .json; see the README for its fields")
    add(
        "--map-zero", default="", metavar="NAME", help="region that is zero in the map, if its run.json does not say it"
    )
    add("--ages", metavar="FILE", help="table of differences from normal values and z scores to write, .csv or .tsv")


def age_outputs(arguments):
    """The table to write; QSMError for options that lack another."""
    if bool(arguments.age) != bool(arguments.normal_curves):
        raise QSMError("--age needs --normal-curves, and the reverse: values are compared with those at an age.")
    if (arguments.ages or arguments.map_zero) and not arguments.age:
        raise QSMError("--ages and --map-zero require --age and --normal-curves.")
    if arguments.age and not (arguments.ages or arguments.report or arguments.plots):
        raise QSMError("--age needs --ages, --report or --plots, to write to.")
    if arguments.age:
        checked_age(arguments.age)
    return [arguments.ages] if arguments.ages else []


def compared_ages(arguments, table, map_name, provenance):
    """The AgeComparison of a RegionTable; None without --age."""
    if not arguments.age:
        return None
    curves = read_normal_curves(arguments.normal_curves)
    return compared_with_age(table, arguments.age, curves, MapFacts.of(provenance, arguments.map_zero), map_name)


def add_normal_curves_options(parser):
    """The options of `normal-curves`."""
    add = parser.add_argument
    add(
        "--study",
        required=True,
        metavar="FILE",
        help="table of `statistics --study`: controls, with their ages as time",
    )
    add("--formula", choices=FORMULAE, default="linear", help="of the curves (default: %(default)s)")
    add("--field-strength", required=True, nargs="+", type=float, metavar="T", help="field strengths in tesla")
    add("--voxel-mm", required=True, nargs=3, type=float, metavar="MM", help="voxel size of the scans")
    add("--population", required=True, metavar="TEXT", help="who was measured, such as 'healthy adults, half female'")
    add("--source", default="Own controls", metavar="TEXT", help="how the curves are cited (default: %(default)s)")
    add("--sequence", default="", metavar="TEXT", help="of the scans")
    add("--reference", default="", metavar="NAME", help="zero of the maps, if the study is not relative to a region")
    add("--output", required=True, metavar="FILE", help="curves to write, .csv")


def normal_curves_command(arguments, console):
    """Fit normal curves over age to a study of one's own controls, for `statistics --normal-curves`."""
    if not arguments.output.lower().endswith(".csv"):
        raise QSMError(f"{arguments.output} must end in .csv.")
    check_writable([arguments.output], [arguments.study], overwrite=arguments.overwrite)
    study = read_study(arguments.study)
    if study is None:
        raise QSMError(f"There is no study {arguments.study}. Check the name.")
    stated = ("field_strength", "voxel_mm", "population", "source", "reference", "sequence")
    facts = ControlFacts(*(getattr(arguments, name) for name in stated))
    curves = control_curves(study, facts, arguments.formula)
    console.wrote(write_normal_curves(curves, arguments.output, overwrite=arguments.overwrite))
