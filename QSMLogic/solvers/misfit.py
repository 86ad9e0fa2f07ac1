"""How much of a field no susceptibility explains: its noise, and all errors together. Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ..numerics.convolution import filtered
from ..numerics.fft import irfftn, rfftn
from ..numerics.namespace import library, namespace
from .dipole_model import DipoleModel, spectral_mean
from .weights import squared_weight

CONE, SIGNAL = 0.05, 0.3  # |D| below which maps make next to no field, and above which they make most of it
COARSE, FINE = 0.1, 0.35  # cycles per voxel below which background remains, and above which detail is fine
LEAST = 0.02  # of the signal: no measured field fits better
TRUSTED = 1 / 16  # least w of a voxel whose field counts
FADE_VOXELS = 6
GAUSSIAN = 0.6745  # median absolute value of a standard normal variable


@dataclass(frozen=True)
class Misfit:
    """What of a field no map explains, and what maps do explain.

    Attributes
    ----------
    misfit_ppm, signal_ppm : float
        Standard deviation of white noise with as much in the frequencies near the cone, and in the others.
    """

    misfit_ppm: float
    signal_ppm: float

    @property
    def ratio(self):
        """Misfit over signal, at most 1; 0 if the signal is unknown."""
        return min(self.misfit_ppm / self.signal_ppm, 1.0) if self.signal_ppm > 0 else 0.0


def measured_misfit(local):
    """Compare the field near the zero cone of the dipole kernel with that at other frequencies.

    Near the cone no susceptibility makes a field: what is there is noise, anisotropy, what background removal left, or
    an error of the reconstruction. It is at least the noise, and LEAST of the signal. What the end of the mask spreads
    into the cone from other frequencies, strong sources included, is subtracted, as if the power of the map fell with
    the fourth power of the frequency. Costs four pairs of transforms.

    Parameters
    ----------
    local : FieldMap

    Returns
    -------
    Misfit
        From medians in the mask, so that a few bad voxels and strong sources do not count.
    """
    bands = _Bands(local)
    cone, signal = bands.size < CONE, bands.size > SIGNAL
    noise_ppm, in_cone, in_signal = _noise_ppm(local, bands), bands.values(cone, COARSE), bands.values(signal, COARSE)
    if in_cone is None or in_signal is None:
        return Misfit(noise_ppm, 0.0)
    spread = bands.expected(cone, signal) * float((in_signal * in_signal).mean(dtype=np.float64))
    signal_ppm = _typical(in_signal)
    misfit_ppm = max(_typical(in_cone) ** 2 - spread, 0) ** 0.5
    return Misfit(max(misfit_ppm, noise_ppm, LEAST * signal_ppm), signal_ppm)


def field_noise_ppm(local):
    """The typical standard deviation sigma of the noise in a field.

    The lower of two estimates, as both contain more than noise: from fine detail near the zero cone of the dipole
    kernel, at which no susceptibility makes a field, and from mixed differences along all three axes, in which tissue
    shows little. Each is a median absolute value in the mask, so that a few bad voxels do not count.

    Parameters
    ----------
    local : FieldMap

    Returns
    -------
    float
        sigma in ppm; 0 if it cannot be estimated.
    """
    return _noise_ppm(local, _Bands(local))


def _noise_ppm(local, bands):
    near_cone = bands.values(bands.size < CONE, FINE)
    found = _in_differences(local), np.inf if near_cone is None else _typical(near_cone)
    return min(found) if np.isfinite(min(found)) else 0.0


def _typical(values):
    """The standard deviation of normal variables with the median absolute value of `values`."""
    xp = namespace(values)
    return float(xp.median(xp.abs(values))) / GAUSSIAN


class _Bands:
    """A field by frequency, in a mask with a soft rim; size: |D| of each frequency."""

    def __init__(self, local):
        self.model, self.faded = DipoleModel(local), faded(local.mask)
        self.size = self.model.xp.abs(self.model.kernel)
        self.squared = self.model.squared_frequency()
        self.spectrum = rfftn(self.model.padded(_without_outliers(local) * self.faded))

    def values(self, kept, lowest):
        """The part of the frequencies `kept` above `lowest` in each voxel, scaled as white noise has it; None if empty.

        Of voxels in which the mask is not faded.
        """
        kept = self._above(kept, lowest)
        share = spectral_mean(kept, kept, self.model.shape)
        if not share > 0:
            return None
        part = self.model.result(filtered(self.spectrum, kept, self.model.shape))
        known = self.faded > float(self.faded.max()) / 2
        return part[known] / self.faded[known] / np.float32(share**0.5)

    def expected(self, cone, signal):
        """The mean power in `cone` over that in `signal` of the field of a map in the mask, if nothing else is there.

        It is D^2 times the map's power, convolved with the power of the mask.
        """
        xp, shape = self.model.xp, self.model.shape
        window = rfftn(self.model.padded(self.faded))
        correlation = irfftn(xp.square(xp.abs(window)).astype(window.dtype), shape)
        power = xp.square(self.model.kernel) / xp.square(xp.maximum(self.squared, COARSE**2))
        spread = rfftn(irfftn(power.astype(window.dtype), shape) * correlation).real
        means = (
            spectral_mean(spread, kept, shape) / spectral_mean(kept, kept, shape)
            for kept in (self._above(cone, COARSE), self._above(signal, COARSE))
        )
        return float(np.divide(*means))

    def _above(self, kept, lowest):
        return (kept & (self.squared > lowest**2)).astype(np.float32)


def _without_outliers(local):
    """The field, with the mean of the neighbors in voxels that are known to be bad: filters would spread them."""
    good = (squared_weight(local) > TRUSTED) | ~local.mask
    if good.all():
        return local.ppm
    of = library(good)
    uniform_filter, xp = of.ndimage.uniform_filter, of.xp
    total, number = (uniform_filter(x.astype(np.float32), 3, mode="constant") for x in (local.ppm * good, good))
    return xp.where(good, local.ppm, total / xp.maximum(number, np.float32(1e-3)))


def _in_differences(local):
    """From mixed differences; infinite for a mask that is thinner than two voxels."""
    detail, known = local.ppm, local.mask
    for axis in range(3):
        ahead, here = ((slice(None),) * axis + (part,) for part in (slice(1, None), slice(None, -1)))
        detail, known = detail[ahead] - detail[here], known[ahead] & known[here]
    return _typical(detail[known]) / 8**0.5 if known.any() else np.inf


def faded(mask):
    """`mask` with a soft rim, or as it is if too thin for one: a step would spread over all frequencies."""
    of = library(mask)
    rise = of.ndimage.uniform_filter(mask.astype(np.float32), 2 * FADE_VOXELS + 1, mode="constant")
    rise = of.xp.clip(2 * rise - 1, 0, 1) * mask
    return rise * rise * (3 - 2 * rise) if rise.any() else mask.astype(np.float32)
