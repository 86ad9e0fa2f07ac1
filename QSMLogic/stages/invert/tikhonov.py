"""Tikhonov: least squares with a quadratic penalty, in closed form (Bilgic et al. 2014)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.convolution import multiply
from ...numerics.fft import irfftn, rfftn
from ...numerics.kernels import laplacian_kernel
from ...numerics.namespace import library, to_host
from ...numerics.quotient import quotient
from ...registry.method import Citation, method, parameter
from ...solvers.dipole_model import DipoleModel

STRENGTHS = tuple(float(f"{10 ** (n / 4):.3g}") for n in range(-12, -3))  # 0.001 to 0.1
BINS, BIN_DECADES, LOWEST_DECADE = 700, 0.02, -8.0
FIXED = {"gradient": 0.02, "laplacian": 0.01}  # operators for which generalized cross-validation chose too little


@dataclass(frozen=True)
class TikhonovParameters:
    penalty: str = parameter(
        "identity",
        "Regularization operator P",
        choices=("identity", "gradient", "laplacian"),
        help="Penalizes the susceptibility, its gradient or its Laplacian.",
    )
    strength: float = parameter(
        0.0,
        "Regularization lambda",
        low=0,
        high=100,
        typical=0.01,
        least=1e-4,
        help="Weight of the penalty. Higher values give smoother maps with fewer streaks. "
        "0: automatic, by generalized cross-validation for the identity, else a fixed value.",
    )


@method(
    "invert",
    title="Tikhonov",
    parameters=TikhonovParameters,
    citations=[
        Citation("Bilgic et al., J Magn Reson Imaging 2014;40:181-191", "10.1002/jmri.24365"),
    ],
    on_gpu=True,
)
def tikhonov(local, parameters, progress):
    """Solve min |D x - f|_2^2 + lambda |P x|_2^2 in k-space, in closed form.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : TikhonovParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Notes
    -----
    P is the identity, the gradient or the Laplacian, with lengths in voxels, so that
    lambda holds for any voxel size. If it is 0, generalized cross-validation chooses it for the identity, among
    STRENGTHS: on four fields of heads (3 and 7 T) the NRMSE came within 1.3 points of that of the best lambda, while
    the discrepancy principle was 14 to 23 points off and Stein's unbiased risk estimate 47 to 77. For the gradient and
    the Laplacian it chose too little; they take FIXED. The notes of the run keep the curve. Costs one pair of
    transforms.

    References
    ----------
    Golub et al., Technometrics 1979;21:215-223, doi:10.1080/00401706.1979.10489751
    """
    model = DipoleModel(local)
    progress(0.3)
    xp = model.xp
    penalty = xp.ones_like(model.kernel)
    if parameters.penalty != "identity":
        penalty = laplacian_kernel(model.shape, model.spacing, xp)
    if parameters.penalty == "laplacian":
        xp.square(penalty, out=penalty)
    spectrum = rfftn(model.padded(local.ppm))
    strength = parameters.strength or FIXED.get(parameters.penalty)
    curve = _curve(spectrum, xp.square(model.kernel), penalty, model.shape)
    if not strength:
        strength = min(curve, key=lambda point: point["criterion"])["strength"]
    progress.note(strength=strength, curve=curve)
    progress(0.5)
    penalty *= np.float32(strength)
    penalty += xp.square(model.kernel)
    multiply(spectrum, quotient(model.kernel, penalty, penalty > 0))
    progress(0.7)
    return model.result(irfftn(spectrum, model.shape))


def _curve(spectrum, squares, penalty, shape):
    """Residual, penalty and criterion of generalized cross-validation for each of STRENGTHS, as dictionaries.

    residual and penalty are |D x - f|_2^2 and |P x|_2^2, relative to |f|_2^2. Both follow from the power of the field
    by the ratio of `squares`, D^2, to `penalty`, P^2, whose histogram is made once.
    """
    number, power = _by_ratio(spectrum, squares, penalty, shape)
    ratio = 10.0 ** ((np.arange(BINS) + 0.5) * BIN_DECADES + LOWEST_DECADE)
    curve = []
    for strength in STRENGTHS:
        lost = strength / (strength + ratio)
        residual = lost**2 @ power / (power.sum() or 1.0)
        kept = ratio / (ratio + strength) ** 2 @ power / (power.sum() or 1.0)
        criterion = residual / (lost @ number / number.sum()) ** 2
        values = {"residual": residual, "penalty": kept, "criterion": criterion}
        curve.append({"strength": strength, **{name: float(f"{v:.4g}") for name, v in values.items()}})
    return curve


def _by_ratio(spectrum, squares, penalty, shape):
    """The number of frequencies and their power in each bin of log10(squares / penalty)."""
    twice = np.full(spectrum.shape[2], 2.0)  # a half-spectrum stands for both signs of its last frequency, but for:
    twice[0] = 1
    if shape[2] % 2 == 0:
        twice[-1] = 1
    of, number, power = library(spectrum), np.zeros(BINS), np.zeros(BINS)
    xp, twice = of.xp, of.xp.asarray(twice)
    parts = zip(spectrum, squares, penalty, strict=True) if of.in_slabs else [(spectrum, squares, penalty)]
    for values, square, plane in parts:
        decades = xp.log10(xp.maximum(square, 1e-12) / xp.maximum(plane, 1e-12))
        bins = xp.clip((decades - LOWEST_DECADE) / BIN_DECADES, 0, BINS - 1).astype(np.intp).ravel()
        number += to_host(xp.bincount(bins, xp.broadcast_to(twice, square.shape).ravel(), BINS))
        power += to_host(xp.bincount(bins, (twice * (values.real**2 + values.imag**2)).ravel(), BINS))
    return number, power
