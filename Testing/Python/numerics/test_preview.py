"""A coarse scan gives nearly the same map, on a grid that says what it is."""

import numpy as np
import pytest
from fields import ball, sphere

from QSMLogic import Acquisition, Grid, QSMError, Settings, run
from QSMLogic.preview import SMALLEST, preview, preview_reduction, reduced

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


@pytest.mark.parametrize("shape", [(164, 205, 205), (256, 256, 160), (40, 512, 512), (30, 30, 30), (800, 20, 20)])
def test_reduction_is_the_smallest_that_is_quick_enough(shape):
    reduction = preview_reduction(shape, 400_000)
    assert np.prod(shape) / reduction**3 <= 400_000 or min(shape) // (reduction + 1) < SMALLEST
    assert reduction == 1 or np.prod(shape) / (reduction - 1) ** 3 > 400_000
    assert min(shape) // reduction >= min(SMALLEST, min(shape))


def test_coarse_voxels_are_complex_means():
    acquisition, head = scan()
    coarse, mask, _ = reduced(acquisition, head, Settings(), 2)
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
    coarse = preview(run, acquisition, head, Settings(), 2)
    plus, minus = (sphere(GRID, 7, (0, y, 0))[1] < 5 for y in (11, -11))
    coarse_plus, coarse_minus = (
        m[:60, :64, :66].reshape(30, 2, 32, 2, 33, 2).all(axis=(1, 3, 5)) for m in (plus, minus)
    )
    contrast = full[plus].mean() - full[minus].mean()
    assert contrast > 0.4
    map_ppm = coarse.susceptibility_ppm
    assert map_ppm[coarse_plus].mean() - map_ppm[coarse_minus].mean() == pytest.approx(contrast, rel=0.15)
    assert coarse.provenance["preview"] is True
    assert coarse.provenance["reduction"] == 2


def test_without_reduction_nothing_changes():
    acquisition, head = scan()
    assert reduced(acquisition, head, Settings(), 1)[0] is acquisition


def test_mask_that_would_vanish_is_refused():
    acquisition, head = scan()
    sheet = np.zeros_like(head)
    sheet[30] = head[30]
    with pytest.raises(QSMError, match="too thin for a preview"):
        reduced(acquisition, sheet, Settings(), 3)
