"""Fat in phase and out of phase with water: what the check of the echo times says, and what becomes of the map."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import fat

from QSMLogic import Acquisition, Grid, Settings, run
from QSMLogic.model.check import DOUBTFUL, OK
from QSMLogic.pipeline.checks.echo_linearity import check_linearity
from QSMLogic.pipeline.checks.fat import check_fat, in_phase_times_ms, shift_left_ppm
from QSMLogic.pipeline.checks.steps import Tissue
from QSMLogic.pipeline.input_checks import input_checks
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.provenance import checks_of

BODY = PRESETS["body"].choices
IN_PHASE, OUT_OF_PHASE = (0.0023, 0.0046, 0.0069, 0.0092), (0.0012, 0.0024, 0.0036, 0.0048)
MHZ = 42.577478518


def about_fat(checks):
    return [check for check in checks if check.name == "fat"]


def scan_at(times_ms, tesla):
    """The scan of a few voxels."""
    images = np.ones((len(times_ms), 2, 2, 2), np.float32)
    return Acquisition(images, images, [t / 1000 for t in times_ms], tesla, Grid((2, 2, 2)))


def test_water_is_mapped_right_in_phase_only_and_the_check_says_so():
    found = {}
    for times in (IN_PHASE, OUT_OF_PHASE):
        scan, body = fat.scan(times)
        maps = run(scan, body, BODY)
        (check,) = about_fat(checks_of(maps.provenance))
        found[check.is_said] = fat.contrast(maps.susceptibility_ppm)
    difference, spread = found[False]
    assert difference == pytest.approx(0.5, rel=0.15) and spread < 0.05
    assert found[True][1] > 10 * spread


@pytest.mark.parametrize(
    ("tesla", "times_ms", "bad"),
    [
        (3.0, (2.3, 4.6, 6.9), ()),
        (1.5, (4.6, 9.2, 13.8), ()),
        (1.5, (2.3, 4.6, 6.9, 9.2), (1, 3)),
        (3.0, (1.15, 2.3, 3.45), (1, 3)),
        (3.0, (1.15,), (1,)),
        (3.0, (4.0, 8.0, 12.0), (1, 2, 3)),
        (3.0, (23.0, 46.0), ()),  # so late that 3.4 to 3.5 ppm leave it open
    ],
)
def test_echoes_out_of_phase_are_named(tesla, times_ms, bad):
    check = check_fat(scan_at(times_ms, tesla))
    assert check.verdict == (DOUBTFUL if bad else OK)
    if bad:
        assert f"in echo{'es' if len(bad) > 1 else ''} {', '.join(map(str, bad))} (" in check.sentence
    assert ("leave out" in check.sentence) == (0 < len(bad) < len(times_ms))


def test_times_in_phase_follow_from_the_field():
    assert in_phase_times_ms(3.0) == pytest.approx((1000 / (3.5 * 3 * MHZ), 1000 / (3.4 * 3 * MHZ)))
    assert in_phase_times_ms(1.5) == pytest.approx([2 * t for t in in_phase_times_ms(3.0)])
    assert in_phase_times_ms(2.8936)[1] == pytest.approx(2.387, abs=1e-3)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_half_a_turn_is_the_largest_shift_that_can_be_left(n):
    assert shift_left_ppm(n / (3.45 * 3 * MHZ), 3.0) == 0
    between = shift_left_ppm((n - 0.5) / (3.45 * 3 * MHZ), 3.0)
    assert between == pytest.approx(3.45 / (2 * n - 1), abs=0.06)


def test_only_settings_with_fat_in_the_mask_are_checked():
    scan, body = fat.scan(OUT_OF_PHASE)
    brain = [{}, PRESETS["animal"].choices, {"mask": {"method": "threshold"}}]
    assert not any(about_fat(input_checks(scan, body, settings)) for settings in brain)
    assert about_fat(input_checks(scan, body, BODY))[0].verdict == DOUBTFUL


def test_fat_whose_phase_is_not_linear_is_no_reason_to_refuse():
    scan, body = fat.scan(IN_PHASE)
    tissue = Tissue.of(scan, body)
    assert check_linearity(tissue).verdict != OK
    assert check_linearity(tissue, fat=True).verdict == OK


def test_echoes_in_the_wrong_order_are_doubted_in_fat():
    scan, body = fat.scan(IN_PHASE)
    swapped = replace(scan, magnitude=scan.magnitude[[1, 0, 2, 3]], phase=scan.phase[[1, 0, 2, 3]])
    check = check_linearity(Tissue.of(swapped, body), fat=True)
    assert check.verdict == DOUBTFUL and "sorted as 2 1 3 4" in check.sentence and "Fat" in check.sentence


def test_the_preset_for_the_body_names_the_times():
    assert Settings(BODY).parameters("mask").fat
    for tesla, named in ((3.0, "2.3 ms at 3 T"), (1.5, "4.6 ms at 1.5 T")):
        low, high = in_phase_times_ms(tesla)
        assert named in PRESETS["body"].help and low <= float(named.split()[0]) <= high
