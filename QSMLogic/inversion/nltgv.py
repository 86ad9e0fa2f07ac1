"""nlTGV: nonlinear total generalised variation, as in FANSI (Milovic et al. 2018)."""

from dataclasses import dataclass

from ..dipole import DipoleModel
from ..fidelity import phasor_squares
from ..method import Citation, method, parameter
from ..reliability import squared_weight
from ..total_generalized_variation import GeneralisedVariationAdmm


@dataclass(frozen=True)
class NltgvParameters:
    strength: float = parameter(
        1e-4,
        "Strength",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total generalised variation. Higher takes away noise and streaks, then fine structures.",
    )
    reach_mm: float = parameter(
        2.0,
        "Reach of slopes",
        unit="mm",
        low=0.01,
        high=1000,
        help="How much a change of slope costs. Low lets the map follow smooth shades, high makes it piecewise constant.",
    )
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    iterations: int = parameter(80, "Iterations", low=1, high=2000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.005, "Tolerance", low=0, high=1, help="Stops when the map's relative change falls below this."
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
    title="FANSI nlTGV",
    parameters=NltgvParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2018;80:814-821", "10.1002/mrm.27073")],
)
def nltgv(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + strength TGV(x) by ADMM.

    """
    model = DipoleModel(local)
    solver = GeneralisedVariationAdmm(
        model,
        parameters.strength,
        parameters.reach_mm,
        parameters.data_penalty,
        parameters.shrinkage,
        parameters.shrinkage / min(model.spacing_mm),
    )
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    proximal = phasor_squares(target, weight, parameters.data_penalty, parameters.rad_per_ppm)
    return model.result(solver.run(proximal, parameters.iterations, parameters.tolerance, progress))
