"""STAR-QSM: strong sources first, then the weak ones without their streaks (Wei et al. 2015)."""

from dataclasses import dataclass

from ..admm import DipoleAdmm
from ..dipole import DipoleModel
from ..fidelity import squares
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_variation import GradientShrinkage


@dataclass(frozen=True)
class StarQsmParameters:
    strong: float = parameter(
        1e-3,
        "Strength 1",
        unit="ppm mm",
        low=1e-6,
        high=10,
        help="Weight of the total variation for strong sources; it leaves out the weak ones.",
    )
    weak: float = parameter(
        1e-4,
        "Strength 2",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total variation for all others. Higher takes away noise and fine structures.",
    )
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    iterations: int = parameter(25, "Iterations", low=1, high=2000, help="At most so many ADMM steps for each part.")
    tolerance: float = parameter(
        0.01, "Tolerance", low=0, high=1, help="Each part stops when its map's relative change falls below this."
    )


@method(
    "invert",
    title="STAR-QSM",
    parameters=StarQsmParameters,
    citations=[Citation("Wei et al., NMR Biomed 2015;28:1294-1303", "10.1002/nbm.3383")],
)
def star_qsm(local, parameters, progress):
    """Find strong sources with a strong total variation, take away their field, find the rest with a weak one.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    Twice solves min 1/2 |W (D x - f)|_2^2 + strength |grad x|_1 by ADMM; the second f is what the first x leaves. W
    lowers the weight of voxels whose uncertainty (or else magnitude) is worse than the median, where it is given. A
    step costs two pairs of transforms.
    """
    model = DipoleModel(local)
    field, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    proximal = squares(field, weight, parameters.data_penalty)

    def part(strength, report):
        shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
        solver = DipoleAdmm(model, shrinkage, parameters.data_penalty, strength / parameters.shrinkage)
        return solver.run(proximal, parameters.iterations, parameters.tolerance, report)

    strong = part(parameters.strong, lambda f: progress(f / 2))
    field -= model.field(strong)
    strong += part(parameters.weak, lambda f: progress((1 + f) / 2))
    return model.result(strong)
