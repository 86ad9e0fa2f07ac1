"""NLTV: nonlinear total variation with reweighting (Kames et al. 2018)."""

from dataclasses import dataclass

import numpy as np

from ..admm import DipoleAdmm
from ..dipole import DipoleModel
from ..fidelity import phasor_squares
from ..gradient import gradient
from ..method import Citation, method, parameter
from ..parallel import for_slabs
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage


@dataclass(frozen=True)
class NltvParameters:
    strength: float = parameter(
        1e-4,
        "Strength",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total variation. Higher takes away noise and streaks, then fine structures.",
    )
    edge: float = parameter(
        0.02,
        "Edge",
        unit="ppm/mm",
        low=1e-5,
        high=100,
        help="A gradient of this size counts half, larger ones less. Lower keeps fainter edges sharp.",
    )
    rounds: int = parameter(3, "Rounds", low=1, high=50, help="Weights of the gradient: one at first, then anew.")
    iterations: int = parameter(20, "Iterations", low=1, high=2000, help="At most so many ADMM steps in each round.")
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    tolerance: float = parameter(
        0.005, "Tolerance", low=0, high=1, help="Each round stops when the map's relative change falls below this."
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
    title="NLTV",
    parameters=NltvParameters,
    citations=[
        Citation("Kames et al., NeuroImage 2018;167:276-283", "10.1016/j.neuroimage.2017.11.018"),
        Citation("Candes et al., J Fourier Anal Appl 2008;14:877-905", "10.1007/s00041-008-9045-x"),
    ],
)
def nltv(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + strength |V grad x|_1 by ADMM, with V from x itself.
    """
    model = DipoleModel(local)
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    solver = DipoleAdmm(model, shrinkage, parameters.data_penalty, parameters.strength / parameters.shrinkage)
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    proximal = phasor_squares(target, weight, parameters.data_penalty, parameters.rad_per_ppm)
    for part in range(parameters.rounds):
        if part:
            shrinkage.threshold = _thresholds(solver.x, model.spacing_mm, parameters)
        report = progress.part(part / parameters.rounds, (part + 1) / parameters.rounds)
        solver.run(proximal, parameters.iterations, parameters.tolerance, report)
    return model.result(solver.x)


def _thresholds(x, spacing_mm, parameters):
    """shrinkage / (1 + |dx| / edge) for each component of the gradient (3, k, j, i)."""
    result = gradient(x, spacing_mm)

    def work(start, stop):
        part = result[:, start:stop]
        np.abs(part, out=part)
        part *= np.float32(1 / parameters.edge)
        part += 1
        np.divide(np.float32(parameters.shrinkage), part, out=part)

    for_slabs(work, x.shape)
    return result
