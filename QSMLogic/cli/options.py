"""The options of the command line; those of methods come from the registry."""

import argparse
import math

from ..files.field_files import FIELD_UNITS
from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.given_maps import GIVEN_MAPS
from ..pipeline.stage_cache import DEFAULT_GB
from ..registry.method import registry
from ..registry.settings import ALL_MAPS
from ..registry.stages import STAGES, stages_with_maps

VOLUMES_OF_ONE_SCAN = ("first", "coils")  # what the volumes of a 4D file are, or which of them to use
VOLUMES = ("first", "all", "coils")
VOLUMES_HELP = (
    "if the volumes of 4D files are no echoes: use the first of a time series, map all of them, or combine those of "
    "single receive coils (default: by the images)"
)
MASK_VALUES = "binary or labels; of a probability, above half of its largest value"
QUALITY = "quality"
MAPS = (*(stage.name for stage in stages_with_maps()), QUALITY, ALL_MAPS)
PREFIX = "parameter:"  # of the names under which the parsed arguments hold the parameters of a method


def add_method_options(parser, stage, entry):
    """The options of a stage's command with the method `entry`."""
    options = _single_step_options if entry.takes_total_field else STAGE_OPTIONS[stage]
    options(parser, *([entry.takes] if STAGES[stage].yields else []))
    _add_parameters(parser, entry)


def _add_parameters(parser, entry):
    if entry.takes_csf:
        parser.add_argument("--csf", metavar="FILE", help=f"mask of the cerebrospinal fluid, {MASK_VALUES}")
    for parameter in entry.parameters:
        _add_parameter(parser, parameter)


def _add_parameter(parser, parameter):
    """An option for a parameter of a method; left out, it is not among the parsed arguments."""
    option, keywords = f"--{parameter.name.replace('_', '-')}", {}
    if parameter.type is bool:
        keywords["action"] = argparse.BooleanOptionalAction
    else:
        keywords |= {"type": parameter.type, "choices": parameter.choices or None}
        keywords["metavar"] = None if parameter.choices else parameter.type.__name__.upper()
    parser.add_argument(
        option, dest=PREFIX + parameter.name, default=argparse.SUPPRESS, help=_parameter_help(parameter), **keywords
    )


def _parameter_help(parameter):
    bounds = [f"at least {parameter.low:g}"] if math.isfinite(parameter.low) else []
    bounds += [f"at most {parameter.high:g}"] if math.isfinite(parameter.high) else []
    facts = [f"in {parameter.unit}"] if parameter.unit else []
    facts += [*bounds, f"default {parameter.default}"]
    return plain(f"{parameter.label}: {parameter.help} ({', '.join(facts)})")


def plain(text):
    """Text in which argparse sees no format characters."""
    return text.replace("%", "%%")


def _scan_options(parser):
    add_scan_options(parser)
    add_settings_options(parser, "methods and parameters of the preceding stages, a JSON file")
    parser.add_argument("--output", metavar="FILE", required=True, help="image to write")


def add_settings_options(parser, meaning):
    """The options for methods and parameters of several stages."""
    parser.add_argument("--settings", metavar="FILE", help=meaning)
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        metavar="STAGE.PARAMETER=VALUE",
        help="single settings, such as scaling.sign=negative; they take precedence over presets and settings files",
    )


def add_scan_options(parser, volumes=VOLUMES_OF_ONE_SCAN):
    """The options that name the files of a scan."""
    files = {"nargs": "+", "metavar": "FILE"}
    parser.add_argument("--magnitude", help="magnitude: one 3D file per echo, or one 4D file", **files)
    parser.add_argument("--phase", help="phase in any scaling, one 3D file per echo, or one 4D file", **files)
    parser.add_argument("--real", help="real part of the signal, instead of magnitude and phase", **files)
    parser.add_argument("--imaginary", help="imaginary part of the signal, in the same order", **files)
    parser.add_argument("--complex", help="complex images, instead of magnitude and phase", **files)
    parser.add_argument(
        "--echo-times", type=float, nargs="+", metavar="S", help="echo times in seconds (default: from JSON sidecars)"
    )
    _strength_option(parser)
    parser.add_argument("--volumes", choices=volumes, help=VOLUMES_HELP)


def add_dicom_scan_options(parser):
    """The options for scans in DICOM files and for maps as DICOM files."""
    folders = {"nargs": "+", "metavar": "FOLDER"}
    parser.add_argument("--dicom", help="folders with DICOM files, instead of --magnitude and --phase", **folders)
    parser.add_argument("--scan", metavar="N", help="number of a scan in the table of `dicom FOLDER`, or all")
    parser.add_argument(
        "--dicom-output", metavar="DIR", help="folder for the maps as DICOM series, which archives and viewers take"
    )
    parser.add_argument(
        "--dicom-source", help="DICOM files of the scan, for --dicom-output without --dicom (any of them)", **folders
    )
    parser.add_argument(
        "--dicom-maps",
        nargs="+",
        choices=[name for name, entry in CATALOGUE.items() if not entry.is_mask],
        metavar="MAP",
        help=f"maps for --dicom-output: %(choices)s (default: {SUSCEPTIBILITY}); quality implies --quality-map",
    )
    parser.add_argument(
        "--series-description",
        metavar="TEXT",
        help="how the descriptions of the DICOM series begin (default: QSM)",
    )
    parser.add_argument(
        "--no-research-use",
        dest="research_use",
        action="store_false",
        help='leave "(research use)" out of the descriptions; you take the responsibility for their use',
    )


def add_maps_option(parser):
    """The option for the maps that a run makes besides."""
    parser.add_argument(
        "--maps",
        nargs="+",
        choices=MAPS,
        default=[],
        metavar="MAPS",
        help=f"maps to make besides, by stage: %(choices)s; {QUALITY} is the phase quality, {ALL_MAPS} are all of them",
    )


def _strength_option(parser, need=""):
    parser.add_argument(
        "--field-strength", type=float, metavar="T", help=f"field strength in tesla{need} (default: from JSON sidecars)"
    )


def add_mask_option(parser, required=False):
    """The option for a mask."""
    without = "" if required else " (default: automatic mask)"
    parser.add_argument("--mask", required=required, metavar="FILE", help=f"mask, {MASK_VALUES}{without}")


def add_reference_mask_option(parser):
    """The option for the region that a map is referenced to."""
    parser.add_argument("--reference-mask", metavar="FILE", help=f"mask of the reference region, {MASK_VALUES}")


def _offset_option(parser):
    names = [*registry()["offset"], "none"]
    parser.add_argument("--offset", choices=names, help="how the phase offsets of several echoes are removed first")


def _mask_options(parser):
    _scan_options(parser)
    _quality_option(parser)


def _quality_option(parser):
    parser.add_argument("--output-quality", metavar="FILE", help="phase quality map to write, 0 to 1")


def _unwrap_options(parser):
    _scan_options(parser)
    add_mask_option(parser)
    _offset_option(parser)
    _quality_option(parser)


def _field_options(parser):
    _scan_options(parser)
    parser.add_argument("--unwrapped", metavar="FILE", help="unwrapped phase in radians, instead of --phase")
    add_mask_option(parser)
    _offset_option(parser)
    parser.add_argument("--output-mask", metavar="FILE", help="mask of the total field to write")
    parser.add_argument("--output-uncertainty", metavar="FILE", help="standard deviation of the field to write, in ppm")
    parser.add_argument("--output-magnitude", metavar="FILE", help="combined magnitude to write")


def _map_options(parser, field_option):
    _field_map_options(parser, field_option)
    parser.add_argument("--output", metavar="FILE", required=True, help="image to write")


def _field_map_options(parser, field_option):
    parser.add_argument(field_option, required=True, metavar="FILE", help="field in ppm of B0 or another unit")
    parser.add_argument(
        "--field-unit",
        choices=FIELD_UNITS,
        help="unit of the field and its uncertainty (default: Units in the JSON sidecar, else ppm)",
    )
    _strength_option(parser, ", for fields that are not in ppm")
    add_mask_option(parser, required=True)
    parser.add_argument("--magnitude", metavar="FILE", help="combined magnitude, in any scale")
    parser.add_argument("--uncertainty", metavar="FILE", help="standard deviation of the field, in its unit")
    add_b0_option(parser)
    parser.set_defaults(settings=None, set=None)


def add_b0_option(parser):
    """The option for the direction of B0."""
    parser.add_argument(
        "--b0-direction",
        type=float,
        nargs=3,
        metavar=("X", "Y", "Z"),
        help="B0 direction along the image axes i, j, k (default: the scanner's z axis, from the image orientation)",
    )


def add_cache_options(parser):
    """The options for the results of stages that are kept."""
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="keep the results of stages in this folder, so that the next run with other settings computes again what "
        "they change, and no more; it holds images of the scan",
    )
    parser.add_argument(
        "--cache-gb", type=float, metavar="N", help=f"largest size of the cache in GB (default: {DEFAULT_GB:g})"
    )


def _background_options(parser):
    _map_options(parser, "--total-field")
    parser.add_argument("--output-mask", metavar="FILE", help="mask of the local field to write")


def _invert_options(parser, field_option="--local-field"):
    _map_options(parser, field_option)
    names = list(registry()["reference"])
    parser.add_argument("--reference", choices=names, help="reference for zero susceptibility (default: as in run)")
    add_reference_mask_option(parser)


def _single_step_options(parser):
    _invert_options(parser, "--total-field")


def add_curve_options(parser, stage, entry):
    """The options of the command `curve` with the inversion `entry`."""
    _field_map_options(parser, "--local-field")
    parser.add_argument("--output", metavar="DIR", required=True, help="output folder for curve.tsv and curve.svg")
    _add_parameters(parser, entry)


def add_given_maps_options(parser, names=GIVEN_MAPS):
    """The options for maps of other scans."""
    for given in (GIVEN_MAPS[name] for name in names):
        parser.add_argument(f"--{given.option}", metavar="FILE", help=f"map of {given.meaning}, on the scan's grid")


def _map_stage_options(parser, takes):
    """The options of a stage with maps of its own, of whose methods one takes `takes`."""
    if SCAN_TAKES & {*takes}:
        add_scan_options(parser)
        add_settings_options(parser, "methods and parameters of the preceding stages, a JSON file")
        _offset_option(parser)
        add_b0_option(parser)
        add_mask_option(parser)
    else:
        add_mask_option(parser, required=True)
        _strength_option(parser)
        add_b0_option(parser)
        parser.set_defaults(settings=None, set=None)
    for name, (option, meaning) in MAP_OPTIONS.items():
        if name in takes:
            parser.add_argument(f"--{option}", required=True, metavar="FILE", help=meaning)
    add_given_maps_options(parser, [name for name in GIVEN_MAPS if name in takes])
    parser.add_argument("--output", metavar="DIR", required=True, help="folder for the maps")


# What methods with maps of their own take of the scan, and of maps in files: option and help
SCAN_TAKES = {"scan", "unwrapped_rad", "total"}
MAP_OPTIONS = {
    "local": ("local-field", "local field in ppm of B0"),
    "susceptibility_ppm": ("susceptibility", "susceptibility map in ppm"),
    "r2star_hz": ("r2star", "R2* map in 1/s"),
}
STAGE_OPTIONS = {
    "mask": _mask_options,
    "unwrap": _unwrap_options,
    "field": _field_options,
    "background": _background_options,
    "invert": _invert_options,
    **{stage.name: _map_stage_options for stage in stages_with_maps() if stage.has_command},
}
