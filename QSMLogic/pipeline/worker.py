"""A run in a process of its own: `python -m QSMLogic.pipeline.worker FOLDER`.

The folder holds the scan as arrays and job.json; the process writes the maps there and reports its progress on stdout,
one JSON object per line: {"pid": ...} first, then {"stage": ..., "fraction": ...}, finally {"done": true} or
{"error": ...}. Arrays are plain .npy files, which are fast to write and to read.
The process ends when its standard input, once written to, is closed, and so with the process that started it. It also
ends when the folder is removed.
"""

import json
import os
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..model.acquisition import Acquisition, Grid
from ..model.catalogue import CATALOGUE
from ..model.check import Check
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS
from ..model.maps import Maps
from ..registry.settings import Settings
from .chain import run
from .input_checks import input_checks
from .mask_preview import coarse_mask, previewed_mask

DONE, UNEXPECTED, BAD_INPUT, ABANDONED = 0, 1, 2, 3
POLL_S = 0.5
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
    """Run the job in the folder's job.json. progress: as in pipeline.run."""
    folder = Path(folder)
    job = _read_json(folder / "job.json")
    TASKS[job["task"]](folder, job, progress)


def main(folder, output=None):
    """Work and report on `output` (stdout); returns the exit status."""
    report = _Report(output or sys.stdout)
    report.say(pid=os.getpid())
    try:
        work(folder, report.progress)
    except QSMError as error:
        report.say(error=str(error))
        return BAD_INPUT
    except MemoryError:
        report.say(error="There is not enough memory for this scan. Close other programs, or crop the images.")
    except Exception as error:
        traceback.print_exc()
        report.say(error=f"Unexpected {type(error).__name__}: {error}. See the log for details.")
    else:
        report.say(done=True)
        return DONE
    return UNEXPECTED


def _run(folder, job, progress):
    scan, mask, settings = _read_scan(folder, job)
    given = {name: _read_array(folder, f"given_{name}") for name in GIVEN_MAPS}
    options = {"reference_mask": _read_array(folder, "reference_mask"), "given_maps": given, **job["options"]}
    if job["reduction"]:
        from .preview import preview

        maps = preview(run, scan, mask, settings, job["reduction"], progress, **options)
    else:
        maps = run(scan, mask, settings, progress, **options)
    for entry, array in maps.items():
        np.save(folder / f"{entry.name}.npy", array)
    _write_json(folder / "maps.json", {"grid": asdict(maps.grid), "provenance": maps.provenance})


def _check(folder, job, progress):
    checks = input_checks(*_read_scan(folder, job), progress)
    _write_json(folder / "checks.json", [asdict(check) for check in checks])


def _mask(folder, job, progress):
    scan, _, settings = _read_scan(folder, job)
    coarse = coarse_mask(scan, settings)
    if coarse is not None:
        np.save(folder / f"{COARSE_MASK}.npy", coarse)
        progress(COARSE_MASK, 0.0)
    mask, checks = previewed_mask(scan, settings, progress)
    np.save(folder / f"{MASK}.npy", mask)
    _write_json(folder / "checks.json", [asdict(check) for check in checks])


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


def _simulate(folder, job, progress):
    from ..simulation.sample import simulated_scan
    from ..simulation.scan import stored_as_integers

    scan = simulated_scan(progress, job["voxel_mm"], job["seed"])
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


def _register(folder, job, progress):
    from ..atlas.job import run_registration

    run_registration(folder, job, progress)


def _compare(folder, job, progress):
    from ..atlas.follow_up_job import run_comparison

    run_comparison(folder, job, progress)


def _dicom(folder, job, progress):
    from ..files.dicom.job import run_search

    run_search(folder, job, progress)


TASKS = {
    **{"run": _run, "check": _check, "mask": _mask, "simulate": _simulate},
    **{"register": _register, "compare": _compare, "dicom": _dicom},
}


class _Report:
    """Reports progress, one JSON object per line."""

    def __init__(self, output):
        self.output, self.said = output, None

    def say(self, **news):
        print(json.dumps(news), file=self.output, flush=True)

    def progress(self, stage, fraction):
        news = (stage, round(fraction, 2))
        if news != self.said:
            self.said = news
            self.say(stage=stage, fraction=news[1])


def end_with_parent():
    """Wait for the end of standard input; if it ends before any input, nobody holds it and it means nothing."""
    held = False
    with suppress(OSError):
        while os.read(0, 1024):  # not sys.stdin, whose lock would be in the way when the process ends
            held = True
    if held:
        os._exit(ABANDONED)


def _end_with_folder(folder):
    while (folder / "job.json").exists():
        time.sleep(POLL_S)
    os._exit(ABANDONED)


def _write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def _read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def start(folder):
    """Run the process: work, and end early if the process that started it ends or the folder is removed.

    Its temporary files are in the folder, and so leave with it.
    """
    tempfile.tempdir = str(folder)
    threading.Thread(target=end_with_parent, daemon=True).start()
    threading.Thread(target=_end_with_folder, args=(Path(folder),), daemon=True).start()
    sys.exit(main(folder))


if __name__ == "__main__":
    start(sys.argv[1])
