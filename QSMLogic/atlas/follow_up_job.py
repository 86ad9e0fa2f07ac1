"""A comparison of two scans in a process of its own: what QSMLogic.pipeline.worker reads and leaves in its folder."""

import json
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from ..files.images import Geometry
from ..regions.region import Region
from ..regions.source_columns import CHANGE_COLUMNS
from ..regions.table import RegionTable
from .follow_up import Visit, compare_visits

SCANS, FACTS = ("first", "second"), "comparison.json"
DIFFERENCE, SIGMA = "difference_ppm", "difference_uncertainty_ppm"
IMAGES = tuple(entry.name for entry in fields(Visit) if entry.name != "geometry")


def write_comparison(folder, first, second, regions, reference=""):
    """Prepare the folder for a comparison, one image at a time: a generator, to be run to its end.

    The arguments are those of follow_up.compare_visits.
    """
    folder, scans = Path(folder), dict(zip(SCANS, (first, second), strict=True))
    for scan, visit in scans.items():
        for name in IMAGES:
            if getattr(visit, name) is not None:
                np.save(folder / f"{scan}_{name}.npy", getattr(visit, name))
                yield
    facts = []
    for number, region in enumerate(regions):
        cropped = region.cropped(first.geometry.shape)
        np.save(folder / f"region_{number}.npy", cropped.coverage)
        facts.append({"name": region.name, "note": region.note, "box": [(s.start, s.stop) for s in cropped.box]})
    job = {"task": "compare", "regions": facts, "reference": reference}
    job |= {scan: asdict(visit.geometry) for scan, visit in scans.items()}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def run_comparison(folder, job, progress):
    """The task "compare"; leaves the difference, its uncertainty and the changes of the regions."""
    visits = [_visit(folder, scan, job[scan]) for scan in SCANS]
    regions = [_region(folder, number, facts) for number, facts in enumerate(job["regions"])]
    done = compare_visits(*visits, regions, job["reference"], progress)
    np.save(folder / f"{DIFFERENCE}.npy", done.difference.ppm)
    np.save(folder / f"{SIGMA}.npy", done.difference.uncertainty_ppm)
    facts = {"rows": done.table.rows, "settings": done.table.settings}
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def read_comparison(folder):
    """What the task has left: the RegionTable of changes, the difference and its uncertainty in ppm (k, j, i)."""
    facts = json.loads((Path(folder) / FACTS).read_text(encoding="utf-8"))
    table = RegionTable(tuple(facts["rows"]), facts["settings"], CHANGE_COLUMNS)
    return table, *(np.load(Path(folder) / f"{name}.npy") for name in (DIFFERENCE, SIGMA))


def _visit(folder, scan, geometry):
    images = {name: _load(folder / f"{scan}_{name}.npy") for name in IMAGES}
    return Visit(geometry=Geometry(**{name: tuple(value) for name, value in geometry.items()}), **images)


def _region(folder, number, facts):
    box = tuple(slice(*ends) for ends in facts["box"])
    return Region(facts["name"], np.load(folder / f"region_{number}.npy"), note=facts["note"], box=box)


def _load(path):
    return np.load(path) if path.is_file() else None
