"""TV: total variation with weighted data, by ADMM (Bilgic et al. 2015)."""

from dataclasses import dataclass

from ..admm import DipoleAdmm
from ..dipole import DipoleModel
from ..fidelity import squares
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage


@dataclass(frozen=True)
class TvParameters:
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
    iterations: int = parameter(24, "Iterations", low=1, high=2000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.01, "Tolerance", low=0, high=1, help="Stops when the map's relative change falls below this."
    )


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
    On a realistic head at 3 T a strength of 1e-4 did better than half or three times as much.
    """
    model = DipoleModel(local)
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    solver = DipoleAdmm(model, shrinkage, parameters.data_penalty, parameters.strength / parameters.shrinkage)
    proximal = squares(model.padded(local.ppm), model.padded(squared_weight(local)), parameters.data_penalty)
    return model.result(solver.run(proximal, parameters.iterations, parameters.tolerance, progress))
