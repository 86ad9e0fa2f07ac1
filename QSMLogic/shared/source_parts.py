"""What the separations of sources share: R2', the relaxation constants as parameters, and parts that fit the map."""

import numpy as np

from ..model.errors import QSMError
from ..model.relaxation_constants import MEASURED_AT_T
from ..numerics.namespace import namespace
from ..registry.method import parameter

NO_R2PRIME = (
    "Chi-separation needs R2', which gradient echoes alone do not give. Provide an R2' map (--r2prime) or an R2 map "
    "(--r2) on the grid of the scan, or choose R2*-QSM, which does without."
)
LEAST_HZ = 0.2  # median of a relaxation rate; pure water has an R2 of about 0.4
NO_R2STAR = "Source separation needs R2*, which could not be mapped. Choose a scan with more echoes."


def constant(sign, typical):
    """A relaxation constant as a parameter. sign: "Paramagnetic" or "Diamagnetic"."""
    return parameter(
        0.0,
        f"{sign} constant",
        unit="1/s/ppm",
        low=0,
        high=1e5,
        typical=typical,
        help=f"Relaxation rate by 1 ppm of {sign.lower()} sources. 0: automatic, {typical:g} at 3 T, proportional to "
        "the field strength.",
    )


def parts(total_ppm, magnitudes_ppm, mask):
    """The maps of the two signs whose sum is the susceptibility.

    Parameters
    ----------
    total_ppm : numpy.ndarray
        Susceptibility.
    magnitudes_ppm : numpy.ndarray
        The sum of the magnitudes of both parts; where it is less than that of the susceptibility, all is of one sign.
    mask : numpy.ndarray
        Bool.

    Returns
    -------
    dict
        {"paramagnetic_ppm": not negative, "diamagnetic_ppm": not positive}, float32, zero outside the mask.
    """
    xp = namespace(total_ppm)
    total = xp.where(mask, total_ppm, 0).astype(np.float32)
    paramagnetic = xp.maximum((total + xp.where(mask, magnitudes_ppm, 0)) / 2, xp.maximum(total, 0)).astype(np.float32)
    return {"paramagnetic_ppm": paramagnetic, "diamagnetic_ppm": xp.minimum(total - paramagnetic, 0)}


def note_field_strength(field_strength_t, given, progress):
    """A warning if a relaxation constant that was measured at 3 T is used at another field strength.

    given: whether the user set the constants.
    """
    if not given and abs(field_strength_t - MEASURED_AT_T) > 0.2 * MEASURED_AT_T:
        progress.note(
            warning=f"The relaxation constants were measured at {MEASURED_AT_T:g} T and scaled to "
            f"{field_strength_t:g} T. Set constants that were measured at your field strength if you have them."
        )


def measured_r2prime(r2star_hz, r2_hz, r2prime_hz, mask):
    """R2' as given, or R2* less R2, at least 0; float32, 0 outside the mask. QSMError if there is neither."""
    if r2prime_hz is None and r2_hz is None:
        raise QSMError(NO_R2PRIME)
    xp = namespace(mask)
    if r2prime_hz is None:
        return xp.where(mask, xp.maximum(needed_r2star(r2star_hz) - rate(r2_hz, mask, "R2"), 0), np.float32(0))
    return xp.where(mask, xp.maximum(rate(r2prime_hz, mask, "R2'"), 0), np.float32(0))


def needed_r2star(r2star_hz):
    """R2*; QSMError if there is none."""
    if r2star_hz is None:
        raise QSMError(NO_R2STAR)
    return r2star_hz


def rate(values_hz, mask, title):
    """`values_hz`; QSMError if they are not finite in the mask, or as low as rates in 1/ms or times in seconds."""
    inside = finite(values_hz, mask, title)[mask]
    known = inside[inside > 0] if (inside > 0).any() else inside[inside < 0]  # noise makes some of R2' negative
    if known.size and (middle := float(namespace(known).median(known))) < LEAST_HZ:
        raise QSMError(
            f"The {title} map has a median of {middle:.3g} in the mask, too low for tissue in 1/s: it may be in 1/ms, "
            "or a time. Convert it to 1/s."
        )
    return values_hz


def finite(values, mask, title):
    """`values`; QSMError if they are not finite in the mask."""
    xp = namespace(values)
    bad = int(xp.count_nonzero(~xp.isfinite(values[mask])))
    if bad:
        raise QSMError(
            f"The {title} map is NaN or infinite in {bad} voxels of the mask. Fill them, or exclude them from the mask."
        )
    return values
