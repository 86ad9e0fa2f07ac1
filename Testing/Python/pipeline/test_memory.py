"""The memory of a run is estimated, and compared with that of the computer."""

import pytest

from QSMLogic.model.check import DOUBTFUL, OK, REFUSED
from QSMLogic.pipeline.memory import computer_memory, memory_check, needed_bytes

MEASURED_MB = {  # of run.json, with the default methods
    ((80, 96, 80), 3): 289,
    ((80, 96, 80), 8): 317,
    ((120, 144, 120), 3): 486,
    ((150, 180, 150), 8): 1055,
}


@pytest.mark.parametrize(("scan", "peak_mb"), MEASURED_MB.items())
def test_estimate_is_near_the_measured_peak(scan, peak_mb):
    assert needed_bytes(*scan) == pytest.approx(1e6 * peak_mb, rel=0.1)


@pytest.mark.parametrize(
    ("gb", "verdict"), [((64, 64), OK), ((None, None), OK), ((4, 64), DOUBTFUL), ((1, 2), REFUSED)]
)
def test_verdicts(gb, verdict):
    check = memory_check((400, 480, 400), 8, [value and value * 1e9 for value in gb])
    assert (check.name, check.verdict) == ("memory", verdict) and check.value > 8
    assert ("Close other programs" in check.sentence) == (verdict != OK)


def test_memory_of_this_computer():
    available, total = computer_memory()
    assert total is None or available is None or 0 < available <= total
