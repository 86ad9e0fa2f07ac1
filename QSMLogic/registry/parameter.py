"""A parameter of a method: declared as a field of a dataclass, and what user interfaces need to know of it."""

import math
import re
from dataclasses import asdict, dataclass, field

from ..model.errors import QSMError

SMALLEST = 1e-15  # of a parameter that is not 0: single precision divides by its square
VOXEL = re.compile(r"vox(?:els?)?\b(?:\^(\d+))?")
SLIDER_FACTOR, MODEST = 30, 100  # of a slider: how far from the usual value; high over low that is shown in full


def parameter(
    default,
    label,
    *,
    unit="",
    low=-math.inf,
    high=math.inf,
    choices=(),
    typical=None,
    least=SMALLEST,
    varies=True,
    help,
):
    """Declare a parameter of a method, as a field of its parameter dataclass.

    Parameters
    ----------
    default : bool, int, float or str
        Its type is that of the parameter.
    label : str
        Name in user interfaces and in the methods text.
    unit : str
    low, high : float
        Range of a number, both included.
    choices : sequence of str
        Values that a text may have.
    typical : float, optional
        A value of the usual magnitude, if the default is 0, which means automatic.
    least : float, optional
        The smallest magnitude of a number other than 0 that makes sense.
    varies : bool
        Whether one may look for its best value; not of a constant of the scan, nor of what only tells how a solution
        is come by, which have no sliders.
    help : str
        Sentences for tooltips and the command line.

    Returns
    -------
    dataclasses.Field
    """
    metadata = {"label": label, "unit": unit, "low": low, "high": high, "choices": tuple(choices)}
    return field(
        default=default, metadata=metadata | {"typical": typical, "least": least, "varies": varies, "help": help}
    )


@dataclass(frozen=True)
class Parameter:
    """What a user interface needs to know of one parameter."""

    name: str
    default: object
    label: str
    unit: str
    low: float
    high: float
    choices: tuple
    typical: object
    least: float
    varies: bool
    help: str

    @property
    def type(self):
        return type(self.default)

    @property
    def is_automatic(self):
        """Whether 0, its default, stands for a value that follows from the scan."""
        return self.typical is not None and not self.default

    @property
    def voxel_power(self):
        """The exponent of the voxel length in its unit: 1 of "ppm voxel", -2 of "1/voxel^2", 0 of most."""
        above, _, below = self.unit.partition("/")
        return _voxels(above) - _voxels(below)

    @property
    def span(self):
        """(low, high, is_logarithmic) of a slider for it, numbers of its type; None if a slider makes no sense.

        All values if high is at most MODEST times low, else SLIDER_FACTOR each way of the usual value.
        """
        if self.type not in (int, float) or not self.varies:
            return None
        usual = self.default or self.typical or 0
        low = max(self.low, self.least) if self.is_automatic else self.low
        if self.high - low <= MODEST * self._smallest(low, usual):
            return self.type(low), self.type(self.high), False
        if usual <= 0 or low < 0:
            return None
        low, high = max(low, usual / SLIDER_FACTOR), min(self.high, usual * SLIDER_FACTOR)
        return (max(1, round(low)), round(high), True) if self.type is int else (float(low), float(high), True)

    def _smallest(self, low, usual):
        """The smallest value that differs from 0 in effect, of a range that begins at `low`."""
        return low if low > 0 else usual / 5 or 1

    def describe(self):
        """A plain dictionary, for JSON."""
        plain = {k: None if v in (math.inf, -math.inf) else v for k, v in asdict(self).items()}
        return plain | {"type": self.type.__name__, "span": self.span}

    def checked(self, value):
        """`value` in this parameter's type; QSMError if it is of another kind or out of range."""
        if self.type is bool:
            converted = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
        else:
            try:
                converted = self.type(value)
            except (TypeError, ValueError, OverflowError):
                converted = None
            if self.type is int and isinstance(value, float) and value != converted:
                converted = None
        if converted is None or (self.type is float and not math.isfinite(converted)):
            raise QSMError(f"{self.name} must be of type {self.type.__name__}, not {value!r}.")
        if self.choices and converted not in self.choices:
            raise QSMError(f"{self.name} must be one of {', '.join(map(str, self.choices))}, not {value!r}.")
        if self.type is float and 0 < abs(converted) < self.least:
            raise QSMError(f"{self.name} is too close to 0: {value!r}. Give 0 or at least {self.least:g}.")
        if self.type in (int, float) and not self.low <= converted <= self.high:
            raise QSMError(f"{self.name} must be between {self.low:g} and {self.high:g}, not {value!r}.")
        return converted


def _voxels(text):
    return sum(int(power or 1) for power in VOXEL.findall(text))
