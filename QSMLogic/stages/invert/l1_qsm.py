"""L1-QSM: total variation with an L1 data fidelity of phasors (Milovic et al. 2022)."""

from dataclasses import dataclass

import numpy as np

from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import DipoleAdmm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_absolutes
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import GradientShrinkage
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class L1QsmParameters:
    strength: float = shared.strength(unit="mm", typical=0.04)
    distance: float = parameter(
        0.1,
        "Data shrinkage",
        unit="ppm",
        low=1e-5,
        high=1,
        help="ADMM takes this off the residual in a step: speed only.",
    )
    shrinkage: float = shared.shrinkage(0.04)
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.02)
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="L1-QSM",
    parameters=L1QsmParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2022;87:457-473", "10.1002/mrm.28957")],
)
def l1_qsm(local, parameters, progress):
    """Solve min |W (exp(i s D x) - exp(i s f))|_1 / s + strength |grad x|_1 by ADMM: robust against outliers.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    W lowers the weight of voxels whose uncertainty (or else magnitude) is worse than the median, where it is given;
    s turns ppm into radians. A step costs two pairs of transforms.
    """
    model = DipoleModel(local)
    strength = chosen_strength(parameters.strength, local, progress, share=25, low=1e-3, high=1)
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    data_penalty = 1 / parameters.distance
    gradient_penalty = strength / parameters.shrinkage
    solver = DipoleAdmm(model, shrinkage, gradient_penalty, data_penalty / gradient_penalty)
    weight = np.sqrt(model.padded(squared_weight(local)))
    fidelity = phasor_absolutes(model.padded(local.ppm), weight, data_penalty, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
