"""STAR-QSM: strong sources first, then the weak ones without their streaks (Wei et al. 2015). Symbols as in admm.py."""

from dataclasses import dataclass

from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class StarQsmParameters:
    strength: float = shared.strength()
    ratio: float = parameter(
        10.0,
        "Ratio of lambdas",
        low=1,
        high=1000,
        help="Factor on the regularization weight for the strong sources, which suppresses the weak ones.",
    )
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage()
    iterations: int = shared.iterations(25, help="Maximum number of ADMM iterations for each part.")
    tolerance: float = shared.tolerance(0.01, "Stop each part if the relative change of its map is below this.")


@method(
    "invert",
    title="STAR-QSM",
    parameters=StarQsmParameters,
    citations=[Citation("Wei et al., NMR Biomed 2015;28:1294-1303", "10.1002/nbm.3383")],
    on_gpu=True,
)
def star_qsm(local, parameters, progress):
    """Map strong sources with strong total variation, subtract their field, map the rest with weak total variation.

    Solves min 1/2 |W (D x - f)|_2^2 + lambda |grad x|_1 by ADMM twice, first with a lambda that is `ratio` times
    larger; the second f is what the first x leaves. An iteration costs two pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : StarQsmParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))

    def part(lam, progress, name):
        penalties = tv_penalties(lam, parameters)
        solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2)
        return solver.run(squares(f, w), parameters.iterations, parameters.tolerance, progress, name)

    strong = part(lam * parameters.ratio, progress.part(0, 0.5), "strong")
    f -= model.field(strong)
    strong += part(lam, progress.part(0.5, 1), "weak")
    return model.result(strong)
