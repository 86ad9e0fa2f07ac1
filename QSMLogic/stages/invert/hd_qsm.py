"""HD-QSM: hybrid data fidelity, first L1, then L2 (Lambert et al. 2022)."""

from dataclasses import dataclass

import numpy as np

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import total_variation_admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import absolutes, squares
from ...solvers.regularization import chosen_strength
from ...solvers.weights import squared_weight

ALIKE_PPM = 0.003  # the residual at which both fidelities pull alike, so that one strength serves both


@dataclass(frozen=True)
class HdQsmParameters:
    strength: float = shared.strength()
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    l1_iterations: int = shared.iterations(12, "L1 iterations", "Steps with the L1 data fidelity.")
    l2_iterations: int = shared.iterations(28, "L2 iterations", "At most so many with the L2 fidelity.")
    tolerance: float = shared.tolerance(0.02, "Each part stops when the map's relative change falls below this.")


@method(
    "invert",
    title="HD-QSM",
    parameters=HdQsmParameters,
    citations=[Citation("Lambert et al., Magn Reson Med 2022;88:962-972", "10.1002/mrm.29218")],
)
def hd_qsm(local, parameters, progress):
    """Minimise |W (D x - f)|_1 by some steps of ADMM, then 1/2 |W (D x - f)|_2^2, both with strength |grad x|_1.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    The first part keeps outliers from spreading; the second, which starts from its map, takes the noise away. W
    lowers the weight of voxels whose uncertainty (or else magnitude) is worse than the median, where it is given.
    A step costs two pairs of transforms.
    """
    model, strength = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    solver = total_variation_admm(model, strength, parameters)
    target, penalty = model.padded(local.ppm), solver.data_penalty
    share = parameters.l1_iterations / (parameters.l1_iterations + parameters.l2_iterations)
    first, second = progress.part(0, share), progress.part(share, 1)

    weight = model.padded(np.float32(ALIKE_PPM) * np.sqrt(squared_weight(local)))
    solver.run(absolutes(target, weight, penalty), parameters.l1_iterations, parameters.tolerance, first, "l1")
    weight = model.padded(squared_weight(local))
    fidelity = squares(target, weight, penalty)
    return model.result(solver.run(fidelity, parameters.l2_iterations, parameters.tolerance, second, "l2"))
