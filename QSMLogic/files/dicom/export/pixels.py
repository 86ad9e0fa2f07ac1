"""A map as integers with a unit, a window and a padding value, as viewers understand them."""

from dataclasses import dataclass, field

import numpy as np

from ....model.catalogue import SUSCEPTIBILITY, UNCERTAINTY
from ....model.check import DOUBTFUL, Check
from ....model.errors import QSMError
from ....model.units import ARBITRARY, NO_UNIT, PER_PPM

CLIPPED = "dicom_clipped"  # name of a check
LOWEST, HIGHEST = -(2**15), 2**15 - 1
WINDOW_PERCENTILES = (1, 99)
OF_RELIABLE_MASK = (SUSCEPTIBILITY, UNCERTAINTY, "local_field_ppm", "paramagnetic_ppm", "diamagnetic_ppm")
ARBITRARY_HIGH = 1e4  # the upper percentile of a map in arbitrary units is stored as a tenth of it to it


@dataclass(frozen=True)
class Scale:
    """How values are stored.

    Parameters
    ----------
    unit : str
        One of `QSMLogic.model.units.UNITS`.
    factor : float
        From the unit of the map to this one.
    slope : float
        The value of a step of the integers. 1 for maps of susceptibility: viewers that ignore it are right, too.
    """

    unit: str
    factor: float = 1.0
    slope: float = 1.0


SCALES = {"ppm": Scale("ppb", PER_PPM["ppb"]), NO_UNIT: Scale("%", 100.0), "s": Scale("ms", 1000.0, 0.1)}


@dataclass(frozen=True)
class Pixels:
    """A map as viewers show it.

    Parameters
    ----------
    stored : numpy.ndarray
        Signed 16-bit integers (slice, row, column).
    padding : int
        The stored value outside the mask: below all others and below the window, so that viewers that do not know
        of padding show black.
    scale : Scale
    window : tuple of int
        Center and width, in the unit of the scale.
    checks : tuple of Check
    """

    stored: np.ndarray = field(repr=False)
    padding: int
    scale: Scale
    window: tuple
    checks: tuple = ()

    @property
    def stored_range(self):
        """The lowest and highest stored value inside the mask."""
        inside = self.stored[self.stored != self.padding]
        return int(inside.min()), int(inside.max())


def pixels_of(entry, array, mask):
    """The Pixels of a map with a MapEntry; mask: where it is valid."""
    inside = mask & np.isfinite(array)
    if not inside.any():
        raise QSMError(f"The {entry.title} map has no values to write. Check the map and its mask.")
    scale = scale_of(entry, array[inside])
    values = array[inside].astype(np.float64) * scale.factor
    center, width = _window(entry, values, scale)
    low = min(float(values.min()), center - width / 2)
    padding = max(int(np.floor(low / scale.slope)) - 1, LOWEST)
    stored = np.full(array.shape, padding, np.int16)
    stored[inside] = np.clip(np.rint(values / scale.slope), padding + 1, HIGHEST)
    return Pixels(stored, padding, scale, (center, width), _clipped(entry, values, scale))


def scale_of(entry, values=()):
    """How the values of a map with a MapEntry are stored; without values, its unit is right."""
    if entry.unit == ARBITRARY and np.any(values):
        high = np.percentile(np.abs(values), WINDOW_PERCENTILES[1])
        return Scale(ARBITRARY, float(10.0 ** np.floor(np.log10(ARBITRARY_HIGH / high))) if high else 1.0)
    return SCALES.get(entry.unit, Scale(entry.unit, slope=0.1))


def inside_of(name, arrays):
    """Where a map is valid: in the mask that belongs to it, in the other one if there is none, or where it is not 0."""
    masks = ("reliable_mask", "mask") if name in OF_RELIABLE_MASK else ("mask", "reliable_mask")
    found = next((arrays[mask] for mask in masks if mask in arrays), arrays[name])
    return np.asarray(found) != 0


def _window(entry, values, scale):
    if entry.window:
        low, high = (level * scale.factor for level in entry.window)
    else:
        low, high = np.percentile(values, WINDOW_PERCENTILES)
    low, high = int(np.floor(low + 1e-6)), int(np.ceil(high - 1e-6))
    width = max(high - low, 2)
    return low + (width + 1) // 2, width


def _clipped(entry, values, scale):
    lowest, highest = (LOWEST + 1) * scale.slope, HIGHEST * scale.slope
    beyond = int(np.count_nonzero((values < lowest - scale.slope / 2) | (values > highest + scale.slope / 2)))
    if not beyond:
        return ()
    sentence = (
        f"{beyond} voxels of the {entry.title} map lie beyond {lowest:g} to {highest:g} {scale.unit}, which is what "
        "integers in DICOM hold; they were set to these limits. Check the map: no tissue has such values."
    )
    return (Check(CLIPPED, beyond, 0, DOUBTFUL, sentence),)
