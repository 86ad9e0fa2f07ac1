"""The provenance of a map: settings, versions, citations, timing, memory."""

import platform
from dataclasses import asdict
from datetime import datetime, timezone

import numpy as np

from ..model.check import Check
from ..model.errors import QSMError
from ..model.texts import is_plain_number
from ..numerics.device import Device
from ..numerics.lazy import scipy, sitk
from ..numerics.process import peak_memory_mb
from ..version import __version__
from .stages import CHECKS, CURVE


class Provenance:
    """Collects the content of run.json."""

    def __init__(self, acquisition, settings):
        self.acquisition, self.settings = acquisition, settings
        self.seconds, self.notes, self.checks, self.check_seconds = {}, {}, list(acquisition.checks), 0.0
        self.from_cache, self.device = set(), Device()
        self.started = datetime.now(timezone.utc)

    def add(self, stage, seconds, notes, turn=0, from_cache=False):
        """Record the time and notes of a stage, and whether its result was read from a cache.

        With several passes, the notes are a list with one entry per pass.
        """
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        if from_cache:
            self.from_cache.add(stage)
        if turn and stage in self.notes:
            before = self.notes[stage]
            self.notes[stage] = [*(before if isinstance(before, list) else [before]), notes]
        elif notes:
            self.notes[stage] = notes

    def add_checks(self, checks, seconds):
        """Record Checks and the time that they took."""
        self.checks += checks
        self.check_seconds += seconds

    def choose(self, settings, reason):
        """Record the Settings chosen for a scan. reason: what was chosen and why, a sentence for the notes."""
        self.settings, self.notes["choice"] = settings, {"reason": reason}

    def leave_out(self, stage, other):
        """Remove a stage whose result only served a choice; its time is added to the stage `other`."""
        self.notes.pop(stage, None)
        self.seconds[other] = self.seconds.get(other, 0.0) + self.seconds.pop(stage, 0.0)

    def without_result(self, stage):
        """Keep a stage that yields no map out of the settings and citations, but not its notes."""
        self.seconds.pop(stage, None)

    def finished(self, given_mask):
        """The record as plain dictionaries, without stages that did not run."""
        read = [stage for stage in self.seconds if stage in self.from_cache]
        grid, ran, seconds = self.acquisition.grid, list(self.seconds), self.seconds | {CHECKS: self.check_seconds}
        settings = {stage: choice for stage, choice in self.settings.to_dict().items() if stage in ran}
        return {
            "software": {
                "QSMLogic": __version__,
                "Python": platform.python_version(),
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "SimpleITK": sitk.Version.VersionString(),
                "platform": platform.platform(),
            },
            "started": self.started.isoformat(timespec="seconds"),
            "scan": {
                "shape_kji": list(grid.shape),
                "spacing_mm_kji": list(grid.spacing_mm),
                "b0_direction_kji": list(grid.b0_direction),
                "echo_times_s": list(self.acquisition.echo_times_s),
                "field_strength_t": self.acquisition.field_strength_t,
                "reported": self.acquisition.reported,
            },
            "mask": "given" if given_mask else "made",
            "settings": settings,
            "notes": self.notes,
            "citations": {s: [asdict(c) for c in self.settings.method(s).citations] for s in ran},
            "checks": [asdict(check) for check in self.checks],
            "seconds": {stage: round(seconds, 3) for stage, seconds in seconds.items()},
            "total_seconds": round(sum(seconds.values()), 3),
            **({"from_cache": read} if read else {}),
            "device": self.device.record(),
            "peak_memory_mb": peak_memory_mb(),
        }


def checked_record(record):
    """The content of run.json; QSMError if what is read of it has another type than runs write."""
    settings, scan = record.get("settings", {}), record.get("scan", {})
    parts = [settings, scan, record.get("software", {}), record.get("notes", {})]
    if all(isinstance(part, dict) for part in parts):
        methods = [choice.get("method") if isinstance(choice, dict) else None for choice in settings.values()]
        if all(isinstance(name, str) for name in methods) and is_plain_number(scan.get("field_strength_t", 0)):
            return record
    raise QSMError("This is not the record of a run. Choose a map or run.json made by this version.")


def warnings(provenance):
    """The warnings of a run, from the content of run.json: a list of sentences."""
    notes = provenance.get("notes", {}).values()
    each = [note for entry in notes for note in (entry if isinstance(entry, list) else [entry])]
    said = [check.sentence for check in checks_of(provenance) if check.is_said]
    said += [note["warning"] for note in each if "warning" in note]
    return said + _device(provenance)["fallbacks"]


def checks_of(provenance):
    """The Checks of a run, from the content of run.json; none of runs of earlier versions."""
    return [Check(**check) for check in provenance.get(CHECKS, [])]


def gpu_used(provenance):
    """The name of the GPU that stages of a run were computed on, from the content of run.json; "" if none was."""
    device = _device(provenance)
    return device["name"] if device["stages"] else ""


def _device(provenance):
    """Of a run of an earlier version, nothing."""
    return {"name": "", "stages": [], "fallbacks": []} | provenance.get("device", {})


def choice_made(provenance):
    """What a run chose automatically and why, from the content of run.json; "" if nothing."""
    return provenance.get("notes", {}).get("choice", {}).get("reason", "")


def strengths_tried(provenance):
    """The L-curve of a run as {"method", "parameter", "points"}, from the content of run.json; {} if there is none."""
    curve = provenance.get("notes", {}).get(CURVE, {})
    return curve if "points" in curve else {}
