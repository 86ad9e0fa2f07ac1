"""The maps that a run returns, and the susceptibility map before it is referenced."""

from dataclasses import dataclass, field, make_dataclass

import numpy as np

from ..numerics.namespace import namespace
from .acquisition import Grid
from .catalogue import CATALOGUE

NO_REGION = (
    "The reference is a given region, but no region is given. Provide a reference mask (--reference-mask, or "
    "referenceNode in Slicer's Python console), or choose another reference."
)


def _fields():
    """The fields of Maps, of which the catalogue's are arrays: those that every run yields come first."""
    required = [(name, np.ndarray) for name, entry in CATALOGUE.items() if not entry.optional]
    optional = [(name, np.ndarray | None, field(default=None)) for name, entry in CATALOGUE.items() if entry.optional]
    return [("grid", Grid), *required, ("provenance", dict), *optional]


class Maps(make_dataclass("Maps", _fields(), frozen=True)):
    """The maps of a run on the grid of the scan, arrays (k, j, i), each an attribute with its name in the CATALOGUE.

    Maps are zero outside their masks.

    Parameters
    ----------
    grid : Grid
        The grid of the scan.
    mask : ndarray
        Voxels with a valid total field, bool.
    reliable_mask : ndarray
        Voxels with a valid susceptibility, bool; V-SHARP and other methods erode the mask.
    total_field_ppm, local_field_ppm : ndarray
        Fields in ppm of B0, float32.
    susceptibility_ppm : ndarray
        Susceptibility in ppm, float32.
    provenance : dict
        The content of run.json: settings, versions, citations, notes and warnings.
    susceptibility_uncertainty_ppm : ndarray or None
        Standard deviation of the susceptibility in ppm, float32; None if it was not estimated.
    uncertainty_ppm : ndarray or None
        Standard deviation of the total field in ppm, float32; None for a single echo.
    quality : ndarray or None
        Phase quality from 0 (noise) to 1, float32; None if it was not requested.
    r2star_hz, t2star_s, s0, r2star_uncertainty_hz : ndarray or None
        Maps of the stage relaxometry, float32; None where it has not run.
    swi, swi_projection : ndarray or None
        Images of the stage swi, float32; None where it has not run.
    paramagnetic_ppm, diamagnetic_ppm : ndarray or None
        Maps of the stage separation, float32; None where it has not run.
    """

    def items(self):
        """(MapEntry, array) of the maps that there are, in the order of the catalogue."""
        arrays = ((entry, getattr(self, name)) for name, entry in CATALOGUE.items())
        return [(entry, array) for entry, array in arrays if array is not None]


@dataclass(frozen=True)
class UnreferencedMap:
    """A susceptibility map that is not referenced yet, with what a reference may need; arrays (k, j, i).

    Parameters
    ----------
    ppm : numpy.ndarray
        Susceptibility, float32.
    mask : numpy.ndarray
        Voxels with a valid susceptibility, bool.
    grid : Grid
    magnitude : numpy.ndarray, optional
        Magnitude (echo, k, j, i), float32.
    echo_times_s : sequence of float
        Echo times of the magnitude.
    region : numpy.ndarray, optional
        The reference region given by the user, bool.
    """

    ppm: np.ndarray
    mask: np.ndarray
    grid: Grid
    magnitude: np.ndarray | None = None
    echo_times_s: tuple = ()
    region: np.ndarray | None = None

    def in_brain(self, region):
        """Mean and SD of a region relative to the mean of the mask, in ppm, for the record of a run."""
        values, brain = (self.ppm[where].astype(np.float64) for where in (region, self.mask))
        return {
            "mean_relative_to_brain_ppm": round(float(values.mean() - brain.mean()), 6),
            "sd_ppm": round(float(values.std()), 6),
        }

    def shifted(self, region):
        """The map (float32) shifted so that its mean in `region` is zero; zero outside the mask."""
        shift = float(self.ppm[region].mean(dtype=np.float64))
        return namespace(self.ppm).where(self.mask, self.ppm - np.float32(shift), np.float32(0))
