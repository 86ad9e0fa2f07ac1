"""NLTV: nonlinear total variation with reweighting (Kames et al. 2018)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.gradient import gradient
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import total_variation_admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.regularization import chosen_strength
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class NltvParameters:
    strength: float = shared.strength()
    edge: float = parameter(
        0.02,
        "Edge",
        unit="ppm/mm",
        low=1e-5,
        high=100,
        help="A gradient of this size counts half, larger ones less. Lower keeps fainter edges sharp.",
    )
    rounds: int = parameter(3, "Rounds", low=1, high=50, help="Weights of the gradient: one at first, then anew.")
    iterations: int = shared.iterations(20, help="At most so many ADMM steps in each round.")
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    tolerance: float = shared.tolerance(0.02, help="A round ends when the map's relative change falls below this.")
    rad_per_ppm: float = shared.rad_per_ppm()


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
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + strength |V grad x|_1, with V from x, by ADMM.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    V = 1 in the first round and then edge / (edge + |dx|) of the map so far, for each component of the gradient: edges
    once found cost less, and keep their height. W lowers the weight of voxels whose uncertainty (or else magnitude) is
    worse than the median, where it is given; s turns ppm into radians. Two pairs of transforms a step.
    """
    model, strength = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    solver = total_variation_admm(model, strength, parameters)
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(target, weight, solver.data_penalty, parameters.rad_per_ppm)
    for done in range(parameters.rounds):
        if done:
            solver.shrinkage.take_threshold(_thresholds(solver.x, model.spacing_mm, parameters))
        report = progress.part(done / parameters.rounds, (done + 1) / parameters.rounds)
        solver.run(fidelity, parameters.iterations, parameters.tolerance, report, f"round {done + 1}")
    return model.result(solver.x)


def _thresholds(x, spacing_mm, parameters):
    """shrinkage edge / (edge + |dx|) for each component of the gradient, float32 (3, k, j, i)."""
    result = gradient(x, spacing_mm)

    def work(start, stop):
        part = result[:, start:stop]
        np.abs(part, out=part)
        part += np.float32(parameters.edge)
        np.divide(np.float32(parameters.shrinkage * parameters.edge), part, out=part)

    for_slabs(work, x.shape)
    return result
