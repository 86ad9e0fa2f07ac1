"""NLTV: nonlinear total variation with reweighting (Kames et al. 2018). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...numerics.gradient import gradient
from ...numerics.namespace import namespace
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight

STEP = 0.32  # automatic lambda as in regularization.py; more than there, as reweighting lowers it at edges


@dataclass(frozen=True)
class NltvParameters:
    strength: float = shared.strength()
    edge: float = parameter(
        0.02,
        "Reweighting epsilon",
        unit="ppm/vox",
        low=1e-5,
        high=100,
        help="Gradient whose weight is halved; larger gradients weigh less. Lower values preserve fainter edges.",
    )
    rounds: int = parameter(
        3,
        "Reweighting iterations",
        low=1,
        high=50,
        help="Number of inversions, the first with unit weights, the others with weights from the map before.",
    )
    iterations: int = shared.iterations(20, help="Maximum number of ADMM iterations for each set of weights.")
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    tolerance: float = shared.tolerance(
        0.02, help="Go on to the next weights if the relative change of the map is below this."
    )
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="NLTV",
    parameters=NltvParameters,
    citations=[
        Citation("Kames et al., NeuroImage 2018;167:276-283", "10.1016/j.neuroimage.2017.11.018"),
        Citation("Candes et al., J Fourier Anal Appl 2008;14:877-905", "10.1007/s00041-008-9045-x"),
    ],
    on_gpu=True,
)
def nltv(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + lambda |V grad x|_1, with V from x, by ADMM.

    V is 1 at first and then epsilon / (epsilon + |dx|) of the map so far, for each component of the gradient: edges
    once found cost less, and keep their height. An iteration costs two pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : NltvParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress, share=STEP)
    penalties = tv_penalties(lam, parameters)
    regularizer = TotalVariation(model, penalties)
    solver = Admm(model, regularizer, penalties.mu_2)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(f, w, parameters.rad_per_ppm)
    for done in range(parameters.rounds):
        if done:
            regularizer.shrinkage.set_threshold(_thresholds(solver.x, model.spacing, penalties.tau_1, parameters.edge))
        report = progress.part(done / parameters.rounds, (done + 1) / parameters.rounds)
        solver.run(fidelity, parameters.iterations, parameters.tolerance, report, f"round {done + 1}")
    return model.result(solver.x)


def _thresholds(x, spacing, tau_1, epsilon):
    """tau_1 V = tau_1 epsilon / (epsilon + |dx|) for each component of the gradient, float32 (3, k, j, i)."""
    xp, result = namespace(x), gradient(x, spacing)

    def work(start, stop):
        part = result[:, start:stop]
        xp.abs(part, out=part)
        part += np.float32(epsilon)
        xp.divide(np.float32(tau_1 * epsilon), part, out=part)

    for_slabs(work, x)
    return result
