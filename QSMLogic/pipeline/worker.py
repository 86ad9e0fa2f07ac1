"""The jobs that run in a process of their own (see service): what is written to their folder, read from it, and done.

The folder holds the scan as arrays and job.json; the job leaves its results there. Arrays are plain .npy files, which
are fast to write and to read.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..model.acquisition import Acquisition, Grid
from ..model.catalogue import CATALOGUE
from ..model.check import Check
from ..model.given_maps import GIVEN_MAPS
from ..model.maps import Maps
from ..registry.settings import Settings
from .chain import run
from .input_checks import input_checks
from .mask_preview import coarse_mask, previewed_mask
from .talk import Talk

COARSE_MASK, MASK = "coarse_mask", "mask"  # files; the first is also the step at which it is there


def write_run(folder, magnitude, phase, facts, mask=None, settings=None, reduction=None, task="run", **options):
    """Prepare the folder for mapping a scan, one image at a time: a generator that must be run to its end.

    magnitude, phase: images (k, j, i), one per echo. facts: echo_times_s, field_strength_t, grid (a Grid) and, if
    there are any, checks and reported (of the Acquisition).
    mask, settings: as in pipeline.run. reduction: of a preview, see preview.reduced; None for the whole scan.
    task: "run", "check" to check the scan only, or "mask" to make its mask only. options: reference_mask, quality,
    curve and given_maps, as in pipeline.run.
    """
    folder = Path(folder)
    settings = settings if isinstance(settings, Settings) else Settings(settings or {})
    for name, images in (("magnitude", magnitude), ("phase", phase)):
        for echo, image in enumerate(images):
            np.save(folder / f"{name}_{echo}.npy", np.asarray(image, np.float32))
            yield
    arrays = {"given_mask": mask, "reference_mask": options.pop("reference_mask", None)}
    arrays |= {f"given_{name}": array for name, array in options.pop("given_maps", {}).items()}
    for name, given in arrays.items():
        if given is not None:
            np.save(folder / f"{name}.npy", given)
    checks = [asdict(check) for check in facts.get("checks", ())]
    job = {"task": task, **facts, "grid": asdict(facts["grid"]), "checks": checks, "settings": settings.choices}
    counts = {"magnitude": len(magnitude), "phase": len(phase)}
    _write_json(folder / "job.json", job | counts | {"reduction": reduction, "options": options})


def write_simulation(folder, voxel_mm=1.5, seed=0):
    """Prepare the folder for the scan of a simulated head."""
    _write_json(Path(folder) / "job.json", {"task": "simulate", "voxel_mm": voxel_mm, "seed": seed})


def read_maps(folder):
    """The Maps that a run has written to the folder; their arrays are read when they are used."""
    folder = Path(folder)
    result = _read_json(folder / "maps.json")
    names = [name for name in CATALOGUE if (folder / f"{name}.npy").is_file()]
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}
    return Maps(grid=Grid(**result["grid"]), provenance=result["provenance"], **arrays)


def read_checks(folder):
    """The Checks of a scan that the task "check" or "mask" has written to the folder."""
    return [Check(**check) for check in _read_json(Path(folder) / "checks.json")]


def read_mask(folder, name=MASK):
    """The mask that the task "mask" has written to the folder, once it is there: MASK, or before it COARSE_MASK."""
    return np.load(Path(folder) / f"{name}.npy")


def work(folder, progress):
    """Run the job in a folder in this process. progress: as in pipeline.run."""

    def tell(news):
        if "stage" in news:
            progress(news["stage"], news["fraction"])

    take(Path(folder), Talk(tell))


def take(folder, talk):
    """Run the job in the folder's job.json. talk: a Talk."""
    job = _read_json(folder / "job.json")
    TASKS[job["task"]](folder, job, talk)


def _run(folder, job, talk):
    scan, mask, settings, options = read_run(folder, job)
    if job["reduction"]:
        from .preview import preview

        maps = preview(run, scan, mask, settings, job["reduction"], talk.progress, **options)
    else:
        maps = run(scan, mask, settings, talk.progress, cache=_kept(talk), **options)
    write_maps(folder, maps)


def read_run(folder, job):
    """What write_run has written: the Acquisition, the mask or None, the Settings, and the options of a run."""
    given = {name: _read_array(folder, f"given_{name}") for name in GIVEN_MAPS}
    options = {"reference_mask": _read_array(folder, "reference_mask"), "given_maps": given, **job["options"]}
    return *_read_scan(folder, job), options


def write_maps(folder, maps):
    """Write the Maps of a run for read_maps."""
    for entry, array in maps.items():
        np.save(folder / f"{entry.name}.npy", array)
    _write_json(folder / "maps.json", {"grid": asdict(maps.grid), "provenance": maps.provenance})


def _check(folder, job, talk):
    checks = input_checks(*_read_scan(folder, job), talk.progress, _kept(talk))
    _write_json(folder / "checks.json", [asdict(check) for check in checks])


def _mask(folder, job, talk):
    scan, _, settings = _read_scan(folder, job)
    coarse = coarse_mask(scan, settings)
    if coarse is not None:
        np.save(folder / f"{COARSE_MASK}.npy", coarse)
        talk.progress(COARSE_MASK, 0.0)
    mask, checks = previewed_mask(scan, settings, talk.progress, _kept(talk))
    np.save(folder / f"{MASK}.npy", mask)
    _write_json(folder / "checks.json", [asdict(check) for check in checks])


def _kept(talk):
    """What earlier jobs have kept, for a new one; None if nothing is."""
    return talk.kept and talk.kept.begin()


def _read_scan(folder, job):
    """The Acquisition, the given mask or None, and the Settings."""
    images = (_read_echoes(folder, name, job[name]) for name in ("magnitude", "phase"))
    checks = tuple(Check(**check) for check in job["checks"])
    facts = job["echo_times_s"], job["field_strength_t"], Grid(**job["grid"]), checks, job.get("reported", {})
    scan = Acquisition(*images, *facts)
    return scan, _read_array(folder, "given_mask"), Settings(job["settings"])


def _read_array(folder, name):
    """The array in a file of the folder, None if there is none."""
    path = folder / f"{name}.npy"
    return np.load(path) if path.is_file() else None


def _read_echoes(folder, name, count):
    """The echoes in one array (echo, k, j, i)."""
    echoes = [np.load(folder / f"{name}_{echo}.npy", mmap_mode="r") for echo in range(count)]
    return np.stack(echoes)


def _simulate(folder, job, talk):
    from ..simulation.sample import simulated_scan
    from ..simulation.scan import stored_as_integers

    scan = simulated_scan(talk.progress, job["voxel_mm"], job["seed"])
    magnitude, phase = stored_as_integers(scan.acquisition)
    for name, array in {"magnitude": magnitude, "phase": phase, "labels": scan.labels, "brain": scan.mask}.items():
        np.save(folder / f"{name}.npy", array)
    facts = {
        "names": {str(label): name for label, name in scan.names.items()},
        "echo_times_s": list(scan.acquisition.echo_times_s),
        "field_strength_t": scan.acquisition.field_strength_t,
        "spacing_mm": list(scan.grid.spacing_mm),
    }
    _write_json(folder / "labels.json", facts)


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

    run_live(read_run(folder, job), folder, talk, write_maps)


TASKS = {
    **{"run": _run, "check": _check, "mask": _mask, "simulate": _simulate},
    **{"register": _register, "compare": _compare, "dicom": _dicom, "live": _live},
}


def _write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def _read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))
