"""The commands run, methods, demo and cite. Each takes the parsed arguments and a Console.

A command returns the exit status if it is not 0, and raises QSMError for bad input.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from ..files.atomic import check_writable
from ..files.bids import ALL, derivative_paths, derivative_placement, find_runs, write_derivatives
from ..files.headers import volumes_in
from ..files.images import load_on_grid
from ..files.map_files import output_paths, placement, write_maps
from ..files.scans import load_acquisition, load_signal
from ..files.sidecar import image_stem, read_json
from ..files.staging import recover_alone
from ..model.check import REFUSED
from ..model.errors import QSMError
from ..pipeline.chain import run
from ..pipeline.memory import memory_check
from ..registry.presets import PRESETS
from ..registry.provenance import choice_made, strengths_tried, warnings
from ..registry.settings import Settings, choices_of_texts, merged_choices, read_choices
from ..report.methods_text import methods_text
from ..report.strength_plot import CURVE_FILES, curve_files
from .listings import listed_methods, maps_as_markdown, maps_as_text, methods_as_markdown, methods_as_text

SCANS = (("magnitude", "phase"), ("real", "imaginary"), ("complex",))  # the files that make a scan
INPUT_OPTIONS = (
    *("magnitude", "phase", "real", "imaginary", "complex", "unwrapped", "mask", "reference_mask", "settings"),
    *("total_field", "local_field", "uncertainty"),
)


def run_command(arguments, console):
    """Compute the susceptibility map of a scan, or of every run in a BIDS folder."""
    settings = read_settings(arguments)
    if arguments.bids:
        return _run_bids(arguments, settings, console)
    if not (scan_files(arguments) and arguments.output):
        raise QSMError("run needs --magnitude, --phase and --output, or --bids; see `run --help`.")
    if arguments.participant_label:
        raise QSMError("--participant-label can be used with --bids only.")
    folders = _output_folders(arguments)
    for folder in folders:
        outputs = [*output_paths(folder), *(folder / name for name in CURVE_FILES if arguments.curve)]
        check_writable(outputs, input_files(arguments), **placement(folder, arguments.overwrite))
    for folder, volume in folders.items():
        scan, geometry = load_scan(arguments, volume)
        maps = _mapped(scan, geometry, scan_files(arguments), arguments, settings, console)
        curve = strengths_tried(maps.provenance)
        texts = curve_files(folder, **curve) if curve else None
        console.wrote(write_maps(maps, geometry, folder, texts, arguments.overwrite))


def _output_folders(arguments):
    """{folder: the volume whose maps it gets}: one folder per volume with --volumes all, else one in all."""
    output, first = Path(arguments.output), next(iter(scan_files(arguments).values()))[0]
    count = volumes_in(first) if arguments.volumes == ALL and Path(first).is_file() else 1
    if count == 1:
        return {output: None}
    return {output / f"volume-{n + 1:03d}": n for n in range(count)}


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

    demo = run_demo(arguments.output, console.progress, overwrite=arguments.overwrite)
    console.wrote([*demo.paths, "", demo.summary])


def cite_command(arguments, console):
    """Print a methods paragraph for a paper, with references, from the run.json of a map."""
    recover_alone([Path(arguments.record).parent])
    print(methods_text(read_json(arguments.record)))


def read_settings(arguments):
    """The Settings of --preset, --settings and --set, of which the later take precedence."""
    preset = getattr(arguments, "preset", None)
    layers = [PRESETS[preset].choices] if preset else []
    layers += [read_choices(arguments.settings)] if arguments.settings else []
    layers += [choices_of_texts(getattr(arguments, "set", None) or ())]
    return Settings(merged_choices(*layers))


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


def enough_memory(shape, echoes):
    """The Check of the memory that a scan needs; QSMError if the computer cannot have as much."""
    check = memory_check(shape, echoes)
    if check.verdict == REFUSED:
        raise QSMError(check.sentence)
    return check


def input_files(arguments):
    """Every file that the arguments name as an input."""
    files = []
    for name in INPUT_OPTIONS:
        value = getattr(arguments, name, None)
        files += value if isinstance(value, list) else [value] if value else []
    return [file for file in files if not file.lstrip().startswith("{")]  # settings may be JSON itself


def _run_bids(arguments, settings, console):
    """Map every run; a failed run does not stop the others. Returns the exit status."""
    if scan_files(arguments) or arguments.echo_times:
        raise QSMError("--bids finds the images and echo times itself. Omit the options for images and echo times.")
    root = Path(arguments.bids)
    output = Path(arguments.output) if arguments.output else root / "derivatives" / "QSM"
    if output.resolve() == root.resolve():
        raise QSMError("--output must not be the BIDS folder itself. Omit it for derivatives/QSM in the BIDS folder.")
    found = find_runs(root, arguments.participant_label or ())
    runs = [part for bids_run in found for part in bids_run.of_volumes(arguments.volumes)]
    if arguments.mask and len(found) > 1:
        names = ", ".join(r.name for r in found)
        raise QSMError(f"--mask is for a single run, but there are {len(found)} runs: {names}. Choose a participant.")
    for bids_run in runs:
        paths, inputs = derivative_paths(bids_run, output), input_files(arguments)
        check_writable(paths, inputs, **derivative_placement(bids_run, output, arguments.overwrite))
    failed = 0
    for bids_run in runs:
        try:
            _run_one(bids_run, arguments, settings, output, console)
        except QSMError as error:
            failed += 1
            console.error(f"{bids_run.name}: {error}")
    if failed:
        console.error(f"{failed} of {len(runs)} runs failed.")
    return 2 if failed else 0


def _run_one(bids_run, arguments, settings, output, console):
    scan, geometry = bids_run.load(arguments.field_strength, arguments.b0_direction)
    files = {name: images.values() for name, images in bids_run.images.items()}
    maps = _mapped(scan, geometry, files, arguments, settings, console)
    options = {"overwrite": arguments.overwrite, "anonymous": arguments.anonymous}
    console.wrote(write_derivatives(bids_run, maps, geometry, output, **options))


def _mapped(scan, geometry, files, arguments, settings, console):
    """The Maps of a scan, with the names of the input files in their provenance, or their number."""
    files = {name: list(paths) for name, paths in files.items()}
    checks = [_without_folders(check, files, arguments.anonymous) for check in scan.checks]
    scan = replace(scan, checks=(*checks, enough_memory(scan.grid.shape, scan.echoes)))
    names = {name: _named(paths, arguments.anonymous) for name, paths in files.items()}
    masks = {}
    for name in ("mask", "reference_mask"):
        path = getattr(arguments, name)
        masks[name] = load_on_grid(path, geometry) if path else None
        names |= {name: 1 if arguments.anonymous else Path(path).name} if path else {}
    wanted = {"quality": arguments.quality_map, "curve": arguments.curve}
    maps = run(scan, masks["mask"], settings, console.progress, masks["reference_mask"], **wanted)
    console.note(choice_made(maps.provenance))
    console.warn(warnings(maps.provenance))
    return replace(maps, provenance=maps.provenance | {"inputs": names})


def _without_folders(check, files, anonymous):
    """A Check whose sentence names files without their folders or, if it is to be anonymous, by their kind."""
    sentence = check.sentence
    for kind, paths in files.items():
        for path in map(Path, paths):
            sentence = sentence.replace(str(path), path.name)
            for name in (path.name, image_stem(path)) if anonymous else ():
                sentence = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"a {kind} image", sentence)
    return replace(check, sentence=sentence)


def _named(paths, anonymous):
    """The names of files, which may be those of patients, or how many there are."""
    names = [Path(path).name for path in paths]
    return len(names) if anonymous else names
