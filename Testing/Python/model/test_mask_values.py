"""Masks that are not binary are cut at half of their largest value, and doubted."""

import numpy as np
import pytest
from scipy import ndimage

from QSMLogic import Grid
from QSMLogic.model.acquisition import checked_mask
from QSMLogic.model.check import DOUBTFUL, OK
from QSMLogic.model.mask_values import mask_values_check

INSIDE = np.zeros((20, 20, 20), bool)
INSIDE[5:15, 5:15, 5:15] = True
BALL = INSIDE.astype(np.float32)
LABELS = INSIDE.astype(np.int16)
LABELS[8:10, 5:15, 5:15] = 3

BINARY = {
    "bool": INSIDE,
    "one label": 5 * BALL,
    "a fraction": 0.37 * BALL,
    "255": 255 * INSIDE.astype(np.uint8),
    "labels": LABELS,
    "real labels": LABELS.astype(np.float32),
    "NaN outside": np.where(INSIDE, 1, np.nan),
    "below zero outside": np.where(INSIDE, 1, -1024.0),
    "rounded outside": np.where(INSIDE, 1, 1e-6),
    "rounded by a slope": 0.9999 * BALL + 1e-4,
}


@pytest.mark.parametrize("kind", BINARY)
def test_masks_and_labels(kind):
    np.testing.assert_array_equal(checked_mask(BINARY[kind], Grid(INSIDE.shape)), INSIDE)
    assert mask_values_check(BINARY[kind]).verdict == OK


SHADES = {
    "smooth": ndimage.gaussian_filter1d(BALL, 1, axis=0),
    "rim of a spline": ndimage.shift(BALL, (0.2, 0, 0), order=3),
    "tiny": 1e-5 * BALL + 1e-8,
    "percent": 100 * ndimage.shift(BALL, (0.2, 0.2, 0.2), order=1),
    "background": 0.8 * BALL + 0.2,
}


@pytest.mark.parametrize("kind", SHADES)
def test_probabilities(kind):
    np.testing.assert_array_equal(checked_mask(SHADES[kind], Grid(INSIDE.shape)), INSIDE)
    check = mask_values_check(SHADES[kind], "reference mask")
    assert (check.name, check.verdict) == ("mask_values", DOUBTFUL)
    assert check.limit == pytest.approx(SHADES[kind].max() / 2)
    assert f"above {SHADES[kind].max() / 2:.3g}, half of the largest value, were taken" in check.sentence
    assert "reference mask is not binary" in check.sentence and "12.5 % of the image" in check.sentence


def test_whole_numbers_that_are_shades():
    mask = np.where(INSIDE, 255, 0)
    mask[0, 0] = np.arange(1, 21)
    mask[0, 1:4] = np.arange(21, 81).reshape(3, 20)
    np.testing.assert_array_equal(checked_mask(mask, Grid(INSIDE.shape)), INSIDE)
    assert mask_values_check(mask).verdict == DOUBTFUL


def test_many_labels_are_doubted_and_kept():
    mask = np.arange(8000).reshape(INSIDE.shape) // 80
    assert checked_mask(mask, Grid(INSIDE.shape)).sum() == 8000 - 80
    check = mask_values_check(mask)
    assert check.verdict == DOUBTFUL and "above 0 were taken" in check.sentence
