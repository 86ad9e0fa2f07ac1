"""A parameter of a method: declared as a field of a dataclass, and what user interfaces need to know of it."""

import math
from dataclasses import asdict, dataclass, field

from ..model.errors import QSMError

SMALLEST = 1e-15  # of a parameter that is not 0: single precision divides by its square


def parameter(default, label, *, unit="", low=-math.inf, high=math.inf, choices=(), typical=None, help):
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
    help : str
        Sentences for tooltips and the command line.

    Returns
    -------
    dataclasses.Field
    """
    metadata = {"label": label, "unit": unit, "low": low, "high": high, "choices": tuple(choices)}
    return field(default=default, metadata=metadata | {"typical": typical, "help": help})


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
    help: str

    @property
    def type(self):
        return type(self.default)

    def describe(self):
        """A plain dictionary, for JSON."""
        plain = {k: None if v in (math.inf, -math.inf) else v for k, v in asdict(self).items()}
        return plain | {"type": self.type.__name__}

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
        if self.type is float and 0 < abs(converted) < SMALLEST:
            raise QSMError(f"{self.name} is too close to 0: {value!r}. Give 0 or at least {SMALLEST:g}.")
        if self.type in (int, float) and not self.low <= converted <= self.high:
            raise QSMError(f"{self.name} must be between {self.low:g} and {self.high:g}, not {value!r}.")
        return converted
