"""WH-QSM: weak-harmonic inversion, which finds what is left of the background too (Milovic et al. 2019)."""

from dataclasses import dataclass

import numpy as np

from ..admm import DipoleAdmm
from ..convolution import filtered, multiply
from ..dipole import DipoleModel
from ..fft import irfftn, rfftn
from ..fidelity import phasor_squares
from ..kernels import laplacian_kernel
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage


@dataclass(frozen=True)
class WhQsmParameters:
    strength: float = parameter(
        1e-4,
        "Strength",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total variation. Higher takes away noise and streaks, then fine structures.",
    )
    harmonic: float = parameter(
        100.0,
        "Harmonicity",
        unit="mm^4",
        low=0.01,
        high=1e8,
        help="Weight of the background's Laplacian in the mask. Lower gives more of the field to the background.",
    )
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    iterations: int = parameter(60, "Iterations", low=1, high=2000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.005, "Tolerance", low=0, high=1, help="Stops when the map's relative change falls below this."
    )
    rad_per_ppm: float = parameter(
        16.0,
        "Phase scale",
        unit="rad/ppm",
        low=0.1,
        high=1000,
        help="Phase of 1 ppm: 2 pi x 42.58 x tesla x echo time in s. Residuals beyond pi count as phase wraps.",
    )


@method(
    "invert",
    title="WH-QSM",
    parameters=WhQsmParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2019;81:1399-1411", "10.1002/mrm.27483")],
)
def wh_qsm(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s (D x + h)) - exp(i s f))|_2^2 / s^2 + a |grad x|_1 + b/2 |M lap h|_2^2 by ADMM.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    h is what background removal left: nearly harmonic in the mask M. W lowers the weight of voxels whose uncertainty
    (or else magnitude) is worse than the median, where it is given; s turns ppm into radians; a is the strength, b
    the harmonicity. A step costs three pairs of transforms.
    """
    model = DipoleModel(local)
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    solver = _WeakHarmonic(
        model,
        shrinkage,
        parameters.data_penalty,
        parameters.strength / parameters.shrinkage,
        parameters.harmonic,
        model.padded(local.mask) > 0,
    )
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    proximal = phasor_squares(target, weight, parameters.data_penalty, parameters.rad_per_ppm)
    return model.result(solver.run(proximal, parameters.iterations, parameters.tolerance, progress))


class _WeakHarmonic(DipoleAdmm):
    """DipoleAdmm for the field D x + h, with one more splitting: y = lap h, which is to vanish in the mask."""

    def __init__(self, model, shrinkage, data_penalty, gradient_penalty, harmonic, mask):
        super().__init__(model, shrinkage, data_penalty, gradient_penalty)
        self.laplacian = laplacian_kernel(model.shape, model.spacing_mm)
        penalty = harmonic  # the splitting as strong as the penalty halves y in the mask in each step
        self.from_residual = data_penalty / (np.float32(data_penalty) + np.float32(penalty) * self.laplacian**2)
        self.kept = np.where(mask, np.float32(penalty / (penalty + harmonic)), np.float32(1))
        self.second_dual = np.zeros(model.shape, np.float32)
        self.second = np.zeros(model.shape, np.float32)  # y less its dual
        self.from_second = self.laplacian * np.float32(penalty / data_penalty)
        self.background = np.zeros((*model.shape[:2], model.shape[2] // 2 + 1), np.complex64)

    def _update_map(self, data_spectrum):
        model = self.model
        spectrum = self._map_spectrum(data_spectrum - self.background)
        field = spectrum * model.kernel
        harmonic = rfftn(self.second)
        multiply(harmonic, self.from_second)
        harmonic += data_spectrum
        harmonic -= field
        multiply(harmonic, self.from_residual)
        field += harmonic
        self.background, self.field = harmonic, irfftn(field, model.shape)
        self.x = irfftn(spectrum, model.shape)
        v = filtered(harmonic, self.laplacian, model.shape)
        v += self.second_dual
        self.second = self.kept * v
        np.subtract(v, self.second, out=self.second_dual)
        self.second -= self.second_dual
