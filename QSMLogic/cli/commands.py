"""The commands methods, maps, demo and cite, and what several commands read of their arguments.

A command takes the parsed arguments and a Console, returns the exit status if it is not 0, and raises QSMError for bad
input.
"""

import json
from pathlib import Path

from ..files.scans import load_acquisition, load_signal
from ..files.sidecar import read_json
from ..files.staging import recover_alone
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS
from ..pipeline.stage_cache import DEFAULT_GB, GB, StageCache
from ..registry.presets import PRESETS
from ..registry.settings import DEVICE, Settings, choices_of_texts, merged_choices, read_choices
from ..report.methods_text import methods_text
from .listings import listed_methods, maps_as_markdown, maps_as_text, methods_as_markdown, methods_as_text
from .options import QUALITY

SCANS = (("magnitude", "phase"), ("real", "imaginary"), ("complex",))  # the files that make a scan
INPUT_OPTIONS = (
    *("magnitude", "phase", "real", "imaginary", "complex", "unwrapped", "mask", "reference_mask", "settings"),
    *("total_field", "local_field", "uncertainty", "susceptibility", "r2star"),
    *(given.option for given in GIVEN_MAPS.values()),
)


def methods_command(arguments, console):
    """List the methods of every stage."""
    listing = listed_methods()
    if arguments.json:
        print(json.dumps(listing, indent=2, ensure_ascii=False))
    else:
        print(methods_as_markdown(listing) if arguments.markdown else methods_as_text(listing))


def maps_command(arguments, console):
    """List the maps that a run can write."""
    print(maps_as_markdown() if arguments.markdown else maps_as_text())


def demo_command(arguments, console):
    """Simulate a scan of a head with known susceptibility, and compute its susceptibility map."""
    from .demo import run_demo

    demo = run_demo(
        arguments.output, console.progress, overwrite=arguments.overwrite, settings=read_settings(arguments)
    )
    console.warn(demo.warnings)
    console.wrote([*demo.paths, "", demo.summary])


def cite_command(arguments, console):
    """Print a methods paragraph for a paper, with references, from the run.json of a map."""
    recover_alone([Path(arguments.record).parent])
    print(methods_text(read_json(arguments.record)))


def read_settings(arguments):
    """The Settings of --preset, --settings, --set and --device, of which the later take precedence, and of --maps."""
    preset, maps = getattr(arguments, "preset", None), getattr(arguments, "maps", ())
    layers = [PRESETS[preset].choices] if preset else []
    layers += [read_choices(arguments.settings)] if arguments.settings else []
    layers += [choices_of_texts(getattr(arguments, "set", None) or ())]
    layers += [{DEVICE: arguments.device}] if getattr(arguments, "device", None) else []
    return Settings(merged_choices(*layers)).with_maps([name for name in maps if name != QUALITY])


def scan_files(arguments):
    """The files of the scan, {kind: list}: magnitude and phase, real and imaginary, or complex.

    Empty if none are given; raises QSMError if they make no scan.
    """
    given = {name: getattr(arguments, name, None) for name in ("magnitude", "phase", "real", "imaginary", "complex")}
    given = {name: paths for name, paths in given.items() if paths}
    if given and tuple(given) not in SCANS:
        options = " and ".join(f"--{name}" for name in given)
        raise QSMError(
            f"{options} is not a complete scan. Give --magnitude and --phase, or --real and --imaginary, or --complex."
        )
    return given


def load_scan(arguments, volume=None):
    """The Acquisition and Geometry of the files that the arguments name; QSMError if they name none.

    volume: the one of a time series to use. None: as --volumes says.
    """
    files = scan_files(arguments)
    if not files:
        raise QSMError("Give the scan: --magnitude and --phase, or --real and --imaginary, or --complex.")
    load = load_acquisition if "phase" in files else load_signal
    facts = arguments.echo_times, arguments.field_strength, getattr(arguments, "b0_direction", None)
    volume = {"first": 0}.get(arguments.volumes, arguments.volumes) if volume is None else volume
    return load(*files.values(), *(((),) if len(files) == 1 else ()), *facts, volume)


def stage_cache(arguments):
    """The StageCache that the arguments name, or None; QSMError if there cannot be one."""
    if arguments.cache is None and arguments.cache_gb is not None:
        raise QSMError("--cache-gb limits the folder that --cache names. Give --cache DIR, too.")
    limit_gb = DEFAULT_GB if arguments.cache_gb is None else arguments.cache_gb
    return None if arguments.cache is None else StageCache(arguments.cache, limit_gb * GB)


def input_files(arguments):
    """Every file that the arguments name as an input."""
    files = []
    for name in INPUT_OPTIONS:
        value = getattr(arguments, name, None)
        files += value if isinstance(value, list) else [value] if value else []
    return [file for file in files if not file.lstrip().startswith("{")]  # settings may be JSON itself
