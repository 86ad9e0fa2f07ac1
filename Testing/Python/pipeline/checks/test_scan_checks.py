"""Scans with one fault each: it is named, and corrected where it can be; a right scan passes without a word."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.simulated import head_scan
from scipy import ndimage

from QSMLogic import Acquisition
from QSMLogic.model.check import DOUBTFUL, OK
from QSMLogic.model.errors import QSMError, RefusedScan
from QSMLogic.pipeline.checks.echo_linearity import better_order
from QSMLogic.pipeline.checks.echoes import check_echoes
from QSMLogic.pipeline.checks.result import check_map
from QSMLogic.pipeline.checks.scan import checked_scan
from QSMLogic.pipeline.checks.sign import check_sign
from QSMLogic.pipeline.checks.steps import Tissue
from QSMLogic.pipeline.checks.tissue_mask import check_signal, check_volume
from QSMLogic.shared.phase_quality import wrapped

SLOW = (0, 1, 1, 1)  # standard deviation of a filter, voxels
ALTERNATING = np.float32([1, -1, 1, -1, 1]).reshape(5, 1, 1, 1)


@pytest.fixture(scope="module")
def right():
    return head_scan((104, 128, 112), 1.5, seed=3, b0_direction=(1.0, 0.0, 0.0)).acquisition


def with_phase(scan, phase):
    return replace(scan, phase=wrapped(phase.astype(np.float32)))


def ordered(scan, order):
    return replace(scan, magnitude=scan.magnitude[list(order)], phase=scan.phase[list(order)])


def cut(scan, echoes):
    return Acquisition(scan.magnitude[echoes], scan.phase[echoes], np.array(scan.echo_times_s)[echoes], 3.0, scan.grid)


def said(checks):
    return {check.name: check.sentence for check in checks if check.is_said}


def ramp(scan, axis=2):
    shape = [-1 if a == axis else 1 for a in range(3)]
    return np.linspace(-1, 1, scan.grid.shape[axis]).reshape(shape)


@pytest.mark.parametrize("echoes", [[0, 1, 2, 3, 4], [0, 1, 2], [1, 2, 4], [0, 3], [2]])
def test_right_scans_pass_unchanged_and_without_a_word(right, echoes):
    scan = cut(right, echoes)
    checked, checks = checked_scan(scan)
    assert not said(checks)
    np.testing.assert_array_equal(checked.phase, scan.phase)
    assert not check_echoes(scan).is_said


@pytest.mark.parametrize("order", [(0, 2, 1, 3, 4), (1, 0, 2, 3, 4), (0, 1, 2, 4, 3), (0, 3, 2, 1, 4)])
def test_the_right_order_of_swapped_echoes_is_named(right, order):
    with pytest.raises(RefusedScan) as refused:
        checked_scan(ordered(right, order))
    assert " ".join(str(n + 1) for n in np.argsort(order)) in str(refused.value)


@pytest.mark.parametrize("order", [(0, 9, 10, 11, 1, 2, 3, 4, 5, 6, 7, 8), (0, 1, 7, 3, 4, 5, 6, 2, 8)])
def test_the_right_order_of_many_echoes_is_found(order):
    times = 0.003 + 0.004 * np.arange(len(order))
    steps = times[list(order)] * 10
    fine = np.outer(steps, steps)
    assert better_order(fine + 0.001, fine, times) == tuple(np.argsort(order))
    right = np.outer(times, times) * 100
    assert better_order(right + 0.001, right, times) is None


@pytest.mark.parametrize("rad_per_voxel", [1.5, -1.5])
@pytest.mark.parametrize("axis", [0, 2])
def test_ramps_of_all_echoes_pass(right, rad_per_voxel, axis):
    ramped = with_phase(right, right.phase + rad_per_voxel * right.grid.shape[axis] / 2 * ramp(right, axis))
    assert not said(checked_scan(ramped)[1])
    with pytest.raises(RefusedScan, match="sorted as 1 3 2 4 5"):
        checked_scan(ordered(ramped, (0, 2, 1, 3, 4)))


@pytest.mark.parametrize("size", [6, 10])
def test_tiny_images_pass(right, size):
    middle = tuple(slice(n // 2 - size // 2, n // 2 + size // 2) for n in right.grid.shape)
    assert not said(checked_scan(right.cropped(middle))[1])


def test_blocks_of_large_images_have_enough_places():
    mask = np.zeros((150, 400, 400), bool)
    mask[:, 100:300] = True
    places = np.flatnonzero(mask)[::400]
    size, _ = Tissue(None, mask, places).in_blocks(places, np.ones(places.size))
    assert np.median(size[size > 0]) > 30


def test_echoes_from_last_to_first_are_refused(right):
    for scan in (ordered(right, (4, 3, 2, 1, 0)), ordered(cut(right, [0, 3]), (1, 0))):
        with pytest.raises(RefusedScan, match="wrong order"):
            checked_scan(scan)


@pytest.mark.parametrize("echoes", [[0, 1, 2, 3, 4], [0, 3]])
@pytest.mark.parametrize("offset_rad", [0, -3])
def test_phase_alone_from_last_to_first_is_refused_whatever_its_offset(right, echoes, offset_rad):
    scan = cut(right, echoes)
    scan = with_phase(scan, scan.phase + offset_rad * ramp(right, 0) * ramp(right, 1))
    assert not said(checked_scan(scan)[1])
    with pytest.raises(RefusedScan, match="wrong order"):
        checked_scan(replace(scan, phase=scan.phase[::-1].copy()))


@pytest.mark.parametrize("echoes", [[0, 1, 2, 3, 4], [0, 1, 2]])
@pytest.mark.parametrize("readout", [(0.4, 0.8), (0.1, 0.0), (-0.2, 0.5)])
def test_bipolar_readout_is_corrected(right, echoes, readout):
    scan = cut(right, echoes)
    phase = readout[0] + readout[1] * ramp(right)
    bipolar = with_phase(scan, scan.phase + ALTERNATING[: len(echoes)] * phase)
    checked, checks = checked_scan(bipolar)
    assert list(said(checks)) == ["readout"] and "corrected" in said(checks)["readout"]
    inside = Tissue.of(right).mask
    difference = wrapped(checked.phase - scan.phase)[:, inside]
    assert np.median(np.abs(difference)) < 0.3 * np.median(np.abs(phase + 0 * right.phase[0])[inside])


def test_bipolar_readout_is_left_if_the_user_says_monopolar(right):
    bipolar = with_phase(right, right.phase + ALTERNATING * (0.1 + 0.1 * ramp(right)))
    checked, checks = checked_scan(bipolar, readout="monopolar")
    assert checked is bipolar and "automatic" in said(checks)["readout"]


def test_bipolar_readout_is_corrected_if_later_echoes_are_uneven(right):
    scan = cut(right, [0, 1, 2, 4])
    bipolar = with_phase(scan, scan.phase + ALTERNATING[:4] * ramp(right))
    assert "corrected" in said(checked_scan(bipolar)[1])["readout"]


def test_bipolar_readout_at_uneven_echo_times_is_doubted(right):
    scan = cut(right, [0, 1, 3, 4])
    assert not said(checked_scan(scan)[1])
    bipolar = with_phase(scan, scan.phase + ALTERNATING[:4] * ramp(right))
    assert "bipolar" in said(checked_scan(bipolar)[1])["readout"]


@pytest.mark.parametrize("echoes", [[0, 1, 2, 3, 4], [0, 2], [1]])
@pytest.mark.parametrize("axis", [0, 1])
def test_half_turns_of_every_other_slice_are_taken_back(right, echoes, axis):
    scan = cut(right, echoes)
    turns = np.pi * (np.arange(scan.grid.shape[axis]) % 2).reshape([-1 if a == axis else 1 for a in range(3)])
    checked, checks = checked_scan(with_phase(scan, scan.phase + turns))
    assert "corrected" in said(checks)["slice_phase"]
    assert np.abs(np.abs(np.exp(1j * (checked.phase - scan.phase)).mean()) - 1) < 1e-5


def test_offsets_of_slices_are_taken_off(right):
    offsets = np.random.default_rng(0).uniform(-np.pi, np.pi, (right.grid.shape[0], 1, 1))
    checked, checks = checked_scan(with_phase(right, right.phase + offsets))
    assert "corrected" in said(checks)["slice_phase"]
    inside = Tissue.of(right).mask
    change = np.stack([wrapped(checked.phase[e] - right.phase[e])[inside] for e in range(5)])
    assert np.abs(wrapped(change[1:] - change[:1])).max() < 1e-4  # the same at all echoes: no field
    steps, _ = Tissue.of(checked).slice_steps(0)
    assert np.abs(np.diff(steps[20:80])).max() < 0.1


def test_offsets_of_slices_of_a_single_echo_are_doubted(right):
    offsets = np.random.default_rng(0).uniform(-np.pi, np.pi, (right.grid.shape[0], 1, 1))
    scan = cut(right, [1])
    assert "single echo" in said(checked_scan(with_phase(scan, scan.phase + offsets))[1])["slice_phase"]


def test_an_echo_off_the_line_is_named(right):
    phase = right.phase.copy()
    phase[3] *= -1
    with pytest.raises(RefusedScan, match="echo 4"):
        checked_scan(replace(right, phase=phase))


@pytest.mark.parametrize("order", [1, 3])
def test_blurred_wraps_are_doubted(right, order):
    shifted = np.stack([ndimage.shift(phase, (0, 0.5, 0.3), order=order) for phase in right.phase])
    try:
        found = said(checked_scan(replace(right, phase=shifted))[1])["phase_wraps"]
    except RefusedScan as refused:
        found = str(refused)
    assert "resampled" in found


def test_homodyne_filtered_phase_is_doubted(right):
    signal = right.magnitude * np.exp(1j * right.phase)
    slow = ndimage.gaussian_filter(signal.real, SLOW) + 1j * ndimage.gaussian_filter(signal.imag, SLOW)
    _, checks = checked_scan(replace(right, phase=np.angle(signal * slow.conj()).astype(np.float32)))
    assert "high-pass" in said(checks)["phase_filter"]


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("echo", [0, 2])
def test_a_constant_echo_is_named(right, value, echo):
    phase = right.phase.copy()
    phase[echo] = value
    with pytest.raises(QSMError, match=f"phase of echo {echo + 1} is constant"):
        check_echoes(replace(right, phase=phase))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["phase", "magnitude"])
def test_an_echo_without_numbers_is_named(right, name, value):
    images = getattr(right, name).copy()
    images[2] = value
    with pytest.raises(QSMError, match=f"{name} of echo 3 is NaN"):
        check_echoes(replace(right, **{name: images}))


def test_an_empty_magnitude_is_named(right):
    magnitude = right.magnitude.copy()
    magnitude[1] = 0
    with pytest.raises(QSMError, match="magnitude of echo 2 is zero"):
        check_echoes(replace(right, magnitude=magnitude))


def test_background_without_numbers_is_no_fault(right):
    inside = Tissue.of(right).mask
    images = {name: np.where(inside, getattr(right, name), np.nan) for name in ("magnitude", "phase")}
    assert check_echoes(replace(right, **images)).verdict == OK


def test_copies_are_named(right):
    images = {name: getattr(right, name)[[0, 1, 2, 2, 4]] for name in ("phase", "magnitude")}
    found = check_echoes(replace(right, **images))
    assert found.verdict == "refused" and "echo 4 is a copy of that of echo 3" in found.sentence
    found = check_echoes(replace(right, magnitude=images["magnitude"]))
    assert found.verdict == DOUBTFUL and "magnitude of echo 4" in found.sentence


def test_sign():
    assert check_sign(-0.11, "positive").verdict == DOUBTFUL
    assert check_sign(-0.11, "negative").verdict == check_sign(0.2, "positive").verdict == OK
    assert "to positive" in check_sign(0.2, "negative").sentence


def test_masks_without_signal(right):
    inside = Tissue.of(right).mask
    assert check_signal(right, inside).verdict == OK
    everything = np.ones_like(inside)
    found = check_signal(right, everything)
    assert found.verdict == DOUBTFUL and "ml" in found.sentence
    assert check_signal(right, ~ndimage.binary_dilation(inside, iterations=3)).verdict == OK  # noise alone is even
    partly = inside.copy()
    partly[:12] = True
    assert "slices 1 to 12" in check_signal(right, partly).sentence


@pytest.mark.parametrize(("share", "verdict"), [(0.1, OK), (0.6, DOUBTFUL), (0.9, "refused"), (1, "refused")])
def test_masks_over_voids(right, share, verdict):
    everywhere = np.ones(right.grid.shape, bool)
    magnitude = np.ones_like(right.magnitude)
    magnitude.reshape(right.echoes, -1)[:, : int(share * everywhere.size)] = 0
    assert check_signal(replace(right, magnitude=magnitude), everywhere).verdict == verdict


def test_volume_of_a_brain(right):
    whole = np.zeros(right.grid.shape, bool)
    whole[10:40, 12:50, 12:45] = True
    assert check_volume(right, whole, "brain").verdict == OK
    small = np.zeros_like(whole)
    small[20:30, 20:30, 20:30] = True
    assert check_volume(right, small, "brain").verdict == DOUBTFUL
    assert check_volume(right, small, "").verdict == check_volume(right, small, "robust").verdict == OK
    assert check_volume(right, np.ones_like(whole), "bet").verdict == DOUBTFUL


def test_maps_that_are_none():
    mask = np.ones((8, 8, 8), bool)
    values = np.random.default_rng(0).normal(0, 0.03, mask.shape).astype(np.float32)
    assert check_map(values, mask).verdict == OK
    assert check_map(20 * values, mask).verdict == DOUBTFUL
    for wrong in (128 * values, 0 * values, np.where(values > 0.05, np.nan, values)):
        assert check_map(wrong, mask).verdict == "refused"
