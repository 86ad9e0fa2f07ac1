"""TV: total variation with weighted data, by ADMM (Bilgic et al. 2015). Symbols as in admm.py."""

from dataclasses import dataclass

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class TvParameters:
    strength: float = shared.strength()
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.025)


@method(
    "invert",
    title="TV",
    parameters=TvParameters,
    citations=[Citation("Bilgic et al., Magn Reson Med 2015;73:1490-1499", "10.1002/mrm.25029")],
    on_gpu=True,
)
def tv(local, parameters, progress):
    """Solve min 1/2 |W (D x - f)|_2^2 + lambda |grad x|_1 by ADMM.

    An iteration costs two pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : TvParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    penalties = tv_penalties(lam, parameters)
    solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2)
    fidelity = squares(model.padded(local.ppm), model.padded(squared_weight(local)))
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
