"""What a run yields, and the map before it has its zero."""

from dataclasses import dataclass

import numpy as np

from .acquisition import Grid

NO_REGION = (
    "The reference is to be a given region, but none is given: give a reference mask (--reference-mask, or "
    "referenceNode in Slicer's Python console), or choose another reference."
)


@dataclass(frozen=True)
class Maps:
    """The maps of a run on the scan's grid, arrays of shape (k, j, i).

    mask: where the total field is known. reliable_mask: where the susceptibility is (V-SHARP and others erode the
    mask). Fields, susceptibility and uncertainty_ppm (standard deviation of the total field) are float32 in ppm, zero
    outside. quality: of the phase, 0 (noise) to 1, float32. provenance: what run.json holds. The uncertainty is None
    where a single echo does not tell it, the quality where it was not asked for.
    """

    grid: Grid
    mask: np.ndarray
    reliable_mask: np.ndarray
    total_field_ppm: np.ndarray
    local_field_ppm: np.ndarray
    susceptibility_ppm: np.ndarray
    provenance: dict
    uncertainty_ppm: np.ndarray | None = None
    quality: np.ndarray | None = None


@dataclass(frozen=True)
class UnreferencedMap:
    """A susceptibility map whose zero is open, and what may tell where it lies; arrays (k, j, i).

    ppm: float32. mask: bool, where the map is known. magnitude: float32 (echo, k, j, i) with its echo_times_s, or None.
    region: bool, what the user gives for a reference, or None.
    """

    ppm: np.ndarray
    mask: np.ndarray
    grid: Grid
    magnitude: np.ndarray | None = None
    echo_times_s: tuple = ()
    region: np.ndarray | None = None

    def shifted(self, region):
        """The map (float32) shifted so that its mean in `region` is zero; zero outside the mask."""
        shift = self.ppm[region].mean(dtype=np.float64)
        return np.where(self.mask, self.ppm - np.float32(shift), np.float32(0))
