"""Spacings that differ by rounding make the same numbers of voxels."""

import math

import numpy as np
import pytest

from QSMLogic.numerics.fft import next_fast_shape, padded_shape
from QSMLogic.numerics.voxels import in_voxels

ROUNDED = [
    (mm, other) for mm in (3.0, 0.8, 0.7, 1.2) for other in (np.nextafter(mm, 0), np.nextafter(mm, 9), np.float32(mm))
]


@pytest.mark.parametrize(("mm", "other"), ROUNDED)
def test_whole_and_half_numbers(mm, other):
    for number in (1, 2.5, 4, 15):
        assert in_voxels(number * mm, mm) == in_voxels(number * mm, other) == number


def test_other_numbers_stay():
    assert in_voxels(1.0, 3.0) == pytest.approx(1 / 3, abs=1e-5) and math.ceil(in_voxels(3.0001, 3.0)) == 2


@pytest.mark.parametrize(("mm", "other"), ROUNDED)
def test_padding(mm, other):
    shapes = [padded_shape((64, 64, 64), (1.0, 1.0, spacing), 12 * mm) for spacing in (mm, other)]
    assert shapes[0] == shapes[1] == next_fast_shape((64 + math.ceil(12 * mm), 64 + math.ceil(12 * mm), 76))
