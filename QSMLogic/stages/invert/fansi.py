"""FANSI: fast nonlinear susceptibility inversion with total variation (Milovic et al. 2018). Symbols as in admm.py."""

from dataclasses import dataclass

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class FansiParameters:
    strength: float = shared.strength()
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage(0.04)
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.025)
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="FANSI nlTV",
    parameters=FansiParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2018;80:814-821", "10.1002/mrm.27073")],
    on_gpu=True,
)
def fansi(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + lambda |grad x|_1 by ADMM.

    An iteration costs two pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : FansiParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    penalties = tv_penalties(lam, parameters)
    solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(f, w, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
