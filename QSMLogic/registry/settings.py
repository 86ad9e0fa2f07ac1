"""The settings of a run: the method of each stage and its parameters."""

import json
from dataclasses import asdict, dataclass, field

from ..model.errors import QSMError
from .method import find
from .stages import STAGES

DEFAULTS = {name: stage.default for name, stage in STAGES.items()}


@dataclass(frozen=True)
class Settings:
    """The method of every stage and its parameters; anything not given has its default.

    Parameters
    ----------
    choices : dict
        {stage: {"method": name, parameter: value, ...}}, as in a settings file.

    Raises
    ------
    QSMError
        If a stage, method or parameter does not exist, or a value is out of range.

    Examples
    --------
    >>> from QSMLogic import Settings
    >>> settings = Settings({"background": {"method": "vsharp", "max_radius_mm": 10}})
    >>> settings.parameters("background").max_radius_mm
    10.0
    >>> settings.method("unwrap").name
    'romeo'
    """

    choices: dict[str, dict] = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.choices, dict):
            raise QSMError("Settings must be a dictionary of stages; see `python -m QSMLogic methods`.")
        for stage, choice in self.choices.items():
            if not isinstance(choice, dict):
                raise QSMError(
                    f'The settings of stage {stage} must have the form {{"method": NAME, PARAMETER: VALUE}}.'
                )
            find(stage, choice.get("method", DEFAULTS.get(stage)))
        for stage in STAGES:
            self.method(stage).make_parameters(self._values(stage))

    @classmethod
    def from_file(cls, path):
        """Read settings from a JSON file, or from a JSON string, which starts with a brace."""
        try:
            if str(path).lstrip().startswith("{"):
                return cls(json.loads(path))
            with open(path, encoding="utf-8") as file:
                return cls(json.load(file))
        except OSError as error:
            raise QSMError(
                f"Cannot read the settings file {path}: {error.strerror}. Check the name and the permissions."
            ) from None
        except ValueError as error:
            raise QSMError(f"The settings {path} are not valid JSON: {error}. Fix them.") from None

    def method(self, stage):
        """The Method of a stage."""
        return find(stage, self.choices.get(stage, {}).get("method", DEFAULTS[stage]))

    def parameters(self, stage):
        """The parameters of the method of a stage."""
        return self.method(stage).make_parameters(self._values(stage))

    def to_dict(self):
        """Every stage with its method and all parameter values, so that a run can be reproduced."""
        return {s: {"method": self.method(s).name, **asdict(self.parameters(s))} for s in STAGES}

    def _values(self, stage):
        return {k: v for k, v in self.choices.get(stage, {}).items() if k != "method"}
