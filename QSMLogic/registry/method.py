"""The registry: a method is a function, its parameters and its citations, registered under a stage.

Everything that lists methods (command line, panel, provenance, tests, benchmark) reads it from here.
To add a method, add one file to the folder of its stage; no other file changes.
"""

import copy
import importlib
import inspect
import pkgutil
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, cached_property

from ..model.acquisition import bounding_box, uncropped
from ..model.catalogue import CATALOGUE
from ..model.errors import QSMError
from ..model.progress import Progress
from ..numerics.gpu_memory import USUAL, Need
from .parameter import Parameter, parameter
from .stages import KNOWN, NOTHING, STAGES, stages_with_maps

__all__ = ["Citation", "Method", "NoParameters", "find", "method", "parameter", "registry"]

ROOT = __package__.rpartition(".")[0]


@dataclass(frozen=True)
class Citation:
    """A publication: short text ("Wu et al., Magn Reson Med 2012") and DOI."""

    text: str
    doi: str


@dataclass(frozen=True)
class NoParameters:
    """The parameters of a method that has none."""


@dataclass(frozen=True)
class Method:
    """A registered method; call `run` with the inputs of its stage (see STAGES)."""

    stage: str
    name: str
    title: str
    function: object
    parameters_class: type
    citations: tuple
    erodes_mask: bool
    takes_total_field: bool
    takes_csf: bool
    chooses: object = None
    missing: object = None
    on_gpu: bool = False
    gpu_need: Need = USUAL

    @cached_property
    def takes(self):
        """What it is called with, of a stage with maps of its own: the names of its arguments."""
        arguments = inspect.signature(self.function).parameters.values()
        names = (a.name for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD)
        return tuple(name for name in names if name not in ("parameters", "progress"))

    @property
    def unavailable(self):
        """Why it cannot run on this computer, "" if it can."""
        return self.missing() if self.missing else ""

    @property
    def summary(self):
        return self.function.__doc__.strip().splitlines()[0]

    @cached_property
    def parameters(self):
        return tuple(Parameter(f.name, f.default, **f.metadata) for f in fields(self.parameters_class))

    def make_parameters(self, values=None):
        """Make a parameter object from {name: value}; names left out keep their defaults."""
        known = {p.name: p for p in self.parameters}
        for name in values or {}:
            if name not in known:
                names = ", ".join(known) or "none"
                raise QSMError(f"{self.stage} {self.name} has no parameter {name!r}. Its parameters are {names}.")
        try:
            return replace(self.parameters_class(), **{n: known[n].checked(v) for n, v in (values or {}).items()})
        except QSMError as error:
            raise QSMError(f"{self.stage} {self.name}: {error}") from None

    def run(self, *inputs, parameters=None, progress=None, device=None):
        """Run the method.

        Parameters
        ----------
        *inputs
            The inputs of its stage (see STAGES).
        parameters : object, optional
            From make_parameters. None: the defaults.
        progress : Progress or callable, optional
            A Progress, which then holds the notes of the method, or a function that is called with the fraction done,
            up to 1, and may raise Cancelled.
        device : Device, optional
            Where it runs if it can run anywhere (numerics/device.py). None: on the CPU.

        Returns
        -------
        object
            The result of its stage.

        Raises
        ------
        QSMError
            If the inputs cannot be used.
        """
        progress = progress if isinstance(progress, Progress) else Progress(progress)
        run = _within_mask(self.function) if STAGES[self.stage].in_box else self.function
        parameters = parameters or self.parameters_class()
        if device and self.on_gpu:
            result = self._run_on(device, run, inputs, parameters, progress)
        else:
            result = run(*inputs, parameters, progress)
        progress(1.0)
        return result

    def _run_on(self, device, run, inputs, parameters, progress):
        """The result from a device; of an attempt that failed there, no notes remain."""
        before = copy.deepcopy(progress.notes)

        def attempt(*inputs):
            progress.notes.clear()
            progress.notes.update(copy.deepcopy(before))
            return run(*inputs, parameters, progress), progress.notes

        facts = {"stage": self.stage, "title": STAGES[self.stage].title, "need": self.gpu_need}
        result, notes = device.call(attempt, *inputs, **facts)
        progress.notes.update(notes)
        return result

    def describe(self):
        """A plain dictionary, for JSON."""
        return {
            "stage": self.stage,
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "erodes_mask": self.erodes_mask,
            "takes_total_field": self.takes_total_field,
            "takes_csf": self.takes_csf,
            "on_gpu": self.on_gpu,
            "unavailable": self.unavailable,
            "parameters": [p.describe() for p in self.parameters],
            "citations": [asdict(c) for c in self.citations],
        }


def method(
    stage,
    *,
    title,
    parameters=NoParameters,
    citations=(),
    erodes_mask=False,
    takes_total_field=False,
    takes_csf=False,
    chooses=None,
    missing=None,
    on_gpu=False,
    gpu_need=USUAL,
):
    """Register the decorated function as a method; the function's name is the method's name.

    Parameters
    ----------
    stage : str
        One of STAGES.
    title : str
        Name in user interfaces.
    parameters : type
        Dataclass whose fields are made by `parameter`.
    citations : sequence of Citation
    erodes_mask : bool
        Whether a background method erodes the mask.
    takes_total_field : bool
        Whether an inversion removes the background itself, so that the stage before it does not run.
    takes_csf : bool
        Whether an inversion uses a mask of the cerebrospinal fluid, so that a run makes one.
    chooses : callable, optional
        Of an inversion that selects another: a function of the local field, in arrays of any library, that returns its
        name and the reason.
    missing : callable, optional
        Returns the remedy if another program that the method runs is not installed, else "".
    on_gpu : bool
        Whether it takes arrays of any library (numerics/namespace.py); if not, it runs on the CPU.
    gpu_need : Need
        Its memory there, if it differs from that of most methods; `./dev bench memory` measures it.

    Returns
    -------
    callable
        The decorator.
    """

    def register(function):
        facts = (erodes_mask, takes_total_field, takes_csf, chooses, missing, on_gpu, gpu_need)
        entry = Method(stage, function.__name__, title, function, parameters, tuple(citations), *facts)
        function.method = entry
        return function

    return register


@cache
def registry():
    """{stage: {name: Method}} of every method file in the stages' folders.

    Raises
    ------
    RuntimeError
        If a stage has no folder, its default no file, a file registers a method of another stage, or a stage takes or
        yields what it cannot.
    """
    found = {stage: {} for stage in STAGES}
    for stage in STAGES:
        folder = importlib.import_module(f"{ROOT}.stages.{stage}")
        for module in sorted(m.name for m in pkgutil.iter_modules(folder.__path__)):
            for entry in _methods_in(importlib.import_module(f"{folder.__name__}.{module}")):
                if entry.stage != stage:
                    raise RuntimeError(f"stages/{stage}/{module}.py registers a method of the stage {entry.stage!r}.")
                found[stage][entry.name] = entry
        if STAGES[stage].yields:
            found[stage][NOTHING] = _making_nothing(stage)
        if STAGES[stage].method_for_maps not in found[stage] or STAGES[stage].default not in found[stage]:
            raise RuntimeError(f"stages/{stage} has no method {STAGES[stage].default!r}, its default.")
    _check_stages(found)
    return found


def _check_stages(found):
    """RuntimeError if what a stage with maps of its own takes or yields is not known, or others run after it."""
    adding = [bool(stage.yields) for stage in STAGES.values()]
    if adding != sorted(adding):
        raise RuntimeError("Stages that yield maps of their own come last in STAGES.")
    known = set(KNOWN)
    for stage in stages_with_maps():
        for entry in found[stage.name].values():
            if not set(entry.takes) <= known:
                listed = ", ".join(sorted(known))
                raise RuntimeError(f"{stage.name} {entry.name} takes {entry.takes}, of which only {listed} exist.")
        for name in stage.yields:
            if not (name in CATALOGUE and CATALOGUE[name].optional):
                raise RuntimeError(f"The stage {stage.name} yields {name}, no optional map of the catalogue.")
        known |= set(stage.yields)


def _making_nothing(stage):
    """The method of a stage with maps of its own that makes none of them."""

    def none(*inputs):
        """Make no map."""
        return {}

    return Method(stage, NOTHING, "None", none, NoParameters, (), False, False, False)


def _methods_in(module):
    """The methods that a file itself registers."""
    functions = (v for v in vars(module).values() if inspect.isfunction(v) and v.__module__ == module.__name__)
    entries = (getattr(function, "method", None) for function in functions)
    return [entry for entry in entries if isinstance(entry, Method)]


def find(stage, name):
    """Return the method `name` of `stage`; raises QSMError with the choices if there is none."""
    if stage not in STAGES:
        raise QSMError(f"There is no stage {stage!r}. The stages are {', '.join(STAGES)}.")
    methods = registry()[stage]
    if not isinstance(name, str) or name not in methods:
        raise QSMError(f"{stage} has no method {name!r}. Its methods are {', '.join(methods)}.")
    return methods[name]


def _within_mask(invert):
    """`invert`, given the part of a FieldMap with its mask only: what lies beyond plays no part but takes time."""

    def run(field, parameters, progress):
        box = bounding_box(field.mask, margin=0)
        return uncropped(invert(field.cropped(box), parameters, progress), box, field.mask.shape)

    return run
