"""The field from unwrapped echoes: lines with and without offset, noise, wraps, mixed voxels, odd input."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.fields import ball
from scipy.ndimage import binary_erosion

from QSMLogic import Acquisition, Cancelled, Grid
from QSMLogic.files.bids import find_runs
from QSMLogic.registry.method import find, registry
from QSMLogic.shared.phase_quality import wrapped

GRID, TIMES, TESLA = Grid((17, 21, 19), (2, 1.2, 1), (0.8, 0.36, -0.48)), (0.004, 0.010, 0.016, 0.022), 3.0
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * TESLA
FITS = [entry for name, entry in registry()["field"].items() if name != "phase_snr"]
EVERY = [*registry()["field"].values()]
NAMES = [entry.name for entry in EVERY]
TWO_PARTS = ball(GRID, 8) & (np.arange(19) != 9)


def smooth_field():
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in GRID.shape), indexing="ij")
    return (0.5 * np.exp(-(k**2 + j**2 + i**2) / 0.5) - 0.2 * k).astype(np.float32)


def scan(noise=0.0, offset_rad=0.0, times=TIMES, seed=0):
    """An acquisition and its unwrapped phase, decaying, with noise in the signal of 1."""
    times, random = np.asarray(times), np.random.default_rng(seed)
    truth = RAD_PER_S_AND_PPM * smooth_field() * times[:, None, None, None] + offset_rad
    signal = np.exp(1j * truth - times[:, None, None, None] / 0.03)
    signal += noise * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    unwrapped = truth + wrapped(np.angle(signal) - truth)
    return Acquisition(np.abs(signal), np.angle(signal), times, TESLA, GRID), unwrapped.astype(np.float32)


def fitted(entry, acquisition, unwrapped, mask=TWO_PARTS, **values):
    return entry.run(acquisition, unwrapped, mask, parameters=entry.make_parameters(values))


@pytest.mark.parametrize("echoes", [1, 2, 3, 4])
@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_exact_echoes_give_the_exact_field(entry, echoes):
    total = entry.run(*scan(times=TIMES[:echoes]), TWO_PARTS)
    np.testing.assert_allclose(total.ppm, np.where(TWO_PARTS, smooth_field(), 0), atol=1e-4)
    assert total.ppm.dtype == np.float32 and (total.uncertainty_ppm is None) == (echoes == 1)


@pytest.mark.parametrize("entry", FITS, ids=lambda entry: entry.name)
def test_a_free_offset_is_left_out_of_the_field(entry):
    offset = 1.5 * np.random.default_rng(0).standard_normal(GRID.shape)
    total = fitted(entry, *scan(offset_rad=offset), phase_offset="free")
    np.testing.assert_allclose(total.ppm[TWO_PARTS], smooth_field()[TWO_PARTS], atol=2e-4)
    wide = fitted(entry, *scan(offset_rad=offset, noise=0.01), phase_offset="shrunk")
    np.testing.assert_allclose(wide.ppm[TWO_PARTS], smooth_field()[TWO_PARTS], atol=0.02)


@pytest.mark.parametrize("entry", FITS, ids=lambda entry: entry.name)
def test_a_shrunk_offset_costs_little_where_there_is_none(entry):
    error = {
        offset: np.std((fitted(entry, *scan(0.02), phase_offset=offset).ppm - smooth_field())[TWO_PARTS])
        for offset in ("none", "shrunk", "free")
    }
    assert error["none"] <= 1.001 * error["shrunk"] < 1.15 * error["none"] < 0.8 * error["free"]


@pytest.mark.parametrize("offset", ["none", "shrunk", "free"])
@pytest.mark.parametrize("entry", FITS, ids=lambda entry: entry.name)
def test_uncertainty_is_the_size_of_the_error(entry, offset):
    runs = [fitted(entry, *scan(0.02, seed=seed), phase_offset=offset) for seed in range(4)]
    error = np.std([(total.ppm - smooth_field())[TWO_PARTS] for total in runs])
    assert np.median([total.uncertainty_ppm[TWO_PARTS] for total in runs]) == pytest.approx(error, rel=0.25)


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_echoes_that_lie_on_a_line_by_chance_are_no_surer_than_the_others(entry):
    uncertainty = entry.run(*scan(0.02, times=TIMES[:3]), TWO_PARTS).uncertainty_ppm[TWO_PARTS]
    assert uncertainty.min() > 0.8 * np.median(uncertainty)


@pytest.mark.parametrize("entry", FITS, ids=lambda entry: entry.name)
def test_where_the_fit_fails_the_uncertainty_tells(entry):
    acquisition, unwrapped = scan(0.01)
    unwrapped[1:, 8, 10, 6] += (1.0, -2.0, 1.5)
    total = entry.run(acquisition, unwrapped, TWO_PARTS)
    assert TWO_PARTS[8, 10, 6]
    assert total.uncertainty_ppm[8, 10, 6] > 10 * np.median(total.uncertainty_ppm[TWO_PARTS])
    assert abs(total.ppm - smooth_field())[8, 10, 6] < 0.03


def test_the_nonlinear_fit_mends_a_wrap_of_a_single_echo():
    acquisition, unwrapped = scan(0.01)
    unwrapped[3, 5:9, 10, 6] += 2 * np.pi
    total = find("field", "nonlinear_fit").run(acquisition, unwrapped, TWO_PARTS)
    assert np.abs(total.ppm - smooth_field())[TWO_PARTS].max() < 0.02
    assert total.uncertainty_ppm.max() < 10 * np.median(total.uncertainty_ppm[TWO_PARTS])


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_storage_and_nan_outside_the_mask_do_not_matter(entry):
    acquisition, unwrapped = scan(0.01)
    expected = entry.run(acquisition, unwrapped, TWO_PARTS)
    other = unwrapped.astype(float)
    for values in (np.asfortranarray(other), np.where(TWO_PARTS, other, np.nan)):
        total = entry.run(acquisition, values, TWO_PARTS)
        np.testing.assert_allclose(total.ppm, expected.ppm, atol=1e-6)
        np.testing.assert_allclose(total.uncertainty_ppm, expected.uncertainty_ppm, rtol=1e-2)


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_voxels_without_signal_are_finite_and_magnitude_scale_does_not_matter(entry):
    acquisition, unwrapped = scan(0.01)
    magnitude = acquisition.magnitude.copy()
    magnitude[:, 8, 10, 6] = magnitude[1:, 8, 10, 7] = 0
    one, two = (
        entry.run(Acquisition(magnitude * scale, acquisition.phase, TIMES, TESLA, GRID), unwrapped, TWO_PARTS)
        for scale in (1, 1e4)
    )
    assert np.isfinite(one.ppm).all() and np.isfinite(one.uncertainty_ppm).all()
    np.testing.assert_allclose(one.ppm, two.ppm, atol=1e-5)


@pytest.mark.parametrize("entry", FITS, ids=lambda entry: entry.name)
def test_input_is_kept_and_progress_rises_and_cancels(entry):
    acquisition, unwrapped = scan(0.01)
    before, fractions = unwrapped.copy(), []
    entry.run(acquisition, unwrapped, TWO_PARTS, progress=fractions.append)
    np.testing.assert_array_equal(unwrapped, before)
    assert len(fractions) > 3 and fractions == sorted(fractions) and fractions[-1] == 1

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        entry.run(acquisition, unwrapped, TWO_PARTS, progress=cancel)


@pytest.fixture(scope="module")
def realistic():
    """The scan of a realistic head without its offset, unwrapped, with its mask and the true field."""
    if not os.environ.get("QSM_TEST_DATA"):
        pytest.skip("QSM_TEST_DATA is not set: the measurement data is not here")
    folder = Path(os.environ["QSM_TEST_DATA"]) / "head-a"
    read = lambda name: sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "truth" / name)))  # noqa: E731
    mask, truth = read("mask.nii.gz") > 0, read("total_field_ppm.nii.gz")
    acquisition = find("scaling", "automatic").run(find_runs(folder)[0].load()[0])
    acquisition = find("offset", "mcpc3ds").run(acquisition, mask)
    return acquisition, find("unwrap", "romeo").run(acquisition, mask), mask, truth


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_realistic_head(entry, realistic):
    """Median error after removing what a shim can hide, and error of the voxels that are not said to be doubtful."""
    acquisition, unwrapped, mask, truth = realistic
    total = entry.run(acquisition, unwrapped, mask)
    inside = binary_erosion(mask, iterations=4)
    k, j, i = (np.broadcast_to(x, mask.shape)[inside] for x in np.ix_(*(np.linspace(-1, 1, n) for n in mask.shape)))
    shim = np.stack([np.ones_like(k), k, j, i, k * j, k * i, j * i, k * k, j * j, i * i], axis=1)
    error = (total.ppm - truth)[inside]
    error -= shim @ np.linalg.lstsq(shim, error, rcond=None)[0]
    doubt = total.uncertainty_ppm[inside]
    assert np.median(np.abs(error)) < 0.0014
    assert np.sqrt(np.mean(error**2)) < 0.0042
    assert np.sqrt(np.mean(error[doubt < 8 * np.median(doubt)] ** 2)) < 0.0038
    assert np.mean(doubt > 8 * np.median(doubt)) < 2e-3
