"""AMP-PE: approximate message passing with parameter estimation (Huang et al. 2023). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...numerics.gpu_memory import Need
from ...numerics.iteration import iterate
from ...numerics.namespace import library
from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel, spectral_mean
from ...solvers.haar import BANDS, through_bands
from ...solvers.weights import squared_weight

SAMPLE = 40_000  # coefficients of a band from which its scale is estimated
LARGEST_ARGUMENT = 26.0  # of erfcx(-x), before double precision overflows
TINY = 1e-30


@dataclass(frozen=True)
class AmpPeParameters:
    levels: int = parameter(3, "Wavelet levels", low=1, high=4, help="Levels of the wavelet transform.")
    damping: float = parameter(
        0.3,
        "Step",
        low=0.001,
        high=0.5,
        help="Part of each new estimate that enters the map. Lower values converge more slowly and more safely.",
    )
    iterations: int = shared.iterations(20, help="Maximum number of iterations. More fit errors of fields in people.")
    tolerance: float = shared.tolerance(0.01)


@method(
    "invert",
    title="AMP-PE",
    parameters=AmpPeParameters,
    citations=[
        Citation("Huang et al., Magn Reson Med 2023;90:1414-1430", "10.1002/mrm.29722"),
    ],
    on_gpu=True,
    gpu_need=Need(per_voxel=160),
)
def amp_pe(local, parameters, progress):
    """Find the map by approximate message passing; noise and sparsity of its wavelets are estimated on the way.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : AmpPeParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Notes
    -----
    The noise of W f is normal with variance nu, wavelet coefficients of x have a Laplace distribution of scale b. Each
    iteration makes of the residual an estimate of x with independent errors of known variance, and shrinks its
    coefficients by variance / b; nu and b maximize their likelihood (expectation maximization). So the only settings
    are how long and how fast. An iteration costs two pairs of transforms, and as much again for the wavelets.

    Unlike in the paper, wavelets have no grid of blocks (haar.py), each band has a scale of its own, the field is taken
    as it is rather than as phasors, all coefficients are shrunk, not only those that are small in the magnitude, and
    the noise has one component, not two. A second one for outliers took veins and nuclei for such in people: in a part
    of a head in vivo the NRMSE was 66 % after 15 iterations, not 52 %.

    There, 8, 15 and 40 iterations gave 51, 52 and 56 %, total variation 48 % and the consensus 41 %; in a part of a
    simulated head 15 and 40 gave 41 and 39 %, total variation 33 %. In two whole heads in vivo it was 67 and 72 %
    after 19 iterations (slope 0.82 and 0.75), on a realistic head 43 %: the estimated noise leaves out what no
    susceptibility explains, so that streaks remain while fine detail is smoothed. Fewer iterations than 20
    would lower that a little, but leave a sphere in an ideal field more than a tenth below its value.
    """
    state = _Messages(local, parameters.levels, parameters.damping)
    x = iterate(state.step, state.x, parameters.iterations, parameters.tolerance, progress)
    progress.note(noise_ppm=float(f"{state.noise_variance**0.5:.4g}"))
    return state.model.result(x)


class _Messages:
    """The estimate of the map, its variance, the residual message and the estimated parameters."""

    def __init__(self, local, levels, damping):
        self.model, self.levels, self.damping = DipoleModel(local), levels, np.float32(damping)
        model, self.of = self.model, library(local.ppm)
        xp = self.xp = self.of.xp
        self.w = model.padded(xp.sqrt(squared_weight(local)))
        self.f, self.mask = self.w * model.padded(local.ppm), model.padded(local.mask)
        self.known, self.voxels = self.mask > 0, int(xp.count_nonzero(local.mask))
        squares = spectral_mean(model.kernel, model.kernel, model.shape)
        self.gain = squares * float(xp.square(self.w).sum(dtype=np.float64)) / self.voxels
        touched = self.of.ndimage.maximum_filter(self.known, 2 ** (levels + 1) - 1, mode="wrap")
        self.share = int(xp.count_nonzero(touched)) / self.voxels
        places = xp.flatnonzero(touched)
        self.sample = places[:: max(1, len(places) // SAMPLE)]
        power = float(xp.square(self.f).sum(dtype=np.float64)) / self.voxels
        self.variance, self.noise_variance = power / self.gain + TINY, 0.1 * power + TINY
        self.scales = {}
        self.x, self.message = xp.zeros(model.shape, np.float32), xp.zeros(model.shape, np.float32)

    def step(self, x):
        """The next map, and no objective."""
        of_field = self.gain * self.variance
        residual = self.model.field(x, self.w)
        residual -= np.float32(of_field) * self.message
        self.xp.subtract(self.f, residual, out=residual)
        self._estimate_noise(residual, of_field)
        precision = 1 / (self.noise_variance + of_field)
        self.message = residual * np.float32(precision)
        error = 1 / (self.gain * precision)
        estimate = self.model.field(self.w * self.message, self.mask)
        estimate *= np.float32(error)
        estimate += x
        shrunk, freedom = self._shrunk(estimate, error)
        shrunk -= x
        shrunk *= self.damping
        self.variance += float(self.damping) * (error * min(freedom, 1.0) - self.variance)
        return x + shrunk, None

    def _estimate_noise(self, residual, of_field):
        power = float(self.xp.square(residual).sum(dtype=np.float64)) / self.voxels
        kept = self.noise_variance / (self.noise_variance + of_field)
        self.noise_variance = max(kept * of_field + kept**2 * power, TINY)

    def _shrunk(self, estimate, error):
        """The estimate with its wavelet coefficients shrunk, in the mask, and the share of them that is left."""
        xp, left, numbers = self.xp, [self.share / BANDS**self.levels], iter(range(BANDS * self.levels))

        def shrink(level, band):
            number = next(numbers)
            sampled = xp.abs(band.ravel()[self.sample].astype(np.float64))
            scale = self.scales[number] = _laplace_scale(sampled[sampled > 0], error, self.scales.get(number))
            limit = np.float32(error / scale)
            left.append(int(xp.count_nonzero(xp.abs(band) > limit)) / self.voxels / BANDS ** (level + 1))
            return band - xp.clip(band, -limit, limit)

        return through_bands(estimate, self.levels, shrink) * self.mask, sum(left)


def _laplace_scale(sizes, variance, before):
    """The scale b of a Laplace distribution, from the sizes of its values with normal errors of known variance.

    Expectation maximization from the one before: the mean of the expected size of each value without its error.
    """
    if not sizes.size:
        return before or 1.0
    of, root, scale = library(sizes), variance**0.5, before or max(float(sizes.mean()), TINY)
    erfcx, maximum = of.special.erfcx, of.xp.maximum
    for _ in range(2):
        shift = variance / scale
        upper = erfcx(maximum((shift - sizes) / (2**0.5 * root), -LARGEST_ARGUMENT))
        lower = erfcx((shift + sizes) / (2**0.5 * root))
        tail = 2 * root * (2 / np.pi) ** 0.5
        expected = (sizes - shift) * upper - (sizes + shift) * lower + tail
        scale = max(float((expected / (upper + lower)).mean()), 1e-3 * root, TINY)
    return scale
