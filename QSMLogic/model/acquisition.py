"""What a scan is: the grid, the echoes, and the field maps made of them."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..numerics.lazy import ndimage
from .errors import QSMError


@dataclass(frozen=True)
class Grid:
    """A voxel grid. Shape, spacing (mm) and B0 direction (unit vector) are in array axis order (k, j, i)."""

    shape: tuple
    spacing_mm: tuple = (1.0, 1.0, 1.0)
    b0_direction: tuple = (1.0, 0.0, 0.0)

    def __post_init__(self):
        shape, spacing = tuple(int(n) for n in self.shape), tuple(float(s) for s in self.spacing_mm)
        b0 = np.asarray(self.b0_direction, float)
        if len(shape) != 3 or min(shape) < 2:
            raise QSMError(f"QSM needs a 3D image; this one has shape {shape} (slices, rows, columns).")
        if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
            raise QSMError(f"Voxel spacing must be three positive lengths in mm, not {spacing}.")
        if b0.shape != (3,) or not np.isfinite(b0).all() or not np.linalg.norm(b0) > 0:
            raise QSMError(f"The B0 direction must be three numbers that are not all zero, not {self.b0_direction}.")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing_mm", spacing)
        object.__setattr__(self, "b0_direction", tuple(float(x) for x in b0 / np.linalg.norm(b0)))

    @property
    def voxel_volume_mm3(self):
        return math.prod(self.spacing_mm)


@dataclass(frozen=True)
class Acquisition:
    """A gradient-echo scan.

    magnitude, phase: float32 (echo, k, j, i); phase as stored until the "scaling" stage, then in radians.
    A single echo may be given as (k, j, i). echo_times_s: seconds, ascending. field_strength_t: tesla.
    Raises QSMError where these do not fit together or cannot be a scan.
    """

    magnitude: np.ndarray
    phase: np.ndarray
    echo_times_s: tuple
    field_strength_t: float
    grid: Grid

    def __post_init__(self):
        magnitude, phase = _echoes(self.magnitude, "magnitude"), _echoes(self.phase, "phase")
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
    def of_signal(cls, signal, echo_times_s, field_strength_t, grid):
        """The scan with a complex signal (echo, k, j, i), or real + 1j * imaginary part."""
        signal = np.asarray(signal)
        if not np.iscomplexobj(signal):
            raise QSMError("The signal is not complex; give real + 1j * imaginary, or magnitude and phase.")
        return cls(np.abs(signal), np.angle(signal), echo_times_s, field_strength_t, grid)

    @property
    def echoes(self):
        return len(self.echo_times_s)

    @property
    def weight(self):
        """Root sum of squares of the echoes' magnitudes, float32 (k, j, i)."""
        return np.sqrt(np.einsum("e...,e...->...", self.magnitude, self.magnitude))

    def cropped(self, box):
        """The part of the scan inside `box`, a tuple of three slices."""
        part = (slice(None), *box)
        grid = cropped_grid(self.grid, box)
        return replace(self, magnitude=self.magnitude[part], phase=self.phase[part], grid=grid)


@dataclass(frozen=True)
class FieldMap:
    """A field in ppm of B0 (positive where susceptibility is positive), valid inside the mask, zero outside.

    ppm: float32 (k, j, i). mask: bool. uncertainty_ppm: standard deviation of the field, or None.
    magnitude: a combined magnitude in any scale, or None. csf: where cerebrospinal fluid is known to be, or None;
    what of it lies outside the mask does not count.
    """

    ppm: np.ndarray
    mask: np.ndarray
    grid: Grid
    uncertainty_ppm: np.ndarray | None = None
    magnitude: np.ndarray | None = None
    csf: np.ndarray | None = None

    def __post_init__(self):
        mask = checked_mask(self.mask, self.grid)
        for name in ("ppm", "uncertainty_ppm", "magnitude"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _inside(value, mask, name))
        if self.csf is not None:
            object.__setattr__(self, "csf", _inside(np.nan_to_num(self.csf) > 0, mask, "csf") > 0)
        object.__setattr__(self, "mask", mask)

    def cropped(self, box):
        """The part inside `box`, a tuple of three slices; itself where that is all."""
        if cropped_grid(self.grid, box) == self.grid:
            return self
        names = ("uncertainty_ppm", "magnitude", "csf")
        optional = {name: None if getattr(self, name) is None else getattr(self, name)[box] for name in names}
        return FieldMap(self.ppm[box], self.mask[box], cropped_grid(self.grid, box), **optional)

    def without_unreliable_rim(self, limit=8.0):
        """The map less the voxels at the mask's rim whose uncertainty exceeds `limit` times its median.

        There, beside air, the phase is lost or wrongly unwrapped, and background removal would spread the error.
        Unreliable voxels enclosed by reliable ones (veins, bleeds, calcifications) stay. Without uncertainty: itself.
        """
        if self.uncertainty_ppm is None:
            return self
        largest = limit * np.median(self.uncertainty_ppm[self.mask])
        return replace(self, mask=ndimage.binary_fill_holes(self.mask & (self.uncertainty_ppm <= largest)) & self.mask)

    def with_field(self, ppm, mask=None):
        """The same scan with another field and, where given, another mask."""
        return replace(self, ppm=ppm, mask=self.mask if mask is None else mask)


def checked_mask(mask, grid, name="mask"):
    """The mask as a boolean array of the grid's shape; QSMError where it is empty or of another shape."""
    mask = np.asarray(mask)
    if mask.shape != grid.shape:
        raise QSMError(f"The {name} has shape {mask.shape}, the scan {grid.shape}; resample it to the scan's grid.")
    mask = np.ascontiguousarray(np.nan_to_num(mask) > 0) if mask.dtype != bool else np.ascontiguousarray(mask)
    if not mask.any():
        tissue = "tissue to be mapped, or leave it out to have one made" if name == "mask" else "region that it names"
        raise QSMError(f"The {name} is empty; draw it over the {tissue}.")
    return mask


def bounding_box(mask, margin=2):
    """The slices of the smallest box that holds the mask with `margin` voxels around it, inside the image."""
    box = []
    for axis, size in enumerate(mask.shape):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(int(hit[0]) - margin, 0), min(int(hit[-1]) + 1 + margin, size)))
    return tuple(box)


def uncropped(array, box, shape):
    """`array` put back to where `box` was cut out of an image of `shape`, zero elsewhere; itself where that is all."""
    if array.shape == shape:
        return array
    full = np.zeros(shape, array.dtype)
    full[box] = array
    return full


def cropped_grid(grid, box):
    return replace(grid, shape=tuple(s.stop - s.start for s in box))


def _inside(values, mask, name):
    values = np.asarray(values)
    if values.shape != mask.shape:
        raise QSMError(f"{name} has shape {values.shape}, the mask {mask.shape}; they must match.")
    if not np.isfinite(values[mask]).all():
        raise QSMError(f"{name} has values inside the mask that are not numbers (NaN or infinite); mend or mask them.")
    return np.where(mask, values, 0).astype(np.float32, order="C", copy=False)


def _echoes(images, name):
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[None]
    if images.ndim != 4:
        raise QSMError(f"{name} must be one 3D image per echo; this one has {images.ndim} dimensions.")
    if np.iscomplexobj(images):
        raise QSMError(f"{name} is complex; give its modulus as magnitude and its angle as phase, or use of_signal.")
    return np.ascontiguousarray(images, np.float32)


def checked_echo_times(times, magnitude_echoes, phase_echoes):
    """Echo times in seconds as a tuple; QSMError where they cannot be, or are not as many as the images."""
    times = _seconds(times)
    if magnitude_echoes != phase_echoes:
        raise QSMError(
            f"Echoes of magnitude: {magnitude_echoes}, of phase: {phase_echoes}; they must match. "
            "Choose magnitude and phase of the same scan."
        )
    if len(times) != phase_echoes:
        raise QSMError(f"Echo times given: {len(times)}, echoes: {phase_echoes}; give one time for each echo.")
    return times


def _seconds(times):
    try:
        times = tuple(float(t) for t in np.atleast_1d(times))
    except (TypeError, ValueError):
        raise QSMError(f"Echo times must be numbers in seconds, such as (0.004, 0.012), not {times!r}.") from None
    if not all(math.isfinite(t) and t > 0 for t in times):
        raise QSMError(f"Echo times must be positive numbers in seconds, not {times}.")
    if list(times) != sorted(set(times)):
        raise QSMError(f"Echo times must ascend from echo to echo, not {times}; sort the echoes.")
    if max(times) < 1e-4:
        raise QSMError(
            f"Echo times of {' '.join(f'{t:g}' for t in times)} s are too short for a gradient echo: "
            "check their unit. The panel takes milliseconds, all else takes seconds."
        )
    if max(times) > 0.5:
        fixed = " ".join(f"{t / 1000:g}" for t in times)
        raise QSMError(
            f"Echo times of {' '.join(f'{t:g}' for t in times)} s are too long for a gradient echo: "
            f"they seem to be in milliseconds. Give them in seconds: {fixed} (in the panel in ms)."
        )
    return times


def checked_field_strength(strength):
    """The field strength in tesla; QSMError where it cannot be one."""
    try:
        strength = float(strength)
    except (TypeError, ValueError):
        raise QSMError(f"The field strength must be a number in tesla, not {strength!r}.") from None
    if not math.isfinite(strength) or strength <= 0:
        raise QSMError(f"The field strength must be a positive number in tesla, not {strength}.")
    if strength >= 1000:
        raise QSMError(
            f"A field strength of {strength:g} T cannot be: it seems to be in gauss. "
            f"Give it in tesla: {strength / 1e4:g}."
        )
    if strength > 30:
        raise QSMError(
            f"A field strength of {strength:g} T cannot be: give it in tesla (a frequency in MHz / 42.577 is tesla)."
        )
    return strength


def _describe(echoes):
    return f"{len(echoes)} echo{'es' if len(echoes) > 1 else ''} of shape {echoes.shape[1:]}"
