"""The options of the command `bids`; those that other BIDS Apps have are called as there."""

from ..registry.presets import PRESETS
from .bids import LEVELS
from .bids_group import add_group_options
from .device import add_device_option
from .engine_options import add_engine_options
from .options import (
    VOLUMES,
    VOLUMES_HELP,
    add_b0_option,
    add_cache_options,
    add_maps_option,
    add_settings_options,
)


def add_bids_options(parser):
    """The options of `bids`."""
    add = parser.add_argument
    add("bids_dir", metavar="BIDS_DIR", help="the BIDS data set, or a folder tree of DICOM files")
    add("output_dir", metavar="OUT", help="folder for the derivatives")
    add("level", metavar="LEVEL", nargs="+", choices=LEVELS, help="participant: map the scans; group: join the results")
    _add_selection(parser)
    _add_maps(parser)
    _add_work(parser)
    add_engine_options(parser)
    add_group_options(parser)


def _add_selection(parser):
    add = parser.add_argument_group("which scans").add_argument
    labels = {"nargs": "+", "metavar": "LABEL"}
    add("--participant-label", help='participants to map, with or without "sub-"', **labels)
    add("--session-label", help='sessions to map, with or without "ses-"', **labels)
    add("--run-label", help='runs to map, with or without "run-"', **labels)
    add("--bids-filter-file", metavar="FILE", help="JSON file that says which images to map, by their entities")
    add("--volumes", choices=VOLUMES, help=VOLUMES_HELP)


def _add_maps(parser):
    group = parser.add_argument_group("what to do with each")
    add_maps_option(group)
    group.add_argument("--curve", action="store_true", help="also record the L-curve of the inversion")
    group.add_argument("--preset", choices=PRESETS, help="methods and parameters for a kind of scan")
    add_settings_options(group, "methods and parameters, a JSON file or a JSON string (default: see methods)")
    strength = "field strength in tesla of every scan (default: from JSON sidecars)"
    group.add_argument("--field-strength", type=float, metavar="T", help=strength)
    add_b0_option(group)
    group.add_argument(
        "--atlas", metavar="DIR", help="folder of an atlas, whose regions are measured in every scan; see atlas"
    )
    group.add_argument("--anonymous", action="store_true", help="do not name the images that the maps were made from")


def _add_work(parser):
    group = parser.add_argument_group("how to work")
    add_cache_options(group)
    add_device_option(group)
    add = group.add_argument
    add(
        "--dry-run",
        action="store_true",
        help="only list the scans and what would be done with them; DICOM files are converted first",
    )
    add("--skip-done", action="store_true", help="leave every scan that is done as it is, even if settings differ now")
    add("--stop-on-first-crash", action="store_true", help="end when a scan fails; scans in work are finished")
    add(
        "--retries",
        type=int,
        default=1,
        metavar="N",
        help="further attempts at a scan that runs out of memory, ends "
        "its process or fails by something unforeseen (default: %(default)s)",
    )
    add("--json-lines", action="store_true", help="report each event as a JSON object on stdout")
