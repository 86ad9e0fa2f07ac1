"""The settings of a run: the method of each stage and its parameters."""

from dataclasses import asdict, dataclass, field

from ..model.errors import QSMError
from ..model.texts import parsed_json, read_text
from ..numerics.device import CPU, DEVICES
from .method import find
from .stages import NOTHING, STAGES, stages_with_maps

ALL_MAPS, DEVICE = "all", "device"
DEFAULTS = {name: stage.default for name, stage in STAGES.items()}


@dataclass(frozen=True)
class Settings:
    """The method of every stage and its parameters; anything not given has its default.

    Parameters
    ----------
    choices : dict
        {stage: {"method": name, parameter: value, ...}}, as in a settings file; and "device": one of DEVICES, where
        to compute, of which the maps do not depend.

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
    >>> Settings({"device": "auto"}).device
    'auto'
    """

    choices: dict[str, dict] = field(default_factory=dict)

    def __post_init__(self):
        for stage, choice in _stages_of(_checked_form(self.choices)).items():
            find(stage, choice.get("method", DEFAULTS.get(stage)))
        for stage in STAGES:
            self.method(stage).make_parameters(self._values(stage))

    @classmethod
    def from_file(cls, path):
        """Read settings from a JSON file, or from a JSON string, which starts with a brace."""
        return cls(read_choices(path))

    @property
    def device(self):
        """Where to compute, one of DEVICES."""
        return self.choices.get(DEVICE, CPU)

    def method(self, stage):
        """The Method of a stage."""
        return find(stage, self.choices.get(stage, {}).get("method", DEFAULTS[stage]))

    def parameters(self, stage):
        """The parameters of the method of a stage."""
        return self.method(stage).make_parameters(self._values(stage))

    def to_dict(self):
        """Every stage with its method and all parameter values, so that a run can be reproduced, on any device."""
        return {s: {"method": self.method(s).name, **asdict(self.parameters(s))} for s in STAGES}

    @property
    def left_out(self):
        """The stages with maps of their own that make none."""
        return {stage.name for stage in stages_with_maps() if self.method(stage.name).name == NOTHING}

    def with_maps(self, stages):
        """These Settings with the maps of some stages, or of ["all"]; those that make theirs already stay as they are.

        Raises QSMError for other names.
        """
        known = [stage.name for stage in stages_with_maps()]
        if unknown := {*stages}.difference(known, [ALL_MAPS]):
            raise QSMError(f"There are no maps {min(unknown)!r}. The maps are {', '.join(known)}, or {ALL_MAPS}.")
        stages = known if ALL_MAPS in stages else stages
        added = {name: {"method": STAGES[name].method_for_maps} for name in stages if name in self.left_out}
        return Settings({**self.choices, **added}) if added else self

    def without_maps(self):
        """These Settings without the maps of any stage but the susceptibility and its fields."""
        return Settings({**self.choices, **{stage.name: {"method": NOTHING} for stage in stages_with_maps()}})

    def with_needed_maps(self):
        """These Settings with the maps, too, that stages take of earlier ones."""
        settings = self
        for stage in reversed(stages_with_maps()):
            if stage.name not in settings.left_out:
                taken = set(settings.method(stage.name).takes)
                makers = [other.name for other in stages_with_maps() if taken & set(other.yields)]
                settings = settings.with_maps(makers)
        return settings

    def _values(self, stage):
        return {k: v for k, v in self.choices.get(stage, {}).items() if k != "method"}


def read_choices(path):
    """The choices for Settings in a JSON file, the run.json of a run, or a JSON string, which starts with a brace."""
    if str(path).lstrip().startswith("{"):
        return parsed_json(str(path), "The text of the settings")
    content = parsed_json(read_text(path, "settings file"), f"The settings file {path}")
    is_record = isinstance(content, dict) and {"software", "settings"} <= {*content}
    return content["settings"] if is_record else content


def choices_of_texts(texts):
    """The choices for Settings in texts such as "scaling.sign=negative" and "invert.method=tkd"."""
    choices = {}
    for text in texts:
        stage_and_name, _, value = text.partition("=")
        stage, _, name = stage_and_name.strip().partition(".")
        if not (stage and name and value.strip()):
            raise QSMError(f"{text!r} is no setting. Give STAGE.PARAMETER=VALUE, such as scaling.sign=negative.")
        if name in choices.setdefault(stage, {}):
            raise QSMError(f"{stage}.{name} is set twice. Set it once.")
        choices[stage][name] = value.strip()
    return choices


def merged_choices(*layers):
    """Choices for Settings of which later ones take precedence; another method brings its own parameters only."""
    merged = {}
    for layer in layers:
        if DEVICE in _checked_form(layer):
            merged[DEVICE] = layer[DEVICE]
        for stage, choice in _stages_of(layer).items():
            before = merged.get(stage, {})
            method = before.get("method", DEFAULTS.get(stage))
            merged[stage] = before | choice if choice.get("method", method) == method else choice
    return merged


def _checked_form(choices):
    if not isinstance(choices, dict):
        raise QSMError("Settings must be a dictionary of stages; see `python -m QSMLogic methods`.")
    if choices.get(DEVICE, CPU) not in DEVICES:
        raise QSMError(f"There is no device {choices[DEVICE]!r}. Choose one of {', '.join(DEVICES)}.")
    for stage, choice in _stages_of(choices).items():
        if not isinstance(choice, dict):
            raise QSMError(f'The settings of stage {stage} must have the form {{"method": NAME, PARAMETER: VALUE}}.')
    return choices


def _stages_of(choices):
    """The choices without that of the device."""
    return {stage: choice for stage, choice in choices.items() if stage != DEVICE}
