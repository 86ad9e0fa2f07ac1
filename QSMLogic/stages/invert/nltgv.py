"""nlTGV: nonlinear total generalised variation, as in FANSI (Milovic et al. 2018)."""

from dataclasses import dataclass

from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.regularization import chosen_strength
from ...solvers.total_generalized_variation import GeneralisedVariationAdmm
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class NltgvParameters:
    strength: float = shared.strength(of="total generalised variation")
    reach_mm: float = shared.reach_mm(6.0)
    balance: float = shared.balance(3.0)
    shrinkage: float = shared.shrinkage()
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.02)
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="FANSI nlTGV",
    parameters=NltgvParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2018;80:814-821", "10.1002/mrm.27073")],
)
def nltgv(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + strength TGV(x) by ADMM.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    TGV(x) is the least |grad x - v|_1 + reach |E v|_1 over slopes v, with E v their symmetrised gradient: smooth
    shades cost little, edges as much as in total variation. W lowers the weight of voxels whose uncertainty (or else
    magnitude) is worse than the median, where it is given; s turns ppm into radians. A step costs five pairs of
    transforms.
    """
    model, strength = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    solver = GeneralisedVariationAdmm(model, strength, parameters.reach_mm, parameters)
    target, weight = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(target, weight, solver.data_penalty, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
