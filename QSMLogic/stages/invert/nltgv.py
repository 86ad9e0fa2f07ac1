"""nlTGV: nonlinear total generalized variation, as in FANSI (Milovic et al. 2018). Symbols as in admm.py."""

from dataclasses import dataclass

from ...numerics.gpu_memory import Need
from ...registry.method import Citation, method
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.penalties import reach_in_voxels, tgv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_generalized_variation import TotalGeneralizedVariation
from ...solvers.weights import squared_weight

REACH = 6.0  # automatic reach, in voxel lengths


@dataclass(frozen=True)
class NltgvParameters:
    strength: float = shared.strength(of="total generalized variation")
    reach_mm: float = shared.reach_mm(REACH)
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
    on_gpu=True,
    gpu_need=Need(per_voxel=130),
)
def nltgv(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + lambda TGV(x) by ADMM.

    Smooth shades cost little, edges as much as in total variation. An iteration costs five pairs of transforms.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : NltgvParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress)
    reach = reach_in_voxels(parameters, local.grid, REACH)
    penalties = tgv_penalties(lam, reach, parameters)
    regularizer = TotalGeneralizedVariation(model, lam, reach, penalties)
    solver = Admm(model, regularizer, penalties.mu_2)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(f, w, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
