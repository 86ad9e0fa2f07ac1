"""What a command may do with an input, however damaged, and what is a fault."""

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .scan import BALLS, error, right_map, right_scan

MOST_S, MOST_MB = 30, 2048
# A map without a warning may differ from that of the right scan by this share of its spread, as it does if some bits
# of voxels have flipped, or if there is but one noisy echo; an empty map differs by 1.
MOST_DIFFERENT = 0.65
MOST_DIFFERENT_STAGE = 0.7  # a stage starts from the true field, without the errors of the stages before
RESULTS = {"run.json", "mask.nii.gz", "reliable_mask.nii.gz", "susceptibility_ppm.nii.gz"}
RESULTS |= {"total_field_ppm.nii.gz", "local_field_ppm.nii.gz"}
IGNORED = ".bidsignore"  # a hidden file that is a result
ERROR, WARNING = "QSMLogic: ", "QSMLogic: warning: "


@dataclass(frozen=True)
class Ending:
    """How a command has ended."""

    status: int
    out: str
    err: str
    before: dict
    after: dict


def files_in(folder):
    """{relative name: what it is and holds} of everything in a folder."""
    return {path.relative_to(folder).as_posix(): _content(path) for path in Path(folder).rglob("*")}


def _content(path):
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    return "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


def faults_of(case, ending):
    """The faults of a command, as (kind, detail)."""
    faults = [*_status(ending), *_lines(ending), *_files(case, ending)]
    if ending.status == 0 and WARNING not in ending.err and not faults:
        faults += _map(case)
    if not case.damages and (ending.status or WARNING in ending.err):
        faults.append(("good input refused or doubted", ending.err[-300:]))
    return faults


def _status(ending):
    if ending.status not in (0, 2):
        yield f"exit status {ending.status}", ending.err[-1500:]


def _lines(ending):
    if "Traceback" in ending.err:
        yield "trace", ending.err[-1500:]
    if "unexpected" in ending.err:
        yield "unexpected", ending.err[-500:]
    lines = [line for line in ending.err.splitlines() if not line.startswith("[")]
    noise = [line for line in lines if not line.startswith(ERROR)]
    if noise:
        yield "noise on stderr", noise[0][:300]
    errors = [line for line in lines if not line.startswith((WARNING, ERROR + "Inversion by"))]
    is_many = "runs failed" in ending.err
    if ending.status == 2 and len(errors) != 1 and not is_many:
        yield "not one line of error", ending.err[-500:]
    if ending.status == 0 and errors:
        yield "an error, but status 0", errors[0][:300]
    if ending.status == 2 and ending.out and not is_many:
        yield "output of a refused command", ending.out[:300]


def _files(case, ending):
    before, after = ending.before, ending.after
    hidden = [name for name in after.keys() - before.keys() if "/." in f"/{name}" and not name.endswith(IGNORED)]
    if hidden:
        yield "left over", str(hidden[:3])
    changed = [name for name in before if after.get(name) != before[name]]
    ours = {"study.csv", "study.json"} | ({"out/mask.nii.gz"} if case.values("--overwrite") is not None else set())
    wrong = changed if ending.status else [name for name in changed if name not in ours]
    if wrong:
        yield "inputs changed", str(wrong[:3])
    new = after.keys() - before.keys()
    if ending.status == 2 and new and "runs failed" not in ending.err:
        yield "files of a refused command", str(sorted(new)[:3])
    if case.words and case.words[0] == ("run", []) and ending.status == 0 and not case.values("--bids"):
        missing = RESULTS - {name.rsplit("/", 1)[-1] for name in after}
        if missing:
            yield "a mix", f"without {sorted(missing)}"


def _map(case):
    """A wrong map, and a record that is no JSON."""
    for record in case.folder.rglob("out/run.json"):
        json.loads(record.read_text(encoding="utf-8"), parse_constant=_no_number)
    if not case.judged or not case.words:
        return []
    command, words = case.words[0]
    if command == "run":
        found = [*case.folder.rglob("susceptibility_ppm.nii.gz"), *case.folder.rglob("*_Chimap.nii.gz")]
        found = [path for path in found if "_desc-" not in path.name]
        return [fault for path in found for fault in _compared(path, *right(case.seed), MOST_DIFFERENT)]
    if command in ("invert", "background"):
        truth = right_scan(case.seed).local_ppm if command == "background" else right(case.seed)[0]
        found = [path for path in case.folder.glob("o.n*") if path.is_file()]
        return [
            fault for path in found for fault in _compared(path, truth, right(case.seed)[1], MOST_DIFFERENT_STAGE, 0.05)
        ]
    return _wrong_table(case) if command == "statistics" else []


@lru_cache
def right(seed):
    return right_map(right_scan(seed))


def _compared(path, expected, mask, most, smallest=0.5):
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    if found.shape != expected.shape:
        return [("wrong map", f"{path.name} has the shape {found.shape}")]
    common = mask & (found != 0)
    if common.sum() < mask.sum() * smallest:
        return [("wrong map", f"{path.name} has {common.sum()} voxels of {mask.sum()}")]
    difference = error(found, expected, common)
    return [] if difference < most else [("wrong map", f"{path.name} differs by {difference:.2f}")]


def _wrong_table(case):
    path = Path(case.values("--output")[0])
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    means = [float(row[name]) for row in rows for name in ("mean", "mean_ppm") if name in row]
    wanted = [ball[2] for ball in BALLS]
    is_right = len(means) == len(wanted) and np.allclose(means, wanted, atol=0.1)
    return [] if is_right else [("wrong table", str(means[:4]))]


def _no_number(text):
    raise ValueError(f"{text} in run.json")
