"""HD-QSM: hybrid data fidelity, first L1, then L2 (Lambert et al. 2022)."""

from dataclasses import dataclass

import numpy as np

from ..admm import DipoleAdmm
from ..dipole import DipoleModel
from ..fidelity import absolutes, squares
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage

ALIKE_PPM = 0.003  # the residual at which both fidelities pull alike, so that one strength serves both


@dataclass(frozen=True)
class HdQsmParameters:
    strength: float = parameter(
        1e-4,
        "Strength",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total variation. Higher takes away noise and streaks, then fine structures.",
    )
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    l1_iterations: int = parameter(12, "L1 iterations", low=1, high=2000, help="Steps with the L1 data fidelity.")
    l2_iterations: int = parameter(28, "L2 iterations", low=1, high=2000, help="At most so many with the L2 fidelity.")
    tolerance: float = parameter(
        0.01, "Tolerance", low=0, high=1, help="Each part stops when the map's relative change falls below this."
    )


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
    model = DipoleModel(local)
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    solver = DipoleAdmm(model, shrinkage, parameters.data_penalty, parameters.strength / parameters.shrinkage)
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    share = parameters.l1_iterations / (parameters.l1_iterations + parameters.l2_iterations)

    robust = absolutes(target, np.float32(ALIKE_PPM) * np.sqrt(weight), parameters.data_penalty)
    solver.run(robust, parameters.l1_iterations, parameters.tolerance, lambda f: progress(share * f))
    proximal = squares(target, weight, parameters.data_penalty)
    report = lambda f: progress(share + (1 - share) * f)  # noqa: E731
    return model.result(solver.run(proximal, parameters.l2_iterations, parameters.tolerance, report))
