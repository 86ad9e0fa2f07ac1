"""STAR-QSM: strong sources first, then the weak ones without their streaks (Wei et al. 2015)."""

from dataclasses import dataclass

from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import total_variation_admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import squares
from ...solvers.regularization import chosen_strength
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class StarQsmParameters:
    strength: float = shared.strength()
    ratio: float = parameter(
        10.0,
        "Strong to weak",
        low=1,
        high=1000,
        help="How much stronger the first total variation is, which leaves out the weak sources.",
    )
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    iterations: int = shared.iterations(25, help="At most so many ADMM steps for each part.")
    tolerance: float = shared.tolerance(0.01, "Each part stops when its map's relative change falls below this.")


@method(
    "invert",
    title="STAR-QSM",
    parameters=StarQsmParameters,
    citations=[Citation("Wei et al., NMR Biomed 2015;28:1294-1303", "10.1002/nbm.3383")],
)
def star_qsm(local, parameters, progress):
    """Find strong sources with a strong total variation, take away their field, find the rest with a weak one.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    Twice solves min 1/2 |W (D x - f)|_2^2 + strength |grad x|_1 by ADMM, first with a strength that is `ratio` times
    larger; the second f is what the first x leaves. W lowers the weight of voxels whose uncertainty (or else
    magnitude) is worse than the median, where it is given. A step costs two pairs of transforms.
    """
    model, strength = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    field = model.padded(local.ppm)
    weight = model.padded(squared_weight(local))

    def part(strength, progress, name):
        solver = total_variation_admm(model, strength, parameters)
        fidelity = squares(field, weight, solver.data_penalty)
        return solver.run(fidelity, parameters.iterations, parameters.tolerance, progress, name)

    strong = part(strength * parameters.ratio, progress.part(0, 0.5), "strong")
    field -= model.field(strong)
    strong += part(strength, progress.part(0.5, 1), "weak")
    return model.result(strong)
