"""What a scan is: the grid, the echoes, and the field maps made of them."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..numerics.namespace import library, namespace, to_host
from ..numerics.sums import sum_of_products
from ..numerics.voxels import MARGIN_VOXELS
from .echo_images import echo_images
from .errors import QSMError
from .mask_values import inside_mask
from .scan_checks import checked_echo_times, checked_field_strength


@dataclass(frozen=True)
class Grid:
    """A voxel grid and the direction of B0 in it, in the order of the array axes (k, j, i).

    Parameters
    ----------
    shape : tuple of int
        Number of voxels along each axis.
    spacing_mm : tuple of float
        Voxel spacing along each axis in mm.
    b0_direction : tuple of float
        Direction of B0; it is normalized to a unit vector.

    Raises
    ------
    QSMError
        If this is not a 3D grid.

    Examples
    --------
    >>> from QSMLogic import Grid
    >>> Grid((24, 28, 20), (2.0, 1.0, 1.0), (2, 0, 0)).b0_direction
    (1.0, 0.0, 0.0)
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    b0_direction: tuple[float, float, float] = (1.0, 0.0, 0.0)

    def __post_init__(self):
        shape, spacing = tuple(int(n) for n in self.shape), tuple(float(s) for s in self.spacing_mm)
        b0 = np.asarray(self.b0_direction, float)
        if len(shape) != 3 or min(shape) < 2:
            raise QSMError(f"QSM needs a 3D image, but this one has shape {shape} (slices, rows, columns).")
        if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
            raise QSMError(f"Voxel spacing must be three positive lengths in mm, not {spacing}.")
        if b0.shape != (3,) or not np.isfinite(b0).all() or not b0.any():
            raise QSMError(f"The B0 direction must be three numbers, not all zero, not {self.b0_direction}.")
        b0 = b0 / np.abs(b0).max()  # so that squares of huge and tiny numbers stay numbers
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing_mm", spacing)
        object.__setattr__(self, "b0_direction", tuple(float(x) for x in b0 / np.linalg.norm(b0)))

    @property
    def voxel_volume_mm3(self):
        return math.prod(self.spacing_mm)

    @property
    def voxel_length_mm(self):
        """The cube root of the volume of a voxel."""
        return self.voxel_volume_mm3 ** (1 / 3)


@dataclass(frozen=True)
class Acquisition:
    """A gradient-echo scan.

    Parameters
    ----------
    magnitude : array_like
        Magnitude of the echoes (echo, k, j, i) in any scale; a single echo may be (k, j, i). Kept as float32.
    phase : array_like
        Phase of the echoes, like `magnitude`: as stored in any scaling, or in radians after the stage "scaling".
    echo_times_s : sequence of float
        Echo times in seconds, increasing.
    field_strength_t : float
        Field strength in tesla.
    grid : Grid
        The voxel grid of the images.
    checks : tuple of Check
        What was found while the scan was read; they are the first in run.json.
    reported : dict
        What is to be reported of the acquisition, {name in BIDS: value}, as in model.reported.

    Raises
    ------
    QSMError
        If the arguments do not match, or cannot be those of a scan.

    Examples
    --------
    >>> import numpy as np
    >>> from QSMLogic import Acquisition, Grid
    >>> images = np.ones((2, 24, 28, 20))
    >>> scan = Acquisition(images, 0.1 * images, (0.004, 0.012), 3, Grid((24, 28, 20), (2, 1, 1)))
    >>> scan.echoes, scan.phase.dtype
    (2, dtype('float32'))
    """

    magnitude: np.ndarray
    phase: np.ndarray
    echo_times_s: tuple[float, ...]
    field_strength_t: float
    grid: Grid
    checks: tuple = ()
    reported: dict = field(default_factory=dict)

    def __post_init__(self):
        magnitude, phase = echo_images(self.magnitude, "magnitude"), echo_images(self.phase, "phase")
        times, strength = self.echo_times_s, checked_field_strength(self.field_strength_t)
        if magnitude.shape != phase.shape:
            raise QSMError(
                f"Magnitude has {_describe(magnitude)} and phase {_describe(phase)}; they must match. "
                "Choose magnitude and phase of the same scan."
            )
        if phase.shape[1:] != self.grid.shape:
            raise QSMError(f"The images have shape {phase.shape[1:]}, the grid {self.grid.shape}; they must match.")
        times = checked_echo_times(times, len(magnitude), len(phase))
        checked = {"magnitude": magnitude, "phase": phase, "echo_times_s": times, "field_strength_t": strength}
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_signal(cls, signal, echo_times_s, field_strength_t, grid, checks=(), reported=None):
        """Make a scan from a complex signal (echo, k, j, i), or from real + 1j * imaginary part."""
        signal = np.asarray(signal)
        if not np.iscomplexobj(signal):
            raise QSMError("The signal is not complex. Pass real + 1j * imaginary, or magnitude and phase.")
        facts = echo_times_s, field_strength_t, grid, checks, reported or {}
        return cls(np.abs(signal), np.angle(signal), *facts)

    @property
    def echoes(self):
        return len(self.echo_times_s)

    @property
    def weight(self):
        """Root sum of squares of the echoes' magnitudes, float32 (k, j, i)."""
        return namespace(self.magnitude).sqrt(sum_of_products(self.magnitude, self.magnitude))

    def cropped(self, box):
        """The part of the scan inside `box`, a tuple of three slices."""
        part = (slice(None), *box)
        grid = cropped_grid(self.grid, box)
        return replace(self, magnitude=self.magnitude[part], phase=self.phase[part], grid=grid)


@dataclass(frozen=True)
class FieldMap:
    """A field map in ppm of B0, valid inside its mask and zero outside.

    Parameters
    ----------
    ppm : ndarray
        Field in ppm of B0 (k, j, i), float32. Positive susceptibility has a positive field along B0.
    mask : ndarray
        Where the field is valid, bool (k, j, i).
    grid : Grid
        The voxel grid.
    uncertainty_ppm : ndarray, optional
        Standard deviation of the field.
    magnitude : ndarray, optional
        Combined magnitude in any scale.
    csf : ndarray, optional
        Mask of the cerebrospinal fluid; voxels outside `mask` are ignored.
    margin_voxels : int
        How far beyond the grid inversions follow fields; farther ones come back in from the opposite border.

    Raises
    ------
    QSMError
        If the shapes differ, the mask is empty, or a value inside it is NaN or infinite.
    """

    ppm: np.ndarray
    mask: np.ndarray
    grid: Grid
    uncertainty_ppm: np.ndarray | None = None
    magnitude: np.ndarray | None = None
    csf: np.ndarray | None = None
    margin_voxels: int = MARGIN_VOXELS

    def __post_init__(self):
        mask = checked_mask(self.mask, self.grid)
        for name in ("ppm", "uncertainty_ppm", "magnitude"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _inside(value, mask, name))
        if self.csf is not None:
            object.__setattr__(self, "csf", _inside(inside_mask(self.csf), mask, "csf") > 0)
        object.__setattr__(self, "mask", mask)

    def cropped(self, box):
        """The part inside `box`, a tuple of three slices; itself if the box covers the entire grid."""
        if cropped_grid(self.grid, box) == self.grid:
            return self
        names = ("uncertainty_ppm", "magnitude", "csf")
        optional = {name: None if getattr(self, name) is None else getattr(self, name)[box] for name in names}
        grid = cropped_grid(self.grid, box)
        return FieldMap(self.ppm[box], self.mask[box], grid, **optional, margin_voxels=self.margin_voxels)

    def without_unreliable_rim(self, limit=8.0):
        """Exclude voxels at the mask boundary whose uncertainty exceeds `limit` times the median.

        There, next to air, the phase is noise or wrongly unwrapped, and background removal would spread the error.
        Unreliable voxels enclosed by reliable ones (veins, bleeds, calcifications) are kept. Without uncertainty,
        nothing is excluded.
        """
        if self.uncertainty_ppm is None:
            return self
        of = library(self.mask)
        largest = limit * float(of.xp.median(self.uncertainty_ppm[self.mask]))
        reliable = self.mask & (self.uncertainty_ppm <= largest)
        return replace(self, mask=of.ndimage.binary_fill_holes(reliable) & self.mask)

    def with_field(self, ppm, mask=None):
        """The same map with another field and, if given, another mask."""
        return replace(self, ppm=ppm, mask=self.mask if mask is None else mask)


def checked_mask(mask, grid, name="mask"):
    """Return the mask as a boolean array; raises QSMError if it is empty or does not have the shape of the grid.

    Which values are inside is said in mask_values.
    """
    xp = namespace(mask)
    mask = xp.asarray(mask)
    if mask.shape != grid.shape:
        raise QSMError(f"The {name} has shape {mask.shape}, the scan {grid.shape}. Resample it to the scan's grid.")
    mask = xp.ascontiguousarray(mask if mask.dtype == bool else inside_mask(mask))
    if not mask.any():
        tissue = "tissue to be mapped, or omit it for an automatic mask" if name == "mask" else "reference region"
        raise QSMError(f"The {name} is empty. Draw it over the {tissue}.")
    return mask


def bounding_box(mask, margin=2):
    """The slices of the smallest box that holds the mask with `margin` voxels around it, inside the image."""
    box = []
    for axis, size in enumerate(mask.shape):
        hit = np.flatnonzero(to_host(mask.any(axis=tuple(a for a in range(3) if a != axis))))
        box.append(slice(max(int(hit[0]) - margin, 0), min(int(hit[-1]) + 1 + margin, size)))
    return tuple(box)


def uncropped(array, box, shape):
    """`array` put back to where `box` was cut out of an image of `shape`, zero elsewhere."""
    if array.shape == shape:
        return array
    full = namespace(array).zeros(shape, array.dtype)
    full[box] = array
    return full


def cropped_grid(grid, box):
    return replace(grid, shape=tuple(s.stop - s.start for s in box))


def _inside(values, mask, name):
    xp = namespace(mask)
    values = xp.asarray(values)
    if values.shape != mask.shape:
        raise QSMError(
            f"{name} has shape {values.shape}, the mask {mask.shape}; they must match. Resample one of them."
        )
    if not xp.isfinite(values[mask]).all():
        raise QSMError(f"{name} is NaN or infinite in voxels inside the mask. Fix them, or exclude them from the mask.")
    return xp.where(mask, values, 0).astype(np.float32, order="C", copy=False)


def _describe(echoes):
    return f"{len(echoes)} echo{'es' if len(echoes) > 1 else ''} of shape {echoes.shape[1:]}"
