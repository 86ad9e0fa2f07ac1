"""WH-QSM: weak-harmonic inversion, with residual background (Milovic et al. 2019). Symbols as in admm.py."""

from dataclasses import dataclass

from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_squares
from ...solvers.penalties import tv_penalties
from ...solvers.regularization import chosen_strength
from ...solvers.total_variation import TotalVariation
from ...solvers.weak_harmonic import HarmonicBackground
from ...solvers.weights import squared_weight

STEP = 0.1  # automatic lambda as in regularization.py; less than there, as h explains a part of the misfit


@dataclass(frozen=True)
class WhQsmParameters:
    strength: float = shared.strength()
    harmonic: float = parameter(
        12.3,
        "Harmonic weight beta",
        unit="voxel^4",
        low=0.01,
        high=1e8,
        help="Weight of the Laplacian of the residual background in the mask. "
        "Lower values assign more of the field to the background.",
    )
    balance: float = shared.balance()
    shrinkage: float = shared.shrinkage(0.05)
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.02)
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="WH-QSM",
    parameters=WhQsmParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2019;81:1399-1411", "10.1002/mrm.27483")],
    on_gpu=True,
)
def wh_qsm(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s (D x + h)) - exp(i s f))|_2^2 / s^2 + lambda |grad x|_1 + beta/2 |M lap h|_2^2.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : WhQsmParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Notes
    -----
    h is what background removal left, nearly harmonic in the mask M. ADMM takes 25 to 40 iterations, as map and
    background are solved together where the paper solves for them in turn; each costs three pairs of transforms. From
    scans of simulated heads it came closer to the truth than the other methods of the local field (NRMSE 41 % on a
    realistic head, 27 % on one of the project's own), as background removal always leaves something. In two heads in
    vivo it did not: 70 and 64 %. There a beta of 30 would be better (correlation 0.79 instead of 0.78), on simulations
    it raises the error by up to a point; fields as those in vivo are left to the consensus.
    """
    model, lam = DipoleModel(local), chosen_strength(parameters.strength, local, progress, share=STEP)
    penalties = tv_penalties(lam, parameters)
    background = HarmonicBackground(model, local.mask, parameters.harmonic, penalties.mu_2)
    solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2, background)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))
    fidelity = phasor_squares(f, w, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
