"""Which scans of a group differ from the others in scanner, protocol, settings or software, and in what."""

import json
from array import array
from dataclasses import dataclass

from ...registry.stages import STAGES

SCANNER, SETTINGS, SOFTWARE = "Scanner and protocol", "Settings", "Software"
NOT_REPORTED, NOT_RUN = "not reported", "not run"
# Reported values that usually differ from scan to scan
OF_EACH_SCAN = {"ImagingFrequency", "ImageOrientationPatientDICOM", "AcquisitionDuration", "ReceiveCoilActiveElements"}


@dataclass(frozen=True)
class Difference:
    """Something in which scans of a group differ.

    Parameters
    ----------
    kind : str
        SCANNER, SETTINGS or SOFTWARE.
    title : str
        In what they differ.
    values : tuple
        (text of the value, numbers of the scans with it), the most frequent value first.
    """

    kind: str
    title: str
    values: tuple

    @property
    def others(self):
        """The numbers of the scans that differ from most."""
        return sorted(number for _, numbers in self.values[1:] for number in numbers)


class Comparison:
    """Collects what may differ, scan by scan, without keeping the records."""

    def __init__(self):
        self.added, self.found = array("L"), {}

    def add(self, number, record):
        """Add the scan `number` with its record."""
        self.added.append(number)
        for fact, value in _facts(record):
            self.found.setdefault(fact, {}).setdefault(value, array("L")).append(number)

    def differences(self):
        """The Differences, by kind and in the order in which they were met."""
        kinds = (SCANNER, SETTINGS, SOFTWARE)
        facts = sorted(self.found, key=lambda fact: (kinds.index(fact[0]), fact[0] == SETTINGS and _stage(fact[1])))
        found = (Difference(*fact, self._values(fact)) for fact in facts)
        return [difference for difference in found if len(difference.values) > 1]

    def _values(self, fact):
        """The values with their scans; a parameter is compared among scans with the same method only."""
        values, (kind, title) = dict(self.found[fact]), fact
        if kind != SETTINGS or title in STAGES:
            there = set().union(*values.values())
            if len(there) < len(self.added):
                lacking = NOT_RUN if kind == SETTINGS else NOT_REPORTED
                values[lacking] = array("L", [number for number in self.added if number not in there])
        return tuple(sorted(values.items(), key=lambda value: (-len(value[1]), value[0])))


def differing(differences):
    """{number of a scan: titles of what it differs in from most}"""
    found = {}
    for difference in differences:
        for number in difference.others:
            found.setdefault(number, []).append(difference.title)
    return found


def _stage(title):
    names = list(STAGES)
    stage = title.partition(".")[0]
    return names.index(stage) if stage in names else len(names)


def _facts(record):
    """((kind, title), value as text) of everything that is compared."""
    scan = record.get("scan") or {}
    reported = {key: v for key, v in (scan.get("reported") or {}).items() if key not in OF_EACH_SCAN}
    times = [1000 * time for time in scan.get("echo_times_s") or ()]
    protocol = {
        "Field strength (T)": scan.get("field_strength_t"),
        "Echo times (ms)": times,
        "Voxel size (mm)": (scan.get("spacing_mm_kji") or [])[::-1],
        "Matrix": (scan.get("shape_kji") or [])[::-1],
    }
    for title, value in (protocol | reported).items():
        if value not in (None, [], ""):
            yield (SCANNER, title), _text(value)
    for stage, choice in (record.get("settings") or {}).items():
        yield (SETTINGS, stage), str(choice.get("method"))
        for name, value in choice.items():
            if name != "method":
                yield (SETTINGS, f"{stage}.{choice.get('method')}.{name}"), _text(value)
    for name, version in (record.get("software") or {}).items():
        yield (SOFTWARE, name), str(version)


def _text(value):
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
