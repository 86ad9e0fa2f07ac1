"""What a run yields, and the map before it has its zero."""

from dataclasses import dataclass, field, make_dataclass

import numpy as np

from .acquisition import Grid
from .catalogue import CATALOGUE

NO_REGION = (
    "The reference is to be a given region, but none is given: give a reference mask (--reference-mask, or "
    "referenceNode in Slicer's Python console), or choose another reference."
)


def _fields():
    """The fields of Maps, of which the catalogue's are arrays: those that every run yields come first."""
    required = [(name, np.ndarray) for name, entry in CATALOGUE.items() if not entry.optional]
    optional = [(name, np.ndarray | None, field(default=None)) for name, entry in CATALOGUE.items() if entry.optional]
    return [("grid", Grid), *required, ("provenance", dict), *optional]


class Maps(make_dataclass("Maps", _fields(), frozen=True)):
    """The maps of a run on the scan's grid, arrays of shape (k, j, i), each under its name in the CATALOGUE.

    Attributes
    ----------
    grid : Grid
        Of the scan.
    mask, reliable_mask : ndarray of bool
        Where the total field is known, and where the susceptibility is (V-SHARP and others erode the mask).
    total_field_ppm, local_field_ppm, susceptibility_ppm : ndarray of float32
        In ppm of B0 and in ppm, zero outside.
    provenance : dict
        What run.json holds.
    uncertainty_ppm : ndarray of float32 or None
        Standard deviation of the total field; None if a single echo does not tell it.
    quality : ndarray of float32 or None
        Of the phase, 0 (noise) to 1; None unless it was asked for.
    """

    def items(self):
        """(MapEntry, array) of the maps that there are, in the order of the catalogue."""
        arrays = ((entry, getattr(self, name)) for name, entry in CATALOGUE.items())
        return [(entry, array) for entry, array in arrays if array is not None]


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
