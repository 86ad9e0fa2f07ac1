"""The command `run`: the maps of a scan in files, of all scans of a BIDS folder, or of those in DICOM files."""

import re
from dataclasses import replace
from pathlib import Path

from ..files.atomic import check_writable
from ..files.bids import ALL, derivative_paths, derivative_placement, find_runs, write_derivatives
from ..files.headers import volumes_in
from ..files.images import load_on_grid
from ..files.map_files import output_paths, placement, write_maps
from ..files.sidecar import image_stem
from ..model.errors import QSMError
from ..pipeline.chain import run
from ..registry.provenance import choice_made, strengths_tried, warnings
from ..report.strength_plot import CURVE_FILES, curve_files
from .commands import enough_memory, input_files, load_scan, read_settings, scan_files


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
