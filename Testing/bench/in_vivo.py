"""Heads measured in vivo whose susceptibility is known from several orientations: `./dev bench in-vivo`.

They are in the folder that QSM_IN_VIVO_DATA names.

It has a folder for each head with local_ppm (local field, B0 along the third axis of the files), chi (the reference in
ppm), mask and eval_mask (where the reference counts), each .nii.gz.
"""

import os
from pathlib import Path

import numpy as np

from QSMLogic import FieldMap, Grid
from QSMLogic.files.images import read_image
from QSMLogic.registry.method import registry
from QSMLogic.simulation.accuracy import nrmse

TABLE = Path(__file__).resolve().parents[2] / "Resources" / "docs" / "in-vivo-measured.md"
FIGURES = ("NRMSE", "slope", "r")
INTRODUCTION = """# Inversions in vivo, measured

Written by `./dev bench in-vivo`. Every method inverts the measured local field of heads at 3 T, 1 mm, with its default
settings; the reference is a map from several orientations (COSMOS). NRMSE in percent, slope and correlation of the
map against the reference, over the voxels that count. The error alone rewards pale maps: with a slope s and a
correlation r it is the root of s^2/r^2 - 2s + 1. No method of one orientation can reach zero, as the reference averages
over what one orientation cannot see. No magnitude is known, from which MEDI would take its edges; single-step TGV
is given the local field in place of the total one. Settings that follow the scan were chosen on these heads and on
simulated ones ([scans](scans-measured.md)).

"""


def heads():
    """{name: (FieldMap of the local field, reference in ppm, mask where it counts)}, none without the data."""
    folder = os.environ.get("QSM_IN_VIVO_DATA")
    found = sorted(Path(folder).glob("*/eval_mask.nii.gz")) if folder else []
    return {path.parent.name: _head(path.parent) for path in found}


def _head(folder):
    mask, geometry = read_image(folder / "mask.nii.gz")
    field, truth, counts = (read_image(folder / f"{name}.nii.gz")[0] for name in ("local_ppm", "chi", "eval_mask"))
    grid = Grid(mask.shape, geometry.grid(None).spacing_mm, (1, 0, 0))
    return FieldMap(field, mask > 0, grid), truth, counts > 0


def in_vivo_table():
    """Invert the local field of each head by every method, and write the table; nothing without the data."""
    measured = heads()
    if not measured:
        print("in-vivo: left out, QSM_IN_VIVO_DATA is not set or has no heads")
        return
    titles = [f"{name} {figure}" for name in measured for figure in FIGURES]
    lines = [f"| method | {' | '.join(titles)} |\n|---|{'---:|' * len(titles)}\n"]
    for name, method in registry()["invert"].items():
        if method.chooses or method.missing:
            continue
        cells = [
            cell for local, truth, counts in measured.values() for cell in _figures(method.run(local), truth, counts)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |\n")
        print(lines[-1], end="", flush=True)
    TABLE.write_text(INTRODUCTION + "".join(lines), encoding="utf-8")


def _figures(x, truth, counts):
    """The cells of FIGURES for a map."""
    a, b = (image[counts] - image[counts].mean(dtype=float) for image in (x, truth))
    slope, r = a @ b / (b @ b), a @ b / np.sqrt((a @ a) * (b @ b))
    return f"{nrmse(x, truth, counts):.1f}", f"{slope:.2f}", f"{r:.3f}"
