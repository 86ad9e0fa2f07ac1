"""Field maps in files, in the units that programs write them in."""

import numpy as np

from ..model.errors import QSMError
from ..model.scan_checks import checked_field_strength
from ..model.units import rad_per_s_and_ppm
from .images import read_image
from .sidecar import sidecar
from .sidecar_values import CALL, check_same_strength, field_strength_in

FIELD_UNITS = ("ppm", "hz", "rad_s")
UNIT_OF_WORD = {
    **dict.fromkeys(("ppm",), "ppm"),
    **dict.fromkeys(("hz", "hertz", "1/s"), "hz"),
    **dict.fromkeys(("rad/s", "rad s^-1", "rad*s^-1", "radian/second"), "rad_s"),
}
MOST_LOCAL_PPM = 0.5  # standard deviation of a local field; in heads it is about 0.03
MOST_TOTAL_PPM = 8.0  # half the range of the middle two thirds of a total field
IMPOSSIBLE_PPM = 1e4
GIVE_UNIT = "Give its unit, --field-unit hz, rad_s or ppm."


def load_field(path, unit=None, field_strength_t=None):
    """Read a field map.

    Parameters
    ----------
    path : str or Path
    unit : {"ppm", "hz", "rad_s"}, optional
        None: from Units in the sidecar, else ppm.
    field_strength_t : float, optional
        In tesla, for other units than ppm. None: from the sidecar.

    Returns
    -------
    field_ppm : ndarray
        float32 (k, j, i).
    ppm_per_unit : float
    Geometry

    Raises
    ------
    QSMError
        If the unit or the field strength is not known or contradicts the sidecar.
    """
    field, geometry = read_image(path)
    if np.iscomplexobj(field) or field.ndim != 3:
        raise QSMError(f"{path} must be a single, real 3D image of the field. Choose another image.")
    factor = ppm_per_unit(path, unit, field_strength_t)
    return field * np.float32(factor), factor, geometry


def ppm_per_unit(path, unit=None, field_strength_t=None):
    """What the values of a field map are multiplied by; QSMError if its unit or the field strength is not known."""
    record = sidecar(path)
    said = record.get("Units")
    known = UNIT_OF_WORD.get(str(said).strip().lower())
    if unit is None and said is not None and known is None:
        raise QSMError(
            f"The sidecar of {path} has the Units {str(said)[:40]!r}, which is no known unit of a field. Give "
            f"--field-unit {', '.join(FIELD_UNITS)}."
        )
    if unit is not None and known is not None and unit != known:
        raise QSMError(f"--field-unit is {unit}, but the sidecar of {path} says {said}. Give the right one.")
    unit = unit or known or "ppm"
    strength = field_strength_in(record, path)
    if field_strength_t is not None:
        given = checked_field_strength(field_strength_t)
        if strength is not None:
            check_same_strength(given, CALL, strength, f"the sidecar of {path}")
        strength = given
    if unit == "ppm":
        return 1.0
    if strength is None:
        raise QSMError(f"{path} is in {unit}: give --field-strength in tesla, from which ppm follow.")
    return (2 * np.pi if unit == "hz" else 1) / rad_per_s_and_ppm(strength)


def own_ppm_per_unit(path, otherwise):
    """Like ppm_per_unit for an image that belongs to a field; `otherwise`, that of the field, if it has no Units."""
    return ppm_per_unit(path) if sidecar(path).get("Units") is not None else otherwise


def check_field(path, inside, is_local, doubted=True, remedy=GIVE_UNIT):
    """QSMError if a field cannot be one in ppm.

    Parameters
    ----------
    path : str or Path
        For the message.
    inside : ndarray
        The values (ppm) in the mask.
    is_local : bool
        Whether it is a local field, which varies less than a total one.
    doubted : bool
        Whether nobody said that the field is in ppm; otherwise only impossible values are refused.
    remedy : str
        For the message.
    """
    if not np.isfinite(inside).all():
        return  # FieldMap says so
    if (largest := float(np.abs(inside).max())) > IMPOSSIBLE_PPM:
        raise QSMError(f"The field in {path} reaches {largest:.3g} ppm, which is impossible. Check the file.")
    if not doubted:
        return
    if is_local:
        what, found, most = "standard deviation", float(inside.std(dtype=np.float64)), MOST_LOCAL_PPM
    else:
        low, high = np.percentile(inside, (16, 84))
        what, found, most = "spread", float(high - low) / 2, MOST_TOTAL_PPM
    if found > most:
        other = ", or to be a total field" if is_local else ""
        raise QSMError(
            f"The field in {path} has a {what} of {found:.3g} ppm in the mask, more than the {most:g} ppm of any "
            f"{'local' if is_local else 'total'} field: it appears to be in Hz or rad/s{other}. {remedy}"
        )
