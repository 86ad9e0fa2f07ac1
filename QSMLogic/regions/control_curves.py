"""Normal curves of one's own controls: fitted to a study whose times are ages."""

from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import optimize
from .ages import checked_age
from .normal_curves import FORMULAE, NormalCurve
from .structures import structure_of
from .units import PER_PPM

LEAST_SUBJECTS = 10
BENDING = ("exponential", "poisson")
LOG_RATES = np.linspace(np.log(0.001), np.log(1.0), 70)  # per year, between a straight line and the life of a child


@dataclass(frozen=True)
class ControlFacts:
    """What is stated of a curve of controls and does not follow from their study; fields as of NormalCurve."""

    field_strength_t: tuple
    voxel_mm: tuple
    population: str
    source: str = "Own controls"
    reference: str = ""
    sequence: str = ""


def control_curves(study, facts, formula="linear", map_name=None):
    """Fit a curve to each structure of a study of controls.

    Left and right are averaged. The standard deviation is that of the residuals.

    Parameters
    ----------
    study : RegionTable
        A study with one scan per subject, whose times are ages in years, of one set of settings.
    facts : ControlFacts
        What is stated with the curves. Its reference is needed only if the study is not relative to a region.
    formula : str
        A name of FORMULAE.
    map_name : str, optional
        The susceptibility map, by default the first of the study.

    Returns
    -------
    list of NormalCurve

    Raises
    ------
    QSMError
        For too few subjects, several scans of one, other times, or mixed settings.
    """
    map_name = map_name or study.maps[0]
    rows = [row for row in study.rows if row["map"] == map_name and row["mean"] is not None]
    reference = _checked(rows, map_name, facts.reference, formula)
    values = {}  # {structure: {subject: (age, [value of each side])}}
    for row in rows:
        of_structure = values.setdefault(structure_of(row["segment"]), {})
        of_structure.setdefault(row["subject"], (checked_age(row["time"]), []))[1].append(row["mean"])
    values.pop(structure_of(reference), None)
    made = {"reference": reference, "unit": rows[0]["unit"], "software": f"SlicerQSM: {rows[0]['settings']}"}
    stated = {name: getattr(facts, name) for name in ("field_strength_t", "voxel_mm", "source", "sequence")}
    curves = [_fitted(structure, subjects, formula) for structure, subjects in values.items()]
    return [NormalCurve(**fit, **made, **stated, population=f"{n} {facts.population}") for n, fit in curves]


def _checked(rows, map_name, reference, formula):
    """The reference of all rows; QSMError if they make no curve."""
    if formula not in FORMULAE:
        raise QSMError(f"There is no formula {formula!r}. Choose one of {', '.join(FORMULAE)}.")
    if not rows or rows[0]["unit"] not in PER_PPM:
        raise QSMError(f"The study has no values of {map_name} in ppm or ppb. Choose the map of the susceptibility.")
    if len({row["settings"] for row in rows}) > 1:
        raise QSMError("The scans of the study were made with different settings. Map and measure all alike.")
    scans = {(row["subject"], row["session"], row["time"]) for row in rows}
    if len(scans) > len({subject for subject, *_ in scans}):
        raise QSMError("The study has several scans of a subject. Keep one scan of each, as they are not independent.")
    if len(scans) < LEAST_SUBJECTS:
        raise QSMError(f"The study has {len(scans)} subjects. Normal values need at least {LEAST_SUBJECTS}.")
    reference = rows[0]["relative_to"] or reference
    if not reference:
        raise QSMError(
            "The values are not relative to a region. Say what the zero of the maps is, such as whole brain."
        )
    return reference


def _fitted(structure, subjects, formula):
    """(number of subjects, {field of NormalCurve: value}) of a structure."""
    ages, values = (np.array(x) for x in zip(*((age, np.mean(v)) for age, v in subjects.values()), strict=True))
    if ages.size < LEAST_SUBJECTS or np.ptp(ages) == 0:
        raise QSMError(f"{structure} was measured in {ages.size} subjects, or at one age only. Add controls.")
    coefficients = _coefficients(ages, values, formula)
    residuals = values - FORMULAE[formula].value(ages, *coefficients)
    if not residuals.any():
        raise QSMError(f"The values of {structure} lie on a curve exactly, as no measurement does. Check the study.")
    freedom = ages.size - coefficients.size
    fit = {"region": structure, "formula": formula, "coefficients": coefficients.tolist()}
    fit |= {"youngest": float(ages.min()), "oldest": float(ages.max())}
    return ages.size, fit | {"sd": float(np.sqrt((residuals**2).sum() / freedom))}


def _coefficients(ages, values, formula):
    """By least squares: of a curve that bends, the rate is searched for; in the others every curve is linear."""
    formula, bends = FORMULAE[formula], formula in BENDING
    units = np.eye(formula.coefficients)[: 2 if bends else None]

    def at(log_rate):
        """(misfit, coefficients) at a rate, which only curves that bend have."""
        rows = units + (np.array([0, 0, np.exp(log_rate)]) if bends else 0)
        parts = np.stack([formula.value(ages, *row) for row in rows], axis=1)
        found = np.linalg.lstsq(parts, values, rcond=None)[0]
        return np.square(parts @ found - values).sum(), found

    if not bends:
        return at(0.0)[1]
    misfits = [at(log_rate)[0] for log_rate in LOG_RATES]
    best = int(np.argmin(misfits))
    ends = LOG_RATES[max(best - 1, 0)], LOG_RATES[min(best + 1, len(LOG_RATES) - 1)]
    log_rate = optimize.minimize_scalar(lambda x: at(x)[0], bounds=ends, method="bounded").x
    return np.array([*at(log_rate)[1], np.exp(log_rate)])
