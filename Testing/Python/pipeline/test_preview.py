"""A coarse scan gives nearly the same map, on a grid that says what it is."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Grid, QSMError, Settings, run
from QSMLogic.pipeline.preview import SMALLEST, VOXELS, preview, preview_reduction, reduced

GRID = Grid((61, 64, 67), (1.0, 1.0, 1.1), (0.96, 0.28, 0.0))
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3


def scan(scale=1.0):
    """Two balls of 0.4 and -0.3 ppm in a round head, phase in `scale` units per radian; and the head."""
    head = ball(GRID, 27)
    field = sphere(GRID, 7, (0, 11, 0), 0.4)[0] + sphere(GRID, 7, (0, -11, 0), -0.3)[0]
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, 2, *GRID.shape))
    times = (0.005, 0.012)
    signal = np.stack([head * np.exp(1j * RAD_PER_S_AND_PPM * t * field) for t in times]) + noise[0] + 1j * noise[1]
    return Acquisition(np.abs(signal), scale * np.angle(signal), times, 3.0, GRID), head


@pytest.mark.parametrize(
    "shape, spacing, expected",
    [
        ((164, 205, 205), (1, 1, 1), (3, 3, 3)),
        ((30, 30, 30), (1, 1, 1), (1, 1, 1)),
        ((30, 384, 384), (3, 0.6, 0.6), (1, 4, 4)),
        ((64, 256, 256), (2, 1, 1), (2, 3, 3)),
        ((800, 20, 20), (1, 1, 1), (1, 1, 1)),
    ],
)
def test_reduction_is_quick_and_makes_voxels_cubic(shape, spacing, expected):
    reduction = preview_reduction(shape, spacing)
    left = [n // r for n, r in zip(shape, reduction, strict=True)]
    assert np.prod(left) <= VOXELS
    assert all(n >= SMALLEST for n in left)
    assert all(abs(r - e) <= 1 for r, e in zip(reduction, expected, strict=True))


def test_parameters_in_voxels_keep_their_size_in_mm():
    settings = Settings({"mask": {"method": "robust", "closing_voxels": 6}})
    for reduction, voxels in (((2, 2, 2), 3), ((1, 4, 4), 2), ((9, 9, 9), 1)):
        _, _, coarse = reduced(*scan(), settings, reduction)
        assert coarse.parameters("mask").closing_voxels == voxels


def test_reversed_phase_is_turned_round_once():
    acquisition, head = scan()
    reverse = replace(acquisition, phase=-acquisition.phase)
    coarse, _, settings = reduced(reverse, head, Settings({"scaling": {"sign": "negative"}}), (2, 2, 2))
    same, _, _ = reduced(acquisition, head, Settings(), (2, 2, 2))
    np.testing.assert_allclose(coarse.phase, same.phase, atol=1e-5)
    assert settings.parameters("scaling").sign == "positive"


def test_coarse_voxels_are_complex_means():
    acquisition, head = scan()
    coarse, mask, _ = reduced(acquisition, head, Settings(), (2, 2, 2))
    assert coarse.grid.shape == mask.shape == (30, 32, 33)
    assert coarse.grid.spacing_mm == (2.0, 2.0, 2.2)
    assert coarse.grid.b0_direction == pytest.approx(GRID.b0_direction)
    block = (acquisition.magnitude * np.exp(1j * acquisition.phase))[1, 20:22, 30:32, 40:42]
    found = coarse.magnitude[1, 10, 15, 20] * np.exp(1j * coarse.phase[1, 10, 15, 20])
    assert found == pytest.approx(block.mean(), rel=1e-4)
    assert mask[15, 16, 16]
    assert not mask[0, 0, 0]


@pytest.mark.parametrize("scale", [1.0, 4096 / np.pi])
def test_preview_resembles_the_map(scale):
    acquisition, head = scan(scale)
    full = run(acquisition, head).susceptibility_ppm
    coarse = preview(run, acquisition, head, Settings(), (2, 2, 2))
    plus, minus = (sphere(GRID, 7, (0, y, 0))[1] < 5 for y in (11, -11))
    coarse_plus, coarse_minus = (
        m[:60, :64, :66].reshape(30, 2, 32, 2, 33, 2).all(axis=(1, 3, 5)) for m in (plus, minus)
    )
    contrast = full[plus].mean() - full[minus].mean()
    assert contrast > 0.4
    map_ppm = coarse.susceptibility_ppm
    assert map_ppm[coarse_plus].mean() - map_ppm[coarse_minus].mean() == pytest.approx(contrast, rel=0.15)
    assert coarse.provenance["preview"] is True
    assert coarse.provenance["reduction"] == [2, 2, 2]


def test_preview_is_zero_in_the_reference_mask():
    acquisition, head = scan()
    region = sphere(GRID, 7, (0, 11, 0))[1] < 6
    quick = Settings({"background": {"method": "sharp"}, "invert": {"method": "tkd"}})
    coarse = preview(run, acquisition, head, quick, (2, 2, 2), reference_mask=region)
    inside = region[:60, :64, :66].reshape(30, 2, 32, 2, 33, 2).mean(axis=(1, 3, 5)) > 0.5
    assert abs(coarse.susceptibility_ppm[inside & coarse.reliable_mask].mean(dtype=float)) < 1e-6
    assert coarse.susceptibility_ppm[head[:60:2, :64:2, :66:2] & coarse.reliable_mask].mean() < -0.1


def test_without_reduction_nothing_changes():
    acquisition, head = scan()
    same, mask, _ = reduced(acquisition, head, Settings(), (1, 1, 1))
    np.testing.assert_allclose(same.phase, acquisition.phase, atol=1e-5)
    np.testing.assert_array_equal(mask, head)


def test_mask_that_would_vanish_is_refused():
    acquisition, head = scan()
    sheet = np.zeros_like(head)
    sheet[30] = head[30]
    with pytest.raises(QSMError, match="too thin for a preview"):
        reduced(acquisition, sheet, Settings(), (3, 3, 3))
