"""How the magnitude of a voxel decays from echo to echo: its echoes, the maps of its rate, and their noise."""

from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.parallel import for_slabs
from ..registry.method import parameter
from .dephasing import attenuation

LONGEST_S = 1.0  # T2* of what hardly decays between the echoes
FASTEST = 5.0  # decay by this exponent between the two closest echoes leaves nothing to fit
TINY = np.finfo(np.float32).tiny

FIELD_GRADIENTS = parameter(
    "automatic",
    "Field gradients",
    choices=("automatic", "voxel", "slice", "none"),
    help="Correct the decay for the dephasing by gradients of the total field: of a voxel along all its axes (voxel), "
    "along its longest axis only, as of 2D slices (slice), or not at all (none). automatic: voxel if there is a field.",
)


@dataclass(frozen=True)
class RelaxometryParameters:
    field_gradients: str = FIELD_GRADIENTS


class Decays:
    """The echoes of the voxels in a mask, float32 (echo, voxel).

    Attributes
    ----------
    magnitude : numpy.ndarray
        Not negative; unknown values are zero.
    attenuation : numpy.ndarray
        Fraction of the magnitude that the dephasing by field gradients has left.
    times_s : numpy.ndarray
        Echo times.
    """

    def __init__(self, scan, mask, total, field_gradients, least=2):
        """Raises QSMError for fewer than `least` echoes, or if there is no signal or no field that is needed."""
        if scan.echoes < least:
            echoes = f"{scan.echoes} echo{'es' if scan.echoes > 1 else ''}"
            remedy = "use the method log_linear." if scan.echoes > 1 else "load a scan with several echoes."
            raise QSMError(f"R2* by this method needs at least {least} echoes, but the scan has {echoes}; {remedy}")
        self.mask, self.times_s = mask, np.asarray(scan.echo_times_s, np.float32)
        self.magnitude = np.stack([echo[mask] for echo in scan.magnitude])
        np.maximum(np.nan_to_num(self.magnitude, copy=False, posinf=0), 0, out=self.magnitude)
        if not self.magnitude.any():
            raise QSMError("The magnitude is zero in the entire mask, so that R2* has no signal. Check the magnitude.")
        self.attenuation = attenuation(scan, mask, total, field_gradients)

    @property
    def fastest_hz(self):
        return FASTEST / float(np.diff(self.times_s).min())

    def fitted(self, fit, floor=0.0):
        """The four maps, {name: float32 (k, j, i)}, zero outside the mask and where there is no signal.

        fit: called with the magnitude and attenuation (echo, voxel) and the slice of some voxels; it returns their
        rate in 1/s. floor: of the magnitude, as noise adds to it in squares.
        """
        voxels = self.magnitude.shape[1]
        rate, start, scatter, information = np.empty((4, voxels), np.float32)

        def work(first, last):
            part = slice(first, last)
            magnitude, left = self.magnitude[:, part], self.attenuation[:, part]
            found = np.clip(np.nan_to_num(fit(magnitude, left, part)), 0, self.fastest_hz)
            decay = left * np.exp(-found * self.times_s[:, None])
            start[part] = amplitude(magnitude, decay, floor)
            rate[part] = np.where(start[part] > 0, found, 0)
            signal = decay * start[part]
            residual = magnitude - np.hypot(signal, np.float32(floor))
            scatter[part] = np.einsum("ev,ev->v", residual, residual)
            information[part] = spread(np.square(signal), self.times_s)

        for_slabs(work, (voxels, 1, 1))
        return self._maps(rate, start, scatter, information)

    def _maps(self, rate, start, scatter, information):
        noise = np.sqrt(scatter / max(len(self.times_s) - 2, 1))
        noise = np.maximum(noise, np.median(noise[start > 0]) if (start > 0).any() else 0)
        uncertainty = noise / np.sqrt(np.maximum(information, TINY))
        maps = {
            "r2star_hz": rate,
            "t2star_s": np.where(start > 0, 1 / np.maximum(rate, np.float32(1 / LONGEST_S)), 0),
            "s0": start,
            "r2star_uncertainty_hz": np.where(start > 0, np.minimum(uncertainty, self.fastest_hz), 0),
        }
        return {name: self._image(values) for name, values in maps.items()}

    def _image(self, values):
        image = np.zeros(self.mask.shape, np.float32)
        image[self.mask] = values
        return image


def amplitude(magnitude, decay, floor=0.0):
    """Of the decay (echo, voxel) that fits the magnitude best, weighted by its square; not negative."""
    power = np.square(decay)
    signal = np.sqrt(np.maximum(np.square(magnitude) - np.float32(floor**2), 0)) if floor else magnitude
    return np.einsum("ev,ev->v", decay, signal) / np.maximum(np.einsum("ev->v", power), TINY)


def log_slope(magnitude, left, times_s):
    """R2* of the line through the logarithms of the echoes (echo, voxel), weighted by the squared magnitude."""
    weight, later = np.square(magnitude), times_s - times_s[0]
    logarithm = np.log(np.maximum(magnitude, TINY) / left)
    s0, s1, s2 = moments(weight, later)
    p0, p1 = np.einsum("ev,ev->v", weight, logarithm), np.einsum("ev,ev,e->v", weight, logarithm, later)
    return (s1 / s0 * p0 - p1) / np.maximum(s2 - s1 / s0 * s1, TINY)


def moments(weight, times_s):
    """Sums of the weights (echo, voxel) times the echo times to the powers 0, 1, 2; the first is not zero."""
    s0, s1, s2 = (np.einsum("ev,e->v", weight, times_s**power) for power in range(3))
    return np.maximum(s0, TINY), s1, s2


def spread(weight, times_s):
    """Sum of the squared distances of the echo times from their mean, weighted (echo, voxel)."""
    s0, s1, s2 = moments(weight, times_s - times_s[0])
    return s2 - s1 / s0 * s1
