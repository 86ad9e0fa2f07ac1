"""Live maps of a realistic head, against the maps at full resolution that they stand for."""

import numpy as np
import pytest
from bench import realistic_head

from QSMLogic import Settings, run
from QSMLogic.pipeline.kept_results import KeptResults
from QSMLogic.pipeline.live import LiveSession

pytestmark = pytest.mark.skipif(not realistic_head.is_there(), reason="QSM_TEST_DATA is not set")


def strength(value):
    return Settings({"invert": {"method": "wh_qsm", "strength": value}})


def block_means(image, reduction):
    shape = [n // r for n, r in zip(image.shape, reduction, strict=True)]
    whole = image[tuple(slice(n * r) for n, r in zip(shape, reduction, strict=True))]
    return whole.reshape([n for pair in zip(shape, reduction, strict=True) for n in pair]).mean(axis=(1, 3, 5))


def test_coarse_map_after_a_full_one_is_close_to_the_next_full_one():
    kept, scan = KeptResults(), realistic_head.scan()
    automatic = Settings({"invert": {"method": "wh_qsm"}})
    session = LiveSession(scan, None, automatic, lambda stage, fraction: None, kept.begin())
    lam = session.automatic(automatic)["invert.strength"]
    here, there = (run(scan, None, strength(value), cache=kept.begin()) for value in (lam, 2 * lam))
    expected = block_means(there.susceptibility_ppm, session.reduction)
    inside = block_means(there.reliable_mask, session.reduction) == 1

    def error_and_slope():
        found = session.update(strength(2 * lam)).susceptibility_ppm[inside]
        error = np.linalg.norm(found - expected[inside]) / np.linalg.norm(expected[inside])
        return error, np.polyfit(expected[inside], found, 1)[0]

    assert error_and_slope()[0] == pytest.approx(0.35, abs=0.1)  # the tutorial says so
    session.learn(strength(lam), here)
    error, slope = error_and_slope()
    assert error < 0.12 and slope == pytest.approx(1, abs=0.06)
