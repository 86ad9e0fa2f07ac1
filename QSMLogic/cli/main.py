"""The command line: `python -m QSMLogic --help`."""

import argparse
import os
import re
import sys
import textwrap

from ..model.errors import QSMError
from ..numerics.lazy import sitk
from ..numerics.threads import threads
from ..pipeline.strength_curve import has_curve
from ..registry.method import registry
from ..registry.presets import PRESETS
from ..registry.settings import DEVICE
from ..registry.stages import NOTHING, STAGES
from ..version import __version__
from .ages import add_normal_curves_options, normal_curves_command
from .atlas import add_atlas_options, add_template_options, atlas_command, template_command
from .bids import bids_command
from .bids_options import add_bids_options
from .commands import cite_command, demo_command, maps_command, methods_command
from .compare import add_compare_options, compare_command
from .console import Console, print_any_character
from .device import add_device_option, add_device_options, device_command
from .dicom import add_dicom_options, dicom_command
from .options import (
    VOLUMES,
    add_b0_option,
    add_cache_options,
    add_curve_options,
    add_dicom_scan_options,
    add_given_maps_options,
    add_maps_option,
    add_mask_option,
    add_method_options,
    add_reference_mask_option,
    add_scan_options,
    add_settings_options,
    plain,
)
from .oxygenation import add_oxygenation_options, oxygenation_command
from .rim import add_rim_options, rim_command
from .run import run_command
from .seed import add_seed_options, seed_command
from .stage_commands import COMMANDS, curve_command
from .statistics import add_statistics_options, statistics_command

UNEXPECTED, BAD_INPUT = 1, 2


def main(argv=None):
    """Run a command; returns the exit status: 0, 2 for bad input, 1 for any other failure."""
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads())
    print_any_character()
    console, debug = Console(), False
    try:
        argv = sys.argv[1:] if argv is None else argv
        _refuse_empty(argv)
        arguments = build_parser().parse_args(argv)
        console, debug = Console(arguments.quiet), arguments.debug
        return arguments.command(arguments, console) or 0
    except QSMError as error:
        console.error(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        console.error("interrupted; no incomplete files were written.")
    except MemoryError:
        console.error("not enough memory for this scan. Close other programs, or crop the images.")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) or "Symlink loop" in str(error):
            console.error(f"{error}. Check the name, the permissions and the free space.")
            return BAD_INPUT
        console.error(f"unexpected {type(error).__name__}: {error} (add --debug for the traceback)")
    return UNEXPECTED


def _refuse_empty(argv):
    """QSMError for an option with an empty value, as an unset variable of a shell leaves: it is not left out."""
    option = "an argument"
    for word in map(str, argv):
        name, sign, value = word.partition("=")
        if word.startswith("--"):
            option = name
        if not word.strip() or word.startswith("--") and sign and not value.strip():
            raise QSMError(f"The value of {option} is empty. Give one, or omit the option.")


def build_parser():
    """The parser of all commands; the stages' methods and parameters come from the registry."""
    parser = _Parser(
        prog="QSMLogic", description="Quantitative susceptibility mapping: from gradient-echo phase to ppm."
    )
    parser.add_argument("--version", action="version", version=f"QSMLogic {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--quiet", action="store_true", help="print errors only")
    common.add_argument("--debug", action="store_true", help="show the traceback of an unexpected error")
    writing = argparse.ArgumentParser(add_help=False, parents=[common])
    writing.add_argument("--overwrite", action="store_true", help="replace files that no earlier run has written")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command_name")
    _add_run(_command(commands, "run", run_command, writing))
    add_bids_options(_command(commands, "bids", bids_command, writing))
    add_dicom_options(_command(commands, "dicom", dicom_command, writing))
    for stage in (name for name, stage in STAGES.items() if stage.has_command):
        entries = [entry for entry in registry()[stage].values() if entry.name != NOTHING]
        _add_methods(commands, stage, COMMANDS[stage], stage, entries, add_method_options, writing)
    curves = filter(has_curve, registry()["invert"].values())
    _add_methods(commands, "curve", curve_command, "invert", curves, add_curve_options, writing)
    methods = _command(commands, "methods", methods_command, common)
    shape = methods.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="methods and parameters with all details, as JSON")
    shape.add_argument("--markdown", action="store_true", help="table of the methods and their sources, as Markdown")
    maps = _command(commands, "maps", maps_command, common)
    maps.add_argument("--markdown", action="store_true", help="a table, as Markdown")
    add_device_options(_command(commands, "device", device_command, common))
    cite = _command(commands, "cite", cite_command, common)
    cite.add_argument("record", metavar="RUN_JSON", help="run.json of a run")
    add_statistics_options(_command(commands, "statistics", statistics_command, writing))
    add_normal_curves_options(_command(commands, "normal-curves", normal_curves_command, writing))
    add_compare_options(_command(commands, "compare", compare_command, writing))
    add_rim_options(_command(commands, "rim", rim_command, writing))
    add_seed_options(_command(commands, "seed", seed_command, writing))
    add_oxygenation_options(_command(commands, "oxygenation", oxygenation_command, writing))
    add_atlas_options(_command(commands, "atlas", atlas_command, writing))
    add_template_options(_command(commands, "template", template_command, writing))
    demo = _command(commands, "demo", demo_command, writing)
    demo.set_defaults(settings=None)
    add_device_option(demo)
    demo.add_argument("--output", metavar="DIR", default="demo-output", help="output folder (default: %(default)s)")
    return parser


class _Help(argparse.HelpFormatter):
    """Never breaks lines at hyphens, as in fill-holes, so that options can be copied."""

    def _split_lines(self, text, width):
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line, as for any other bad input, and accepts negative numbers with an exponent."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **{"formatter_class": _Help, **options})
        self._negative_number_matcher = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")

    def error(self, message):
        raise QSMError(f"{message} (see {self.prog} --help)")


def _command(commands, name, function, common):
    parser = commands.add_parser(name, parents=[common], help=function.__doc__, description=function.__doc__)
    parser.set_defaults(command=function)
    return parser


def _add_methods(commands, name, function, stage, entries, add_options, common):
    """A command that is followed by a method of the stage. add_options(parser, stage, entry): the method's."""
    parser = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
    methods = parser.add_subparsers(metavar="METHOD", required=True, dest="method")
    for entry in entries:
        one = methods.add_parser(
            entry.name, parents=[common], help=plain(entry.title), description=plain(entry.summary)
        )
        one.set_defaults(command=function, stage=stage)
        if DEVICE not in (parameter.name for parameter in entry.parameters):  # that of a program that it runs
            add_device_option(one)
        add_options(one, stage, entry)


def _add_run(parser):
    add_scan_options(parser, VOLUMES)
    add_b0_option(parser)
    add_mask_option(parser)
    add_reference_mask_option(parser)
    add_maps_option(parser)
    add_given_maps_options(parser)
    parser.add_argument("--quality-map", action="store_true", help="also write the phase quality (0 to 1)")
    parser.add_argument(
        "--curve",
        action="store_true",
        help="also run the inversion at other regularization strengths, and write the L-curve (misfit and smoothness)",
    )
    add_settings_options(parser, "methods and parameters, a JSON file or a JSON string (default: see methods)")
    parser.add_argument("--preset", choices=PRESETS, help="methods and parameters for a kind of scan")
    parser.add_argument(
        "--anonymous", action="store_true", help="record the number of the input files instead of their names"
    )
    add_cache_options(parser)
    add_device_option(parser)
    add_dicom_scan_options(parser)
    parser.add_argument("--bids", metavar="DIR", help="BIDS folder, instead of --magnitude and --phase")
    parser.add_argument(
        "--participant-label", nargs="+", metavar="LABEL", help="participants of the BIDS folder to map"
    )
    parser.add_argument(
        "--output", metavar="DIR", help="output folder (default with --bids: derivatives/QSM in the BIDS folder)"
    )
