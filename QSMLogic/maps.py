"""What a run yields."""

from dataclasses import dataclass

import numpy as np

from .acquisition import Grid


@dataclass(frozen=True)
class Maps:
    """The maps of a run on the scan's grid, arrays of shape (k, j, i).

    mask: where the total field is known. reliable_mask: where the susceptibility is (V-SHARP and others erode the
    mask). Fields and susceptibility are float32 in ppm, zero outside. provenance: what run.json holds.
    """

    grid: Grid
    mask: np.ndarray
    reliable_mask: np.ndarray
    total_field_ppm: np.ndarray
    local_field_ppm: np.ndarray
    susceptibility_ppm: np.ndarray
    provenance: dict
