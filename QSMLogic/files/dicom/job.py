"""A search in DICOM files in a process of its own: what the worker reads from its folder and leaves there."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ...model.check import Check
from ..geometry import Geometry
from .finding import find_scans
from .loaded import LoadedScan, loaded, without_images
from .scan import LeftOut
from .walking import files_in

RESULT = "found.json"
SEARCH, READ = "Searching DICOM files", "Reading images"  # the steps, as users see them
SEARCH_SHARE = 0.5


@dataclass(frozen=True)
class Search:
    """What a search has found: LoadedScans, with images if they were read, and LeftOuts."""

    scans: tuple
    left_out: tuple
    is_read: bool


def write_search(folder, sources, read_all=False):
    """Prepare the folder for a search in files and folders.

    The images are read if there is a single scan, so that nothing has to be chosen, or if all are wanted.
    """
    job = {"task": "dicom", "sources": [str(source) for source in sources], "read_all": read_all}
    (Path(folder) / "job.json").write_text(json.dumps(job), encoding="utf-8")


def run_search(folder, job, progress):
    """The task "dicom"; leaves what was found."""
    files = list(files_in(job["sources"]))
    found = find_scans(files, lambda count: progress(SEARCH, SEARCH_SHARE * count / len(files)))
    is_read = job["read_all"] or len(found.scans) == 1
    if is_read:
        scans = [_written(folder, n, scan, found, progress) for n, scan in enumerate(found.scans)]
    else:
        scans = [_as_json(without_images(scan)) for scan in found.scans]
    result = {"scans": scans, "left_out": [asdict(left) for left in found.left_out], "is_read": is_read}
    (folder / RESULT).write_text(json.dumps(result), encoding="utf-8")


def read_search(folder):
    """The Search that the task has left in the folder; images are read when they are used."""
    folder = Path(folder)
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    scans = [_scan(facts) for facts in result["scans"]]
    if result["is_read"]:
        scans = [replace(scan, images=_images(folder, n, scan)) for n, scan in enumerate(scans)]
    return Search(tuple(scans), tuple(LeftOut(**left) for left in result["left_out"]), result["is_read"])


def _written(folder, number, scan, found, progress):
    """The facts of a scan whose images were written."""

    def share(fraction):
        progress(READ, SEARCH_SHARE + (1 - SEARCH_SHARE) * (number + fraction) / len(found.scans))

    read = loaded(scan, share)
    for kind, images in read.images.items():
        for echo, image in enumerate(images):
            np.save(_path(folder, number, kind, echo), image)
    return _as_json(read)


def _as_json(scan):
    facts = asdict(replace(scan, images={}))
    return facts | {"sources": {kind: [[str(p) for p in e] for e in echoes] for kind, echoes in scan.sources.items()}}


def _scan(facts):
    geometry = {name: tuple(value) for name, value in facts["geometry"].items()}
    geometry["checks"] = tuple(Check(**check) for check in geometry["checks"])
    sources = {kind: [[Path(p) for p in echo] for echo in echoes] for kind, echoes in facts["sources"].items()}
    checks = tuple(Check(**check) for check in facts["checks"])
    changed = {"geometry": Geometry(**geometry), "sources": sources, "checks": checks}
    return LoadedScan(**(facts | changed | {"echo_times_s": tuple(facts["echo_times_s"])}))


def _images(folder, number, scan):
    return {
        kind: [np.load(_path(folder, number, kind, echo), mmap_mode="r") for echo in range(len(echoes))]
        for kind, echoes in scan.sources.items()
    }


def _path(folder, number, kind, echo):
    return folder / f"{number}_{kind}_{echo}.npy"
