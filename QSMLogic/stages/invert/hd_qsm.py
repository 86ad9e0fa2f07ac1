"""HD-QSM: hybrid data fidelity, first L1, then L2 (Lambert et al. 2022). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import absolutes, squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight

L1_SCALE_PPM = 0.003  # the residual at which both fidelities have the same slope, so that one lambda serves both


@dataclass(frozen=True)
class HdQsmParameters:
    strength: float = shared.strength()
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    l1_iterations: int = shared.iterations(12, "L1 iterations", "Maximum number with the L1 data fidelity.")
    l2_iterations: int = shared.iterations(28, "L2 iterations", "Maximum number with the L2 data fidelity.")
    tolerance: float = shared.tolerance(0.02, "Stop each part if the relative change of the map is below this.")


@method(
    "invert",
    title="HD-QSM",
    parameters=HdQsmParameters,
    citations=[Citation("Lambert et al., Magn Reson Med 2022;88:962-972", "10.1002/mrm.29218")],
    on_gpu=True,
)
def hd_qsm(local, parameters, progress):
    """Minimize |W (D x - f)|_1 by some iterations of ADMM, then 1/2 |W (D x - f)|_2^2, both with lambda |grad x|_1.

    The first part keeps outliers from spreading; the second, which starts from its map, removes the noise. An
    iteration costs two pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : HdQsmParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    penalties = tv_penalties(lam, parameters)
    solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2)
    share = parameters.l1_iterations / (parameters.l1_iterations + parameters.l2_iterations)
    first, second = progress.part(0, share), progress.part(share, 1)

    f = model.padded(local.ppm)
    w = model.padded(np.float32(L1_SCALE_PPM) * model.xp.sqrt(squared_weight(local)))
    solver.run(absolutes(f, w), parameters.l1_iterations, parameters.tolerance, first, "l1")
    w = model.padded(squared_weight(local))
    return model.result(solver.run(squares(f, w), parameters.l2_iterations, parameters.tolerance, second, "l2"))
