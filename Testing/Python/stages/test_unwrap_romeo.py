"""ROMEO on phases whose wraps are known."""

import numpy as np
import pytest
from helpers.fields import ball

from QSMLogic import Acquisition, Grid
from QSMLogic.registry.method import find
from QSMLogic.shared.phase_quality import edge_quality, voxel_quality, wrapped
from QSMLogic.stages.unwrap.romeo import unwrap_spatially

ROMEO = find("unwrap", "romeo")


def hill(shape, height_rad):
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return (height_rad * np.exp(-(k**2 + j**2 + i**2) / 0.3)).astype(np.float32)


def turns_off(unwrapped, truth, mask):
    """The wrong turns in every voxel, after the whole has been shifted by turns."""
    turns = (unwrapped - truth)[mask] / (2 * np.pi)
    return np.rint(turns - np.median(turns))


@pytest.mark.parametrize("shape", [(40, 44, 48), (31, 17, 23), (16, 16, 16)])
def test_a_hill_of_several_turns(shape):
    truth = hill(shape, 0.9 * min(shape))
    mask = np.ones(shape, bool)
    unwrapped = unwrap_spatially(wrapped(truth.copy()), np.ones(shape, np.float32), mask)
    assert not turns_off(unwrapped, truth, mask).any()
    np.testing.assert_allclose(np.ptp(unwrapped), np.ptp(truth), atol=1e-3)


def test_reliable_paths_lead_around_noise():
    shape = (32, 40, 40)
    truth, mask = hill(shape, 30), np.ones(shape, bool)
    phase, magnitude, noisy = truth.copy(), np.ones(shape, np.float32), np.zeros(shape, bool)
    noisy[4:28, 18:22, 4:36] = True
    random = np.random.default_rng(0)
    phase[noisy] += random.uniform(-np.pi, np.pi, noisy.sum())
    magnitude[noisy] = random.uniform(0, 0.1, noisy.sum())
    unwrapped = unwrap_spatially(wrapped(phase), magnitude, mask)
    assert not turns_off(unwrapped, truth, ~noisy).any()


def test_result_differs_by_whole_turns_and_is_zero_outside():
    random = np.random.default_rng(1)
    phase = random.uniform(-np.pi, np.pi, (12, 13, 14)).astype(np.float32)
    mask = ball(Grid(phase.shape), 5)
    unwrapped = unwrap_spatially(phase, np.ones_like(phase), mask)
    turns = (unwrapped - phase)[mask] / (2 * np.pi)
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-4)
    assert not unwrapped[~mask].any()


def test_every_part_of_the_mask_is_unwrapped():
    truth = np.broadcast_to(np.linspace(-12, 12, 40, dtype=np.float32), (10, 10, 40)).copy()
    mask = np.ones(truth.shape, bool)
    mask[5] = False
    mask[5, 5, 5] = True
    mask[4:7, 4:7, 4:7] &= np.indices((3, 3, 3)).sum(0) % 2 == 1
    unwrapped = unwrap_spatially(wrapped(truth.copy()), np.ones_like(truth), mask)
    for part in (slice(0, 4), slice(7, 10)):
        assert not turns_off(unwrapped[part], truth[part], mask[part]).any()
        assert abs(unwrapped[part][mask[part]].mean()) <= np.pi
    assert np.isfinite(unwrapped).all()


@pytest.mark.parametrize("template", [1, 2, 3])
def test_echoes_follow_the_template(template):
    shape, times = (24, 26, 28), (0.003, 0.011, 0.019)
    slope = hill(shape, 1.0) * 1500 - 300
    truth = np.stack([slope * t for t in times])
    scan = Acquisition(np.ones_like(truth), wrapped(truth.copy()), times, 3, Grid(shape))
    unwrapped = ROMEO.run(scan, np.ones(shape, bool), parameters=ROMEO.make_parameters({"template_echo": template}))
    steps = (unwrapped - truth) / (2 * np.pi)
    assert np.abs(steps - np.rint(steps)).max() < 1e-3
    expected = slope * (times[1] - times[0])
    np.testing.assert_allclose(
        np.diff(unwrapped, axis=0)[0] - np.median(np.diff(unwrapped, axis=0)[0]),
        expected - np.median(expected),
        atol=0.01,
    )


def test_quality_is_high_in_smooth_phase_and_low_in_noise():
    phase = hill((20, 20, 20), 2.0)
    phase[10:] = np.random.default_rng(0).uniform(-np.pi, np.pi, (10, 20, 20))
    quality = voxel_quality(phase, np.ones_like(phase))
    assert quality[:8].min() > 0.8
    assert quality[12:].mean() < 0.6
    assert voxel_quality(hill((8, 8, 8), 0.1)).min() > 0.9


def test_quality_of_an_edge_by_hand():
    phase, magnitude = np.zeros((2, 1, 1), np.float32), np.ones((2, 1, 1), np.float32)
    phase[1], magnitude[1] = np.pi / 2, 0.5
    assert edge_quality(0, phase)[0, 0, 0] == pytest.approx(0.5)
    assert edge_quality(0, phase, magnitude)[0, 0, 0] == pytest.approx(0.5 * 0.25)
    assert edge_quality(0, phase, None, (phase * 0, 0.5))[0, 0, 0] == 0


def constant_echoes(phases_rad, times, **values):
    """Echoes of one phase each, unwrapped with these parameters; one value per echo."""
    shape = (6, 7, 8)
    phase = np.stack([np.full(shape, p, np.float32) for p in phases_rad])
    scan = Acquisition(np.ones_like(phase), wrapped(phase.copy()), times, 3, Grid(shape))
    unwrapped = ROMEO.run(scan, np.ones(shape, bool), parameters=ROMEO.make_parameters(values))
    assert np.ptp(unwrapped, axis=(1, 2, 3)).max() < 1e-4
    return unwrapped[:, 0, 0, 0]


@pytest.mark.parametrize("template", [1, 2])
def test_individual_echoes_come_to_the_turns_that_their_times_ask_for(template):
    """Phases of 0.15, 0.4 and 0.65 turns, of which unwrapping in space shows the last as -0.35."""
    times = (0.003, 0.008, 0.013)
    truth = [100 * np.pi * t for t in times]
    found = constant_echoes(truth, times, echoes="individual", template_echo=template)
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_late_echoes_weigh_more_in_the_slope_that_the_next_one_follows():
    """An error of the template counts by its echo time squared; counted by the time alone, the last echo would wrap."""
    phases = (0, 2.03, 0, 0)
    found = constant_echoes(phases, (0.004, 0.008, 0.012, 0.032), template_echo=2)
    np.testing.assert_allclose(found, phases, atol=1e-5)


def wrong_voxels(noise, **values):
    """How many voxels of the first of two noisy echoes of a hill come out by turns off."""
    shape, times, random = (24, 28, 30), (0.004, 0.010), np.random.default_rng(0)
    truth = np.stack([hill(shape, 1800 * t) for t in times])
    signal = np.exp(1j * truth) + noise * (
        random.standard_normal(truth.shape) + 1j * random.standard_normal(truth.shape)
    )
    scan = Acquisition(np.abs(signal), np.angle(signal), times, 3, Grid(shape))
    mask = np.ones(shape, bool)
    return np.count_nonzero(
        turns_off(ROMEO.run(scan, mask, parameters=ROMEO.make_parameters(values))[0], truth[0], mask)
    )


def test_the_second_echo_does_not_mislead_the_first():
    """Its steps count by the ratio of the echo times: taken the wrong way round, they hold good edges for bad ones."""
    alone = wrong_voxels(0.7, phase_gradient_coherence=False)
    assert alone > 0 and wrong_voxels(0.7) < 3 * alone
