"""What both solvers of chi-separation share: parameters, inputs, and parts that add up to the map."""

from dataclasses import dataclass

import numpy as np

from ..model.relaxation_constants import MEASURED_AT_T, r2prime_hz_per_ppm
from ..model.units import rad_per_s_and_ppm
from ..numerics.namespace import namespace
from ..registry.method import Citation, parameter
from ..solvers.inversion_parameters import tolerance
from ..solvers.source_separation import SourceSeparation
from .source_parts import constant, measured_r2prime, note_field_strength, parts

CITATION = Citation("Shin et al., NeuroImage 2021;240:118371", "10.1016/j.neuroimage.2021.118371")
USUAL_HZ = (1.0, 30.0)  # range of R2' at 3 T that counts in full, as in the paper


@dataclass(frozen=True)
class ChiSeparationParameters:
    paramagnetic_hz_per_ppm: float = constant("Paramagnetic", 137)
    diamagnetic_hz_per_ppm: float = constant("Diamagnetic", 137)
    strength: float = parameter(
        1e-3,
        "Regularization lambda",
        low=0,
        high=1,
        help="Weight of the gradient away from edges. Higher values suppress noise, then fine structures.",
    )
    outer_iterations: int = parameter(
        3, "Gauss-Newton iterations", low=1, high=100, help="Maximum number, each projected to parts of the right sign."
    )
    inner_iterations: int = parameter(
        5, "CG iterations", low=1, high=500, help="Maximum number in each Gauss-Newton iteration."
    )
    tolerance: float = tolerance(0.01)


def separated(scan, local, susceptibility_ppm, relaxation, parameters, penalty, progress):
    """The maps of the two signs.

    Parameters
    ----------
    scan : Acquisition
    local : FieldMap
    susceptibility_ppm : numpy.ndarray
        The first map, and that to which the parts add up.
    relaxation : tuple
        R2*, R2 and R2' in 1/s, each (k, j, i) or None.
    parameters : ChiSeparationParameters
    penalty : callable
        Returns the Penalty, from the DipoleModel and R2' in ppm.
    progress : Progress

    Returns
    -------
    dict
        {name: float32 (k, j, i)}.

    Raises
    ------
    QSMError
        If R2' cannot be had, or is not finite.
    """
    xp, strength_t = namespace(susceptibility_ppm), scan.field_strength_t
    r2prime_hz = measured_r2prime(*relaxation, local.mask)
    given = parameters.paramagnetic_hz_per_ppm and parameters.diamagnetic_hz_per_ppm
    note_field_strength(strength_t, bool(given), progress)
    positive = parameters.paramagnetic_hz_per_ppm or r2prime_hz_per_ppm(strength_t)
    ratio = (parameters.diamagnetic_hz_per_ppm or r2prime_hz_per_ppm(strength_t)) / positive
    lowest, highest = (limit * strength_t / MEASURED_AT_T for limit in USUAL_HZ)
    reliable = (r2prime_hz >= lowest) & (r2prime_hz <= highest)
    r2prime_ppm = (r2prime_hz / positive).astype(np.float32)
    coupling = (positive / rad_per_s_and_ppm(strength_t)) ** 2
    problem = SourceSeparation(local, r2prime_ppm, reliable, ratio, coupling)
    # p - n = chi and p + ratio n = r
    negative = (r2prime_ppm - xp.where(local.mask, susceptibility_ppm, 0)) / (1 + ratio)
    start = [xp.maximum(part, 0) for part in (susceptibility_ppm + negative, negative)]
    limits = parameters.outer_iterations, parameters.inner_iterations, parameters.tolerance
    p, n = problem.solve(start, penalty(problem.model, r2prime_ppm), *limits, progress)
    return parts(susceptibility_ppm, p + n, local.mask)
