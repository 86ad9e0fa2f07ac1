"""What users read of checks, and in which order."""

import pytest

from QSMLogic.model.check import DOUBTFUL, FAILED, OK, PASSED, REFUSED, WARNING, Check, as_text, by_severity

RIGHT = Check("echoes", None, None, OK, "Right.")
CORRECTED = Check("slice_phase", 0.5, 0.1, OK, "Corrected.", corrected=True)
DOUBTED = Check("b0_direction", "(0, 0, 1)", "known", DOUBTFUL, "Doubtful.")
WRONG = Check("echo_linearity", 0.123456, 0.06, REFUSED, "Wrong.")


@pytest.mark.parametrize(
    ("check", "mark", "title"),
    [
        (RIGHT, PASSED, "Echoes"),
        (CORRECTED, WARNING, "Slice phase"),
        (DOUBTED, WARNING, "B0 direction"),
        (WRONG, FAILED, "Echo linearity"),
    ],
)
def test_mark_and_title(check, mark, title):
    assert (check.mark, check.title) == (mark, title)


def test_most_severe_comes_first():
    assert by_severity([RIGHT, CORRECTED, DOUBTED, WRONG]) == [WRONG, DOUBTED, CORRECTED, RIGHT]


def test_text_has_values_limits_and_sentences():
    assert as_text([RIGHT, WRONG]).splitlines() == [
        f"{FAILED} Echo linearity: 0.123 (limit 0.06)",
        "    Wrong.",
        f"{PASSED} Echoes",
        "    Right.",
    ]
    assert as_text([]) == ""
