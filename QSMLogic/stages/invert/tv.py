"""TV: total variation with weighted data, by ADMM (Bilgic et al. 2015)."""

from dataclasses import dataclass

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import total_variation_admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import squares
from ...solvers.regularization import chosen_strength
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
)
def tv(local, parameters, progress):
    """Solve min 1/2 |W (D x - f)|_2^2 + strength |grad x|_1 by ADMM.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    W lowers the weight of voxels whose uncertainty (or else magnitude) is worse than the median, where it is given.
    A step costs two pairs of transforms.
    """
    model, strength = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    solver = total_variation_admm(model, strength, parameters)
    fidelity = squares(model.padded(local.ppm), model.padded(squared_weight(local)), solver.data_penalty)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
