"""Heads measured in vivo whose susceptibility is known from several orientations, in the folder QSM_IN_VIVO_DATA.

It has a folder for each head with local_ppm (local field, B0 along the third axis of the files), chi (the reference in
ppm), mask and eval_mask (where the reference counts), each .nii.gz.
"""

import os
from pathlib import Path

from QSMLogic import FieldMap, Grid
from QSMLogic.files.images import read_image


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
