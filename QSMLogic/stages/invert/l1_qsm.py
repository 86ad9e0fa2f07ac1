"""L1-QSM: total variation with an L1 data fidelity of phasors (Milovic et al. 2022). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.admm import Admm
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import phasor_absolutes
from ...solvers.penalties import l1_penalties
from ...solvers.regularization import by_misfit
from ...solvers.total_variation import TotalVariation
from ...solvers.weights import squared_weight

STEP = 0.13  # automatic lambda over the ratio of misfit and signal


@dataclass(frozen=True)
class L1QsmParameters:
    strength: float = shared.strength(unit="voxel", typical=0.04)
    distance: float = parameter(
        0.1,
        "Data threshold 1/mu2",
        unit="ppm",
        low=1e-5,
        high=1,
        varies=False,
        help="Soft threshold of the residual in each ADMM iteration. Affects the convergence, not the solution.",
    )
    shrinkage: float = shared.shrinkage(0.04)
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.02)
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="L1-QSM",
    parameters=L1QsmParameters,
    citations=[Citation("Milovic et al., Magn Reson Med 2022;87:457-473", "10.1002/mrm.28957")],
    on_gpu=True,
)
def l1_qsm(local, parameters, progress):
    """Solve min |W (exp(i s D x) - exp(i s f))|_1 / s + lambda |grad x|_1 by ADMM: robust against outliers.

    An iteration costs two pairs of transforms. As both terms grow with the first power of the field, the automatic
    lambda is STEP times the ratio of misfit and signal. In a head in vivo the NRMSE was 71 %.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : L1QsmParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    model = DipoleModel(local)
    lam = by_misfit("strength", parameters.strength, lambda m: np.clip(STEP * m.ratio, 1e-3, 1), local, progress)
    penalties = l1_penalties(lam, parameters)
    solver = Admm(model, TotalVariation(model, penalties), penalties.mu_2)
    w = model.xp.sqrt(model.padded(squared_weight(local)))
    fidelity = phasor_absolutes(model.padded(local.ppm), w, parameters.rad_per_ppm)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress))
