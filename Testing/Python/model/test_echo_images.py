"""Values that no scanner stores, and magnitude of any scale."""

import numpy as np
import pytest

from QSMLogic.model.echo_images import echo_images

USUAL = np.random.default_rng(0).uniform(1, 1000, (2, 6, 7, 8)).astype(np.float32)


@pytest.mark.parametrize("name", ["magnitude", "phase"])
def test_usual_images_are_taken_as_they_are(name):
    assert echo_images(USUAL, name) is USUAL


@pytest.mark.parametrize("value", [1e13, -1e30, np.inf])
@pytest.mark.parametrize("name", ["magnitude", "phase"])
def test_absurd_values_are_unknown_and_the_others_stay(name, value):
    images = USUAL.copy()
    images[0, 1, 2, 3] = value
    taken = echo_images(images, name)
    assert np.isnan(taken[0, 1, 2, 3]) and np.count_nonzero(np.isnan(taken)) == 1
    np.testing.assert_array_equal(np.isnan(taken) | (taken == USUAL), True)


@pytest.mark.parametrize("scale", [2.0**-100, 2.0**100])
def test_magnitude_of_any_scale_is_the_same_up_to_a_power_of_two(scale):
    taken = echo_images(USUAL.astype(float) * scale, "magnitude")
    ratio = taken / USUAL
    assert np.ptp(ratio) == 0 and np.log2(ratio[0, 0, 0, 0]) % 1 == 0
    assert 100 < np.percentile(taken, 99) < 10000
