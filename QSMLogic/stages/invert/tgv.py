"""TGV: susceptibility from the total field in a single step (Langkammer et al. 2015)."""

from dataclasses import dataclass

from ...registry.method import Citation, find, method
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.fidelity import squares
from ...solvers.regularization import chosen_strength
from ...solvers.total_generalized_variation import GeneralisedVariationAdmm
from ...solvers.weak_harmonic import WithBackground
from ...solvers.weights import squared_weight

HARMONICITY_MM4 = 100.0  # how strongly the background is held harmonic in the mask


@dataclass(frozen=True)
class TgvParameters:
    strength: float = shared.strength(of="total generalised variation")
    reach_mm: float = shared.reach_mm(8.0)
    balance: float = shared.balance(3.0)
    shrinkage: float = shared.shrinkage()
    iterations: int = shared.iterations(60)
    tolerance: float = shared.tolerance(0.02)


@method(
    "invert",
    title="TGV, single step",
    parameters=TgvParameters,
    citations=[Citation("Langkammer et al., NeuroImage 2015;111:622-630", "10.1016/j.neuroimage.2015.02.041")],
    takes_total_field=True,
)
def tgv(total, parameters, progress):
    """Solve min 1/2 |W (D x + h - f)|_2^2 + strength TGV(x) over maps x and backgrounds h, harmonic in the mask.

    total: FieldMap of the total field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    Raises QSMError where the mask is too thin to know a Laplacian. As in the paper, only the Laplacian of f counts,
    which is that of the wrapped phase away from wraps: f is first replaced by the field with the same Laplacian that
    is zero at the mask's rim (LBV), as any harmonic difference goes to h. TGV(x) is the least a |grad x - v|_1 +
    b |E v|_1 over slopes v. The paper runs 1000 primal-dual steps; here 30 to 45 of ADMM do, at six pairs of
    transforms each. With a reach of 6, 8 and 12 mm the error (NRMSE) was 43.3, 43.9 and 44.8 % on a realistic head, and
    27.9, 27.4 and 27.0 % on one of the project's own.
    """
    zero_at_rim = find("background", "lbv").run(total, progress=progress.part(0, 0.1))
    model, strength = DipoleModel(total), chosen_strength(parameters.strength, total, progress)
    solver = _SingleStep(model, strength, parameters.reach_mm, parameters)
    solver.start_background(zero_at_rim.mask, HARMONICITY_MM4)
    target, weight = model.padded(zero_at_rim.ppm), model.padded(squared_weight(total))
    del zero_at_rim
    fidelity = squares(target, weight, solver.data_penalty)
    return model.result(solver.run(fidelity, parameters.iterations, parameters.tolerance, progress.part(0.1, 1)))


class _SingleStep(WithBackground, GeneralisedVariationAdmm):
    """Total generalised variation of the map, and a background."""
