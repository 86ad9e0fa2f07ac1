"""Signal voids: filled from the field around, nowhere else; and the uncertainty of a simulated scan's field."""

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.simulated import head_scan
from scipy.ndimage import binary_erosion

from QSMLogic import FieldMap, Grid
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.registry.method import find, registry
from QSMLogic.shared.signal_void import filled

GRID = Grid((56, 60, 50), (1.2, 1, 1), (0.96, 0.28, 0))
NOISE_PPM, VOID = 0.001, (slice(26, 31), slice(27, 33), slice(25, 27))


def damaged():
    """A strong sheet in a ball with a background field; its total field where it cannot be measured is noise."""
    susceptibility = np.zeros(GRID.shape)
    susceptibility[VOID] = -3
    truth = dipole_field(susceptibility, GRID.spacing_mm, GRID.b0_direction) + sphere(GRID, 8, (0, 36, 6), 9.0)[0]
    random, mask, lost = np.random.default_rng(0), ball(GRID, 22), np.zeros(GRID.shape, bool)
    lost[VOID] = True
    measured = truth + NOISE_PPM * random.standard_normal(GRID.shape)
    measured[lost] = random.uniform(-0.8, 0.8, np.count_nonzero(lost))
    uncertainty = np.where(lost, 30 * NOISE_PPM, NOISE_PPM)
    signal = np.stack([np.where(lost, low, high) for low, high in ((0.1, 1), (0.05, 0.7), (0.2, 0.5))])
    return FieldMap(measured, mask, GRID, uncertainty), signal, truth, lost


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def test_a_void_is_filled_from_the_field_around():
    total, signal, truth, lost = damaged()
    whole = filled(total, signal)
    assert rms((whole.ppm - truth)[lost]) < 0.75 * rms((total.ppm - truth)[lost])
    np.testing.assert_array_equal(whole.ppm[~lost], total.ppm[~lost])
    np.testing.assert_array_equal(whole.mask, total.mask)
    assert rms((whole.ppm - truth)[lost] / whole.uncertainty_ppm[lost]) < 5
    assert (whole.uncertainty_ppm >= total.uncertainty_ppm).all()


def test_where_there_is_signal_or_no_doubt_nothing_changes():
    total, signal, _, lost = damaged()
    assert filled(total, np.ones((3, *GRID.shape))) is total
    assert filled(total, np.minimum.accumulate(signal)) is total
    sure = FieldMap(total.ppm, total.mask, GRID, np.full(GRID.shape, NOISE_PPM))
    assert filled(sure, signal) is sure
    plain = FieldMap(total.ppm, total.mask, GRID)
    assert filled(plain, signal) is plain


def test_the_scale_of_signal_and_field_does_not_matter():
    total, signal, _, _ = damaged()
    one = filled(total, signal)
    other = filled(FieldMap(2 * total.ppm, total.mask, GRID, 2 * total.uncertainty_ppm), 1e3 * signal)
    np.testing.assert_allclose(other.ppm, 2 * one.ppm, atol=1e-4)


def test_a_void_at_the_rim_and_a_tiny_mask_are_left_alone():
    total, signal, _, lost = damaged()
    signal[:, 28, 30, :] = signal[:, 28, 30, 25:26]
    uncertainty = np.where(lost, 0.03, NOISE_PPM)
    uncertainty[28, 30, :15] = 0.03
    whole = filled(FieldMap(total.ppm, total.mask, GRID, uncertainty), signal)
    np.testing.assert_array_equal(whole.ppm[28, 30, :15], total.ppm[28, 30, :15])
    tiny = np.zeros(GRID.shape, bool)
    tiny[VOID] = True
    assert np.isfinite(filled(FieldMap(total.ppm, tiny, GRID, uncertainty), signal).ppm).all()


@pytest.fixture(scope="module")
def simulated():
    scan = head_scan((104, 128, 112), 1.5, seed=5, snr=30)
    acquisition = find("offset", "mcpc3ds").run(scan.acquisition, scan.mask)
    return scan, acquisition, find("unwrap", "romeo").run(acquisition, scan.mask)


@pytest.mark.parametrize("name", registry()["field"])
def test_the_uncertainty_of_a_simulated_scan_is_calibrated(simulated, name):
    """The median of a normal error is 0.67 standard deviations; said to be doubtful, a voxel's error is larger."""
    scan, acquisition, unwrapped = simulated
    total = find("field", name).run(acquisition, unwrapped, scan.mask)
    inside = binary_erosion(scan.mask, iterations=2)
    error, doubt = np.abs((total.ppm - scan.total_field_ppm)[inside]), total.uncertainty_ppm[inside]
    assert np.median(error / doubt) == pytest.approx(0.67, abs=0.17)
    failed = doubt > 8 * np.median(doubt)
    assert failed.any() and np.median(error[failed]) > 5 * np.median(error[~failed])
