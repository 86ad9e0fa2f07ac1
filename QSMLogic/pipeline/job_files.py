"""The files of a job that runs in a process of its own (see worker): what is written for it, and what it leaves.

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
            write_arrays(folder, {f"{name}_{echo}": np.asarray(image, np.float32)})
            yield
    arrays = {"given_mask": mask, "reference_mask": options.pop("reference_mask", None)}
    arrays |= {f"given_{name}": array for name, array in options.pop("given_maps", {}).items()}
    write_arrays(folder, {name: array for name, array in arrays.items() if array is not None})
    checks = [asdict(check) for check in facts.get("checks", ())]
    job = {"task": task, **facts, "grid": asdict(facts["grid"]), "checks": checks, "settings": settings.choices}
    counts = {"magnitude": len(magnitude), "phase": len(phase)}
    write_json(folder / "job.json", job | counts | {"reduction": reduction, "options": options})


def read_run(folder, job):
    """What write_run has written: the Acquisition, the mask or None, the Settings, and the options of a run."""
    given = {name: _array_if_there(folder, f"given_{name}") for name in GIVEN_MAPS}
    options = {"reference_mask": _array_if_there(folder, "reference_mask"), "given_maps": given, **job["options"]}
    return *read_scan(folder, job), options


def read_scan(folder, job):
    """The Acquisition, the given mask or None, and the Settings."""
    images = (_read_echoes(folder, name, job[name]) for name in ("magnitude", "phase"))
    checks = tuple(Check(**check) for check in job["checks"])
    facts = job["echo_times_s"], job["field_strength_t"], Grid(**job["grid"]), checks, job.get("reported", {})
    scan = Acquisition(*images, *facts)
    return scan, _array_if_there(folder, "given_mask"), Settings(job["settings"])


def write_simulation(folder, voxel_mm=1.5, seed=0):
    """Prepare the folder for the scan of a simulated head."""
    write_json(Path(folder) / "job.json", {"task": "simulate", "voxel_mm": voxel_mm, "seed": seed})


def write_maps(folder, maps):
    """Write the Maps of a run for read_maps."""
    write_arrays(folder, {entry.name: array for entry, array in maps.items()})
    write_json(folder / "maps.json", {"grid": asdict(maps.grid), "provenance": maps.provenance})


def read_maps(folder):
    """The Maps that a run has written to the folder; their arrays are read when they are used."""
    folder = Path(folder)
    result = read_json(folder / "maps.json")
    files = {name: array_file(folder, name) for name in CATALOGUE}
    arrays = {name: np.load(file, mmap_mode="r") for name, file in files.items() if file.is_file()}
    return Maps(grid=Grid(**result["grid"]), provenance=result["provenance"], **arrays)


def write_checks(folder, checks):
    """Write the Checks of a scan for read_checks."""
    write_json(folder / "checks.json", [asdict(check) for check in checks])


def read_checks(folder):
    """The Checks of a scan that the task "check" or "mask" has written to the folder."""
    return [Check(**check) for check in read_json(Path(folder) / "checks.json")]


def write_arrays(folder, arrays):
    """Write the arrays of a dictionary {name: array} into files of these names."""
    for name, array in arrays.items():
        np.save(array_file(folder, name), array)


def read_array(folder, name):
    """An array that write_arrays has written, such as MASK of the task "mask", and before it COARSE_MASK."""
    return np.load(array_file(folder, name))


def array_file(folder, name):
    """The file of an array."""
    return Path(folder) / f"{name}.npy"


def write_json(path, content):
    """Write what JSON can hold."""
    path.write_text(json.dumps(content), encoding="utf-8")


def read_json(path):
    """What write_json has written."""
    return json.loads(path.read_text(encoding="utf-8"))


def _array_if_there(folder, name):
    """The array of this name, None if there is none."""
    return read_array(folder, name) if array_file(folder, name).is_file() else None


def _read_echoes(folder, name, count):
    """The echoes in one array (echo, k, j, i)."""
    echoes = [np.load(array_file(folder, f"{name}_{echo}"), mmap_mode="r") for echo in range(count)]
    return np.stack(echoes)
