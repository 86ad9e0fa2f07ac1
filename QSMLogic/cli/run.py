"""The command `run`: the maps of a scan in files, of all scans of a BIDS folder, or of those in DICOM files."""

from pathlib import Path

from ..files.atomic import check_writable
from ..files.bids import find_runs
from ..files.bids_derivatives import derivative_paths, derivative_placement, write_derivatives
from ..files.dicom.export.writing import check_export, write_dicom
from ..files.images import load_on_grid
from ..files.map_files import output_paths, placement, write_maps
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS
from ..pipeline.chain import run
from ..pipeline.named_inputs import named, prepared, with_inputs
from ..registry.provenance import choice_made, strengths_tried, warnings
from ..registry.settings import ALL_MAPS
from ..registry.stages import stages_with_maps
from ..report.strength_plot import CURVE_FILES, curve_files
from .commands import input_files, read_settings, scan_files, stage_cache
from .job import jobs_of
from .options import QUALITY

FIELD_UNCERTAINTY = "uncertainty_ppm"


def run_command(arguments, console):
    """Compute the susceptibility map of a scan in image or DICOM files, or of every run in a BIDS folder."""
    settings = read_settings(arguments)
    if arguments.bids:
        return _run_bids(arguments, settings, console)
    if arguments.participant_label:
        raise QSMError("--participant-label can be used with --bids only.")
    if not (scan_files(arguments) or arguments.dicom):
        raise QSMError("run needs --magnitude, --phase and --output, or --dicom, or --bids; see `run --help`.")
    jobs = jobs_of(arguments, console)
    for job in jobs:
        _check_outputs(job, arguments, settings)
    return _each(jobs, lambda job: _run_job(job, arguments, settings, console), console)


def _check_outputs(job, arguments, settings):
    if job.folder:
        outputs = [*output_paths(job.folder), *(job.folder / name for name in CURVE_FILES if arguments.curve)]
        check_writable(outputs, input_files(arguments), **placement(job.folder, arguments.overwrite))
    if job.dicom_folder:
        options = job.dicom_options(arguments)
        _check_yielded(job, options["names"], settings)
        check_export(job.geometry, job.source, job.dicom_folder, **options)


def _check_yielded(job, names, settings):
    """QSMError if a run of the job has none of one of the maps."""
    for stage in stages_with_maps():
        lacking = {*stage.yields} & {*names} if stage.name in settings.with_needed_maps().left_out else ()
        if lacking:
            raise QSMError(f"The map {min(lacking)} is made by the stage {stage.name}. Add --maps {stage.name}.")
    if FIELD_UNCERTAINTY in names and job.echoes == 1:
        raise QSMError(f"The map {FIELD_UNCERTAINTY} needs several echoes; the scan has one. Omit it in --dicom-maps.")


def _run_job(job, arguments, settings, console):
    scan, geometry = job.load()
    maps = _mapped(scan, geometry, job.files, job.inputs, arguments, settings, console)
    if job.folder:
        curve = strengths_tried(maps.provenance)
        texts = curve_files(job.folder, **curve) if curve else None
        console.wrote(write_maps(maps, geometry, job.folder, texts, arguments.overwrite))
    if job.dicom_folder:
        _write_dicom(job, maps, geometry, arguments, console)


def _write_dicom(job, maps, geometry, arguments, console):
    console.progress("writing DICOM", 1.0)
    options = job.dicom_options(arguments)
    there = {entry.name for entry, _ in maps.items()}
    lacking = [name for name in options["names"] if name not in there]
    options["names"] = tuple(name for name in options["names"] if name in there)
    exported = write_dicom(
        maps,
        geometry,
        job.source,
        job.dicom_folder,
        **options,
        description=arguments.series_description or "QSM",
        research_use=arguments.research_use,
    )
    console.warn(f"The run has no map {name}, so that it was not written as DICOM." for name in lacking)
    console.warn(check.sentence for check in exported.checks if check.is_said)
    console.wrote(sorted({path.parent for path in exported.files}))


def _each(jobs, run_one, console):
    """Run every job; of several, one that fails does not stop the others. Returns the exit status."""
    if len(jobs) == 1:
        return run_one(jobs[0])
    failed = 0
    for job in jobs:
        try:
            run_one(job)
        except QSMError as error:
            failed += 1
            console.error(f"{job.name}: {error}")
    if failed:
        console.error(f"{failed} of {len(jobs)} runs failed.")
    return 2 if failed else 0


def _run_bids(arguments, settings, console):
    """Map every run; a failed run does not stop the others. Returns the exit status."""
    if scan_files(arguments) or arguments.echo_times:
        raise QSMError("--bids finds the images and echo times itself. Omit the options for images and echo times.")
    if arguments.dicom or arguments.dicom_output or arguments.scan:
        raise QSMError("--bids maps images in a BIDS folder. Omit --scan and the options for DICOM.")
    root = Path(arguments.bids)
    output = Path(arguments.output) if arguments.output else root / "derivatives" / "QSM"
    if output.resolve() == root.resolve():
        raise QSMError("--output must not be the BIDS folder itself. Omit it for derivatives/QSM in the BIDS folder.")
    found = find_runs(root, arguments.participant_label or ())
    runs = [part for bids_run in found for part in bids_run.of_volumes(arguments.volumes)]
    given = [name for name in ("mask", *(g.option for g in GIVEN_MAPS.values())) if getattr(arguments, name)]
    if given and len(found) > 1:
        names = ", ".join(r.name for r in found)
        raise QSMError(
            f"--{given[0]} is for a single run, but there are {len(found)} runs: {names}. Choose a participant."
        )
    for bids_run in runs:
        paths, inputs = derivative_paths(bids_run, output), input_files(arguments)
        check_writable(paths, inputs, **derivative_placement(bids_run, output, arguments.overwrite))
    return _each(runs, lambda bids_run: _run_one(bids_run, arguments, settings, output, console), console)


def _run_one(bids_run, arguments, settings, output, console):
    scan, geometry = bids_run.load(arguments.field_strength, arguments.b0_direction)
    inputs = {name: named(paths, arguments.anonymous) for name, paths in bids_run.files.items()}
    maps = _mapped(scan, geometry, bids_run.files, inputs, arguments, settings, console)
    options = {"overwrite": arguments.overwrite, "anonymous": arguments.anonymous}
    console.wrote(write_derivatives(bids_run, maps, geometry, output, **options))


def _mapped(scan, geometry, files, inputs, arguments, settings, console):
    """The Maps of a scan, with its inputs in their provenance."""
    scan = prepared(scan, files, arguments.anonymous)
    names, arrays = dict(inputs), {}
    given = {"mask": "mask", "reference_mask": "reference_mask", **{g.name: g.option for g in GIVEN_MAPS.values()}}
    for name, option in given.items():
        path = getattr(arguments, option)
        arrays[name] = load_on_grid(path, geometry) if path else None
        names |= {option: 1 if arguments.anonymous else Path(path).name} if path else {}
    wanted = {"quality": _wants_quality(arguments), "curve": arguments.curve}
    wanted |= {"reference_mask": arrays["reference_mask"], "given_maps": {name: arrays[name] for name in GIVEN_MAPS}}
    cache = stage_cache(arguments)
    maps = run(scan, arrays["mask"], settings, console.progress, **wanted, cache=cache)
    console.note(choice_made(maps.provenance))
    console.warn([cache.problem] if cache and cache.problem else ())
    console.warn(_unused(arguments, settings))
    console.warn(warnings(maps.provenance))
    return with_inputs(maps, names, arguments.anonymous)


def _unused(arguments, settings):
    """A sentence for each map that is given, but that no stage of the run takes."""
    taken = {name for stage in stages_with_maps() for name in settings.method(stage.name).takes}
    for given in GIVEN_MAPS.values():
        if getattr(arguments, given.option) and given.name not in taken:
            yield (
                f"--{given.option} was not used: no method of this run takes {given.title}. Choose one that does, as "
                "with --set separation.method=chi_separation_medi."
            )


def _wants_quality(arguments):
    return arguments.quality_map or bool({QUALITY, ALL_MAPS} & {*arguments.maps, *(arguments.dicom_maps or ())})
