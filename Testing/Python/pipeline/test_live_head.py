"""Live maps of a realistic head, against the maps at full resolution that they stand for."""

import numpy as np
import pytest
from bench import realistic_head

from QSMLogic import Settings, run
from QSMLogic.numerics.blocks import block_mean
from QSMLogic.pipeline.kept_results import KeptResults
from QSMLogic.pipeline.live import LiveSession

pytestmark = pytest.mark.skipif(not realistic_head.is_there(), reason="QSM_TEST_DATA is not set")


def strength(value):
    return Settings({"invert": {"method": "wh_qsm", "strength": value}})


def block_means(image, reduction):
    whole = tuple(slice(n - n % r) for n, r in zip(image.shape, reduction, strict=True))
    return block_mean(np.asarray(image)[whole], reduction)


def test_live_maps_are_as_close_to_the_full_one_as_the_tutorial_says():
    kept, scan = KeptResults(), realistic_head.scan()
    automatic = Settings({"invert": {"method": "wh_qsm"}})
    session = LiveSession(scan, None, automatic, lambda stage, fraction: None, kept.begin())
    lam = session.automatic(automatic)["invert.strength"]
    here, there = (run(scan, None, strength(value), cache=kept.begin()) for value in (lam, 2 * lam))
    means = block_means(there.susceptibility_ppm, session.reduction)
    inside = block_means(there.reliable_mask, session.reduction) == 1
    coarse = session.update(strength(2 * lam)).susceptibility_ppm
    assert error(coarse[inside], means[inside]) == pytest.approx(0.35, abs=0.1)
    session.learn(strength(lam), here)
    found = session.update(strength(2 * lam))
    expected = there.susceptibility_ppm[found.box]
    assert error(found.susceptibility_ppm, expected) == pytest.approx(0.11, abs=0.02)
    assert np.polyfit(expected.ravel(), found.susceptibility_ppm.ravel(), 1)[0] == pytest.approx(1, abs=0.05)


def error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)
