"""L1-QSM: total variation with an L1 data fidelity of phasors (Milovic et al. 2022)."""

from dataclasses import dataclass

import numpy as np

from ..admm import DipoleAdmm
from ..dipole import DipoleModel
from ..fidelity import phasor_absolutes
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage


@dataclass(frozen=True)
class L1QsmParameters:
    strength: float = parameter(
        0.03,
        "Strength",
        unit="mm",
        low=1e-5,
        high=10,
        help="Weight of the total variation. Higher takes away noise and streaks, then fine structures.",
    )
    distance: float = parameter(
        0.05,
        "Data shrinkage",
        unit="ppm",
        low=1e-5,
        high=1,
        help="ADMM takes this off the residual in a step: speed only.",
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    iterations: int = parameter(40, "Iterations", low=1, high=2000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.01, "Tolerance", low=0, high=1, help="Stops when the map's relative change falls below this."
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
    model, data_penalty = DipoleModel(local), 1 / parameters.distance
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    solver = DipoleAdmm(model, shrinkage, data_penalty, parameters.strength / parameters.shrinkage)
    weight = np.sqrt(model.padded(squared_weight(local)))
    proximal = phasor_absolutes(model.padded(local.ppm), weight, data_penalty, parameters.rad_per_ppm)
    return model.result(solver.run(proximal, parameters.iterations, parameters.tolerance, progress))
