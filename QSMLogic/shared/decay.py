"""How the magnitude of a voxel decays from echo to echo: its echoes, the maps of its rate, and their noise."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..model.errors import QSMError
from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs
from ..registry.method import parameter
from ..solvers.misfit import GAUSSIAN
from .dephasing import attenuation, hz_across
from .similar_neighbors import averaged

LONGEST_S = 1.0  # T2* of what hardly decays between the echoes
FASTEST = 5.0  # decay by this exponent between the two closest echoes leaves nothing to fit
FAINTEST = 1e-3  # of the brightest echo: what is fainter has at least this logarithm, and weight
MATTERS, ENOUGH = 0.9, 100  # of the last echo left by field gradients; voxels that tell how to correct for them
DARKEST = 0.05  # of the voxels with signal
PRIOR = 4  # residuals with the usual noise that count along with the few of a voxel
CLEARLY = 0.9  # of the squared residuals without correction
SLAB = 1 << 14  # voxels whose echoes fit the cache
TINY = np.finfo(np.float32).tiny

FIELD_GRADIENTS = parameter(
    "automatic",
    "Field gradients",
    choices=("automatic", "voxel", "slice", "none"),
    help="Correct the decay for dephasing by gradients of the total field, as if a voxel was a box of spins along all "
    "its axes (voxel), along its longest axis only, as slices are (slice), or not at all (none). automatic: whichever "
    "leaves the smallest residuals. The voxels of 3D scans hardly dephase.",
)
DENOISE = parameter(
    False,
    "Denoise",
    help="Average the echoes of neighboring voxels that differ by no more than noise. In uniform tissue that halves "
    "the noise of R2*, but faint detail may be lost.",
)


@dataclass(frozen=True)
class RelaxometryParameters:
    field_gradients: str = FIELD_GRADIENTS
    denoise: bool = DENOISE


class Decays:
    """The echoes of the voxels in a mask, float32 (echo, voxel).

    Attributes
    ----------
    magnitude : ndarray
        Not negative; unknown values are zero.
    attenuation : ndarray
        Fraction of the magnitude that the dephasing by field gradients has left.
    times_s : ndarray
        Echo times.
    last_echo : ndarray
        Its magnitude (k, j, i) as measured, also outside the mask.
    """

    def __init__(self, scan, mask, total, parameters, progress, least=2):
        """Raises QSMError for fewer than `least` echoes, or if there is no signal or no field that is needed."""
        if scan.echoes < least:
            echoes = f"{scan.echoes} echo{'es' if scan.echoes > 1 else ''}"
            remedy = "use the method log_linear." if scan.echoes > 1 else "load a scan with several echoes."
            raise QSMError(f"R2* by this method needs at least {least} echoes, but the scan has {echoes}; {remedy}")
        xp = self.xp = namespace(mask)
        self.mask, self.times_s = mask, xp.asarray(scan.echo_times_s, np.float32)
        self.last_echo = scan.magnitude[-1]
        self.magnitude = _known(xp.stack([echo[mask] for echo in scan.magnitude]))
        if not self.magnitude.any():
            raise QSMError("The magnitude is zero in the entire mask, so that R2* has no signal. Check the magnitude.")
        self.attenuation = attenuation(self._across(scan, total, parameters.field_gradients, progress), self.times_s)
        progress(0.2)
        if parameters.denoise:
            self.magnitude = averaged(_known(scan.magnitude), mask, self.noise)[:, mask]
        progress(0.5)

    def _across(self, scan, total, choice, progress):
        """The frequency differences of the axes to correct for, (axis, voxel); automatic: of the best fit."""
        if total is None and choice in ("voxel", "slice"):
            raise QSMError("The correction for field gradients needs a field map, but there is none. Choose none.")
        if total is None or choice == "none":
            return self.xp.empty((0, self.magnitude.shape[1]), np.float32)
        across, spacing = hz_across(total, self.mask, scan.field_strength_t), scan.grid.spacing_mm
        longest = spacing.index(max(spacing))
        axes = {"none": slice(0), "slice": slice(longest, longest + 1), "voxel": slice(3)}
        if choice == "automatic":
            choice = self._best(across, axes)
            progress.note(field_gradients=choice)
        return across[axes[choice]]

    def _best(self, across, axes):
        """The choice by which decays are clearly closest to exponentials in voxels where it matters."""
        matters = attenuation(across, self.times_s[-1:])[0] < MATTERS
        if len(self.times_s) < 3 or int(self.xp.count_nonzero(matters)) < ENOUGH:
            return "none"
        magnitude, across = self.magnitude[:, matters], across[:, matters]
        misfit = {}
        for choice, chosen in axes.items():
            residual = residuals(magnitude, attenuation(across[chosen], self.times_s), self.times_s)
            misfit[choice] = float(self.xp.median(squares(residual) / self.xp.maximum(squares(magnitude), TINY)))
        best = min(misfit, key=misfit.get)
        return best if misfit[best] < CLEARLY * misfit["none"] else "none"

    @property
    def fastest_hz(self):
        return FASTEST / float(self.xp.diff(self.times_s).min())

    @cached_property
    def noise(self):
        """Standard deviation of the noise: that of the residuals of the lines through the logarithms, as measured."""
        found = self.xp.empty(self.magnitude.shape[1], np.float32)

        def work(first, last):
            part = slice(first, last)
            found[part] = squares(residuals(self.magnitude[:, part], self.attenuation[:, part], self.times_s))

        for_slabs(work, found, SLAB)
        bright = self.magnitude[-1] >= self.xp.median(self.magnitude[-1])
        return self._deviation(found[bright])

    @cached_property
    def noise_floor(self):
        """Standard deviation of the real part of noise without signal.

        That of the residuals, but not more than the darkest voxels of the last echo show, in the air around the mask:
        in vivo, noise grows with the signal.
        """
        return min(self.noise, noise_of_darkest(_known(self.last_echo)))

    def _deviation(self, squared_residuals):
        """The noise whose sums of squared residuals, which follow a chi-squared distribution, have this median.

        Two echoes leave no residuals: then it is that between neighboring voxels of the last echo.
        """
        degrees = len(self.times_s) - 2
        if degrees:
            return float(self.xp.sqrt(self.xp.median(squared_residuals) / (degrees * (1 - 2 / (9 * degrees)) ** 3)))
        return noise_between(self._image(self.magnitude[-1]), self.mask)

    def fitted(self, fit, noise=0.0):
        """The four maps, {name: float32 (k, j, i)}, zero outside the mask; without signal, all but the uncertainty.

        fit: called with magnitude and attenuation (echo, voxel), returns the rate in 1/s. noise: standard deviation of
        the real part, whose floor is not part of the decay; 0: no floor.
        """
        xp = self.xp
        rate, start, scatter, information = xp.empty((4, self.magnitude.shape[1]), np.float32)

        def work(first, last):
            part = slice(first, last)
            magnitude, left = self.magnitude[:, part], self.attenuation[:, part]
            found = xp.clip(xp.nan_to_num(fit(magnitude, left)), 0, self.fastest_hz)
            signal = left * xp.exp(-found * self.times_s[:, None])
            start[part] = amplitude(magnitude, signal, noise)
            rate[part] = xp.where(magnitude.any(axis=0), found, 0)
            signal *= start[part]
            scatter[part] = squares(magnitude - xp.hypot(signal, np.float32(noise)))
            power = xp.square(signal)
            information[part] = spread(power * power / xp.maximum(power + np.float32(noise**2), TINY), self.times_s)

        for_slabs(work, rate, SLAB)
        return self._maps(rate, start, scatter, information)

    def _maps(self, rate, start, scatter, information):
        xp = self.xp
        usual = self._deviation(scatter[start > 0]) if (start > 0).any() else 0
        degrees = len(self.times_s) - 2
        own = xp.sqrt((PRIOR * usual**2 + scatter) / (PRIOR + degrees))
        noise = xp.maximum(own, usual).astype(np.float32)
        uncertainty = noise / xp.sqrt(xp.maximum(information, TINY))
        maps = {
            "r2star_hz": rate,
            "t2star_s": xp.where(start > 0, 1 / xp.maximum(rate, np.float32(1 / LONGEST_S)), 0),
            "s0": start,
            "r2star_uncertainty_hz": xp.minimum(uncertainty, self.fastest_hz),
        }
        return {name: self._image(values) for name, values in maps.items()}

    def _image(self, values):
        image = self.xp.zeros(self.mask.shape, np.float32)
        image[self.mask] = values
        return image


def _known(magnitude):
    """A copy whose unknown and negative values are zero."""
    xp = namespace(magnitude)
    known = xp.nan_to_num(magnitude, posinf=0)
    return xp.maximum(known, 0, out=known)


def amplitude(magnitude, decay, noise):
    """S0 of a decay from 1 (echo, voxel): the root of the power beyond that of the noise, over that of the decay."""
    xp = namespace(magnitude)
    power = squares(magnitude) - np.float32(2 * noise**2 * len(magnitude))
    return xp.sqrt(xp.maximum(power, 0) / xp.maximum(squares(decay), TINY))


def squares(values):
    """The sum of squares over the echoes, (voxel)."""
    return namespace(values).einsum("ev,ev->v", values, values)


def log_slope(magnitude, left, times_s):
    """R2* of the line through the logarithms of the echoes (echo, voxel), weighted by the squared magnitude."""
    xp = namespace(magnitude)
    signal = xp.maximum(magnitude, xp.maximum(np.float32(FAINTEST) * magnitude.max(axis=0), TINY))
    weight, later = xp.square(signal), times_s - times_s[0]
    logarithm = xp.log(signal / left)
    s0, s1, s2 = moments(weight, later)
    p0, p1 = xp.stack([later**0, later]) @ (weight * logarithm)
    return (s1 / s0 * p0 - p1) / xp.maximum(s2 - s1 / s0 * s1, TINY)


def residuals(magnitude, left, times_s):
    """What the line through the logarithms leaves of the magnitude, (echo, voxel)."""
    signal = left * namespace(left).exp(-log_slope(magnitude, left, times_s) * times_s[:, None])
    return magnitude - signal * amplitude(magnitude, signal, 0)


def moments(weight, times_s):
    """Sums of the weights (echo, voxel) times the echo times to the powers 0, 1, 2; the first is not zero."""
    xp = namespace(weight)
    s0, s1, s2 = xp.stack([times_s**power for power in range(3)]) @ weight
    return xp.maximum(s0, TINY), s1, s2


def spread(weight, times_s):
    """Sum of the squared distances of the echo times from their mean, weighted (echo, voxel)."""
    s0, s1, s2 = moments(weight, times_s - times_s[0])
    return s2 - s1 / s0 * s1


def noise_of_darkest(image):
    """Standard deviation of the real part of noise whose magnitude (Rayleigh distribution) is that of dark voxels."""
    values = image[image > 0]
    if not values.size:
        return 0.0
    return float(namespace(values).quantile(values, DARKEST)) / float(np.sqrt(-2 * np.log(1 - DARKEST)))


def noise_between(image, mask):
    """Standard deviation of the noise of an image: from its differences along all axes, which anatomy hardly has."""
    xp = namespace(image)
    differences = xp.where(mask, image, np.float32(np.nan))
    for axis in range(3):
        differences = xp.diff(differences, axis=axis)
    found = xp.abs(differences[xp.isfinite(differences)])
    return float(xp.median(found)) / (GAUSSIAN * 8**0.5) if found.size else 0.0
