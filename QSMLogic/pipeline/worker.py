"""The jobs that run in a process of their own (see service), each in a folder (see job_files)."""

from pathlib import Path

from .chain import run
from .input_checks import input_checks
from .job_files import (
    COARSE_MASK,
    MASK,
    read_json,
    read_run,
    read_scan,
    write_arrays,
    write_checks,
    write_json,
    write_maps,
)
from .mask_preview import coarse_mask, previewed_mask
from .talk import Talk


def work(folder, progress):
    """Run the job in a folder in this process. progress: as in pipeline.run."""

    def tell(news):
        if "stage" in news:
            progress(news["stage"], news["fraction"])

    take(Path(folder), Talk(tell))


def take(folder, talk):
    """Run the job in the folder's job.json. talk: a Talk."""
    job = read_json(folder / "job.json")
    TASKS[job["task"]](folder, job, talk)


def _run(folder, job, talk):
    scan, mask, settings, options = read_run(folder, job)
    if job["reduction"]:
        from .preview import preview

        maps = preview(run, scan, mask, settings, job["reduction"], talk.progress, **options)
    else:
        maps = run(scan, mask, settings, talk.progress, cache=talk.begin_kept(), **options)
    write_maps(folder, maps)


def _check(folder, job, talk):
    write_checks(folder, input_checks(*read_scan(folder, job), talk.progress, talk.begin_kept()))


def _mask(folder, job, talk):
    scan, _, settings = read_scan(folder, job)
    coarse = coarse_mask(scan, settings)
    if coarse is not None:
        write_arrays(folder, {COARSE_MASK: coarse})
        talk.progress(COARSE_MASK, 0.0)
    mask, checks = previewed_mask(scan, settings, talk.progress, talk.begin_kept())
    write_arrays(folder, {MASK: mask})
    write_checks(folder, checks)


def _simulate(folder, job, talk):
    from ..simulation.sample import simulated_scan
    from ..simulation.scan import stored_as_integers

    scan = simulated_scan(talk.progress, job["voxel_mm"], job["seed"])
    magnitude, phase = stored_as_integers(scan.acquisition)
    images = {"magnitude": magnitude, "phase": phase}
    write_arrays(folder, images | {"labels": scan.labels, "brain": scan.mask})
    facts = {
        "names": {str(label): name for label, name in scan.names.items()},
        "echo_times_s": list(scan.acquisition.echo_times_s),
        "field_strength_t": scan.acquisition.field_strength_t,
        "spacing_mm": list(scan.grid.spacing_mm),
    }
    write_json(folder / "labels.json", facts)


def _register(folder, job, talk):
    from ..atlas.job import run_registration

    run_registration(folder, job, talk.progress)


def _compare(folder, job, talk):
    from ..atlas.follow_up_job import run_comparison

    run_comparison(folder, job, talk.progress)


def _dicom(folder, job, talk):
    from ..files.dicom.job import run_search

    run_search(folder, job, talk.progress)


def _live(folder, job, talk):
    from .live_job import run_live

    run_live(read_run(folder, job), folder, talk)


TASKS = {
    **{"run": _run, "check": _check, "mask": _mask, "simulate": _simulate},
    **{"register": _register, "compare": _compare, "dicom": _dicom, "live": _live},
}
