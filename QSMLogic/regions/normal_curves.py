"""Normal values of a structure over age: what is stored of a curve, and the files that hold curves."""

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files.atomic import write_texts
from ..model.errors import QSMError
from ..model.texts import parsed_json, read_text
from .structures import structure_of
from .units import PER_PPM, scale

OLDEST, LARGEST_PPM = 120, 10.0  # years; beyond what any tissue has
ENDINGS = (".csv", ".json")


@dataclass(frozen=True)
class Formula:
    """A function of the age in years with as many coefficients as `words` has letters a, b and c."""

    words: str
    value: Callable

    @property
    def coefficients(self):
        return len(set(re.findall(r"\b[abc]\b", self.words)))


FORMULAE = {
    "constant": Formula("a", lambda age, a: a + 0 * age),
    "linear": Formula("a + b age", lambda age, a, b: a + b * age),
    "quadratic": Formula("a + b age + c age^2", lambda age, a, b, c: a + b * age + c * age**2),
    "exponential": Formula("a + b (1 - exp(-c age))", lambda age, a, b, c: a + b * (1 - np.exp(-c * age))),
    "poisson": Formula("a + b age exp(-c age)", lambda age, a, b, c: a + b * age * np.exp(-c * age)),
}


@dataclass(frozen=True)
class NormalCurve:
    """The normal susceptibility of one structure over age, with what a reader must know of it.

    Parameters
    ----------
    region : str
        The structure, under any of its names; left and right are the same.
    formula : str
        A name of FORMULAE.
    coefficients : sequence of float
        Those of the formula, in order; age in years.
    unit : {"ppm", "ppb"}
        Of the values.
    sd : float, optional
        Standard deviation of persons around the curve (the residual one, or a 95 % prediction interval over 3.92).
        None: not published, so there are no z scores.
    youngest, oldest : float
        Ages in years between which it was measured.
    reference : str
        The region whose mean is zero, such as CSF or whole brain.
    field_strength_t : sequence of float
        Field strengths in tesla.
    voxel_mm : sequence of float
        Voxel size in mm.
    population : str
        Who was measured: number, sex, country, health.
    source : str
        The publication.
    doi, sequence, software : str
        Of the publication; its sequence; what the maps and the regions were made with.

    Raises
    ------
    QSMError
        If a value is missing or out of range.
    """

    region: str
    formula: str
    coefficients: tuple
    unit: str
    youngest: float
    oldest: float
    reference: str
    field_strength_t: tuple
    voxel_mm: tuple
    population: str
    source: str
    sd: float | None = None
    doi: str = ""
    sequence: str = ""
    software: str = ""

    def __post_init__(self):
        for name in NUMBERS:
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        missing = [name for name in REQUIRED if not str(getattr(self, name)).strip()]
        faults = {
            f"it lacks {', '.join(missing)}": bool(missing),
            f"its formula must be one of {', '.join(FORMULAE)}": self.formula not in FORMULAE,
            "its unit must be ppm or ppb": self.unit not in PER_PPM,
            f"its ages must be in years, 0 to {OLDEST}, the youngest first": not (
                0 <= self.youngest < self.oldest <= OLDEST
            ),
            "its standard deviation must be above 0, or left empty": self.sd is not None and not self.sd > 0,
            "its field strengths and voxel sizes must be above 0": not all(
                values and min(values) > 0 for values in (self.field_strength_t, self.voxel_mm)
            ),
            "its numbers must be finite": not all(map(math.isfinite, self._numbers())),
        }
        for fault, found in faults.items():
            if found:
                raise QSMError(f"The normal curve of {self.region or 'a region'}: {fault}. Correct the file.")
        formula = FORMULAE[self.formula]
        if len(self.coefficients) != formula.coefficients:
            raise QSMError(
                f"The normal curve of {self.region} has {len(self.coefficients)} coefficients; {self.formula} has "
                f"{formula.coefficients}: {formula.words}. Correct the file."
            )
        with np.errstate(all="ignore"):
            values_ppm = self.value(np.linspace(self.youngest, self.oldest, 9), "ppm")
        if not (np.abs(values_ppm) < LARGEST_PPM).all():
            raise QSMError(
                f"The normal curve of {self.region} exceeds {LARGEST_PPM:g} ppm between {self.youngest:g} and "
                f"{self.oldest:g} years, as no tissue does. Check its unit, formula and coefficients."
            )

    @property
    def structure(self):
        return structure_of(self.region)

    @property
    def zero(self):
        """The structure that is its reference."""
        return structure_of(self.reference)

    def value(self, age, unit):
        """The normal value at ages in years (float or ndarray), in a unit."""
        return FORMULAE[self.formula].value(age, *self.coefficients) * scale(self.unit, unit)

    def spread(self, unit):
        """The standard deviation of persons around the curve in a unit; None if it is not known."""
        return None if self.sd is None else self.sd * scale(self.unit, unit)

    def covers(self, age):
        return self.youngest <= age <= self.oldest

    def facts(self):
        """Lines for the reader of a number or plot: source, zero, field, voxels, population, how it was made."""
        fields = " and ".join(f"{tesla:g}" for tesla in self.field_strength_t)
        voxels = " x ".join(f"{mm:g}" for mm in self.voxel_mm)
        made = ", ".join(filter(None, (self.sequence, self.software)))
        source = f"{self.source}, doi:{self.doi}" if self.doi else self.source
        lines = [source, f"relative to {self.reference}; {fields} T, voxels of {voxels} mm", self.population, made]
        return [line for line in lines if line]

    def _numbers(self):
        return (*self.coefficients, *self.field_strength_t, *self.voxel_mm, *([] if self.sd is None else [self.sd]))


NUMBERS = ("coefficients", "field_strength_t", "voxel_mm")
SINGLE = ("youngest", "oldest", "sd")
FIELDS = tuple(NormalCurve.__dataclass_fields__)
REQUIRED = tuple(name for name in FIELDS if name not in ("sd", "doi", "sequence", "software"))


def read_normal_curves(path):
    """The normal curves in a file.

    Parameters
    ----------
    path : path-like
        CSV with a line for each curve, the fields of `NormalCurve` as columns, several numbers separated by
        semicolons; or JSON: {"curves": [{field: value}, ...]}, fields beside "curves" being those of all curves.

    Returns
    -------
    list of NormalCurve

    Raises
    ------
    QSMError
        If the file holds something else.
    """
    path = Path(path)
    text = read_text(path, "normal curves")
    if path.suffix.lower() not in ENDINGS:
        raise QSMError(f"{path} must end in {' or '.join(ENDINGS)}.")
    entries = _from_json(text, path) if path.suffix.lower() == ".json" else _from_csv(text, path)
    if not entries:
        raise QSMError(f"{path} holds no normal curve. Give a line for each curve.")
    return [_curve(entry, path) for entry in entries]


def write_normal_curves(curves, path, **options):
    """Write curves as a CSV file. options: of write_texts. Returns the paths."""
    return write_texts({Path(path): curves_text(curves)}, **options)


def curves_text(curves):
    """The text of a CSV file with these curves."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([_cell(getattr(curve, name)) for name in FIELDS] for curve in curves)
    return file.getvalue()


def _cell(value):
    if isinstance(value, tuple):
        return "; ".join(f"{number:.9g}" for number in value)
    return "" if value is None else f"{value:.9g}" if isinstance(value, float) else value


def _from_csv(text, path):
    try:
        return list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise QSMError(f"{path} is no table of normal curves: {error}. Fix it.") from None


def _from_json(text, path):
    content = parsed_json(text, f"The file {path}")
    curves = content.get("curves") if isinstance(content, dict) else None
    if not isinstance(curves, list) or not all(isinstance(entry, dict) for entry in curves):
        raise QSMError(f'{path} must be JSON such as {{"source": "...", "curves": [{{"region": "caudate", ...}}]}}.')
    return [{key: value for key, value in content.items() if key != "curves"} | entry for entry in curves]


def _curve(entry, path):
    unknown = [str(name) for name in entry if name not in FIELDS]
    missing = [name for name in REQUIRED if entry.get(name) in (None, "", [])]
    if unknown or missing:
        faults = [f"lacks {', '.join(missing)}"] if missing else []
        faults += [f"has the unknown fields {', '.join(unknown)}"] if unknown else []
        raise QSMError(f"A normal curve in {path} {' and '.join(faults)}. Its fields are {', '.join(FIELDS)}.")
    values = {name: _parsed(name, value, path) for name, value in entry.items()}
    return NormalCurve(**values)


def _parsed(name, value, path):
    try:
        if name in NUMBERS:
            listed = value.split(";") if isinstance(value, str) else value if isinstance(value, list) else [value]
            return tuple(float(number) for number in listed)
        if name in SINGLE:
            return None if value in (None, "") else float(value)
    except (TypeError, ValueError, OverflowError):
        raise QSMError(f"{path} has {value!r} as {name} of a normal curve, where numbers belong. Fix it.") from None
    return "" if value is None else str(value).strip()
