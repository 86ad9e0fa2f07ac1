"""R2* and T2*: exact decays, noise and its floor, field gradients, simulated heads, odd input."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from helpers.simulated import head_scan

from QSMLogic import Acquisition, FieldMap, Grid, QSMError
from QSMLogic.model.progress import Progress
from QSMLogic.numerics import parallel
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import STAGES
from QSMLogic.shared import decay as decay_module
from QSMLogic.simulation.phantom import LABELS

EVERY = {name: entry for name, entry in registry()["relaxometry"].items() if name != "none"}
methods = pytest.mark.parametrize("entry", EVERY.values(), ids=EVERY)
USUAL = EVERY[STAGES["relaxometry"].usual]
GRID, TESLA = Grid((20, 25, 24), (2.0, 1.2, 1.0)), 3.0
TIMES = (0.004, 0.010, 0.016, 0.022, 0.028, 0.034)
HZ_PER_PPM = 42.577478518 * TESLA
INSIDE = np.pad(np.ones([n - 2 for n in GRID.shape], bool), 1)


def scan_of(magnitude, times=TIMES):
    return Acquisition(magnitude, np.zeros_like(magnitude), times, TESLA, GRID)


def decay(rate_hz, times=TIMES, start=500.0):
    times = np.reshape(times, (-1, 1, 1, 1))
    return start * np.exp(-times * np.broadcast_to(rate_hz, GRID.shape))


def noisy(signal, deviation, seed=0):
    real, imaginary = deviation * np.random.default_rng(seed).standard_normal((2, *signal.shape))
    return np.hypot(signal + real, imaginary)


def mapped(entry, scan, total=None, mask=INSIDE, progress=None, **values):
    return entry.run(scan, mask, total, parameters=entry.make_parameters(values), progress=progress)


def rates(low, high):
    return np.linspace(low, high, INSIDE.size).reshape(GRID.shape)


@pytest.mark.parametrize("times", [TIMES, TIMES[:3], TIMES[:2]], ids=len)
@methods
def test_exact_decays_have_their_rates(entry, times):
    if entry.name == "arlo" and len(times) < 3:
        pytest.skip("needs three echoes")
    rate = rates(1, 200)
    maps = mapped(entry, scan_of(decay(rate, times), times))
    np.testing.assert_allclose(maps["r2star_hz"][INSIDE], rate[INSIDE], rtol=1e-3)
    np.testing.assert_allclose(maps["t2star_s"][INSIDE], 1 / rate[INSIDE], rtol=1e-3)
    np.testing.assert_allclose(maps["s0"][INSIDE], 500, rtol=1e-3)
    assert maps["r2star_uncertainty_hz"][INSIDE].max() < 0.1


@methods
def test_echoes_need_not_be_equidistant(entry):
    times, rate = (0.003, 0.007, 0.016, 0.020, 0.031), rates(1, 60)
    maps = mapped(entry, scan_of(decay(rate, times), times))
    np.testing.assert_allclose(maps["r2star_hz"][INSIDE], rate[INSIDE], rtol=2e-3)


@methods
def test_the_scale_of_the_magnitude_does_not_matter(entry):
    magnitude = noisy(decay(20), 5)
    one, other = (mapped(entry, scan_of(factor * magnitude)) for factor in (1, 4000))
    for name, values in one.items():
        np.testing.assert_allclose(other[name], values * (4000 if name == "s0" else 1), rtol=2e-3, atol=1e-4)


@methods
def test_uncertainty_is_the_size_of_the_error(entry):
    rate = rates(5, 60)
    maps = mapped(entry, scan_of(noisy(decay(rate), 500 / 60)))
    deviations = (maps["r2star_hz"] - rate)[INSIDE] / maps["r2star_uncertainty_hz"][INSIDE]
    assert 0.6 < (np.abs(deviations) < 1).mean() < 0.75 and 0.92 < (np.abs(deviations) < 2).mean() < 0.98


def test_noise_and_its_floor_bias_nothing():
    """At 200/s all echoes but the first are near the noise, or in it. Half of the voxels decay slowly, as in a head."""
    fast = np.broadcast_to(np.array([60, 100, 150, 200]).repeat(6)[: GRID.shape[2]], GRID.shape)
    rate = np.where(np.arange(GRID.shape[0])[:, None, None] % 2, fast, 20)
    scan = scan_of(noisy(decay(rate), 500 / 50))
    medians = {
        name: [np.median(mapped(entry, scan)["r2star_hz"][INSIDE & (rate == r)]) for r in (20, 60, 100, 150, 200)]
        for name, entry in EVERY.items()
    }
    np.testing.assert_allclose(medians["nonlinear"], (20, 60, 100, 150, 200), rtol=0.03)
    assert medians["log_linear"][-1] < 170 and medians["arlo"][-1] < 195
    assert USUAL.name == "nonlinear"


@pytest.fixture(scope="module")
def head():
    return head_scan((156, 192, 168), 1.0)


@pytest.mark.parametrize(("denoise", "limit"), [(False, 0.046), (True, 0.03)], ids=["as it is", "denoised"])
@methods
def test_simulated_head(entry, denoise, limit, head):
    """Noise alone has a median error of 3.5 % in each voxel, at this SNR of 80, for any unbiased fit."""
    total = FieldMap(head.total_field_ppm, head.mask, head.grid)
    found, truth = mapped(entry, head.acquisition, total, head.mask, denoise=denoise)["r2star_hz"], head.r2star_hz
    inside = head.mask & (truth > 0)
    error = np.divide(found - truth, truth, out=np.zeros_like(truth), where=inside)
    assert abs(np.median(error[inside])) < 0.01 and np.median(np.abs(error[inside])) < limit
    for name in ("Caudate", "Putamen", "Pallidum", "Thalamus", "Red nucleus", "White matter", "Gray matter"):
        assert abs(np.median(error[inside & (head.labels == LABELS[name])])) < 0.03, name


@methods
def test_denoising_keeps_edges_and_the_rate_at_the_noise_floor(entry):
    rate = np.where(np.arange(GRID.shape[2]) < 12, 20.0, 60.0) + np.zeros(GRID.shape)
    scan = scan_of(noisy(decay(rate), 500 / 40))
    raw, smooth = (mapped(entry, scan, denoise=denoise)["r2star_hz"] for denoise in (False, True))
    deep = INSIDE & np.pad(np.ones([n - 4 for n in GRID.shape], bool), 2)
    for column in (9, 11, 12, 14):  # 11 and 12 are next to the edge
        of = [values[..., column][deep[..., column]] - rate[0, 0, column] for values in (raw, smooth)]
        assert np.std(of[1]) < 0.62 * np.std(of[0])
        assert abs(np.mean(of[1])) < abs(np.mean(of[0])) + 0.03 * rate[0, 0, column]


def field_of_gradient(hz_across):
    """A FieldMap that differs by so many Hz across each voxel along the axes."""
    axes = np.ix_(*(np.arange(n) for n in GRID.shape))
    ppm = sum(hz * axis for hz, axis in zip(hz_across, axes, strict=True)) / HZ_PER_PPM
    return FieldMap(np.where(INSIDE, ppm, 0), INSIDE, GRID)


def left(hz_across):
    """What boxes of spins have left of their signal."""
    return np.prod([np.sinc(hz * np.reshape(TIMES, (-1, 1, 1, 1))) for hz in hz_across], axis=0)


@pytest.mark.parametrize("choice", ["voxel", "automatic"])
@methods
def test_dephasing_of_boxes_is_corrected(entry, choice):
    across, progress = (12.0, -8.0, 4.0), Progress()
    scan, total = scan_of(noisy(left(across) * decay(20), 2)), field_of_gradient(across)
    found, uncorrected = (
        mapped(entry, scan, total, progress=p, field_gradients=c)["r2star_hz"]
        for p, c in ((progress, choice), (None, "none"))
    )
    assert np.median(found[INSIDE]) == pytest.approx(20, rel=0.02) and np.median(uncorrected[INSIDE]) > 26
    assert progress.notes == ({"field_gradients": "voxel"} if choice == "automatic" else {})


@methods
def test_slices_dephase_along_their_thickness_only(entry):
    across = (12.0, -20.0, 9.0)
    scan, total = scan_of(left(across[:1]) * decay(20)), field_of_gradient(across)
    for choice in ("slice", "automatic"):
        np.testing.assert_allclose(
            mapped(entry, scan, total, field_gradients=choice)["r2star_hz"][INSIDE], 20, rtol=0.01
        )


@methods
def test_voxels_that_do_not_dephase_are_left_alone(entry):
    """As those of a 3D scan, whose echoes are only shifted in k-space."""
    progress = Progress()
    maps = mapped(entry, scan_of(noisy(decay(20), 2)), field_of_gradient((12.0, -8.0, 4.0)), progress=progress)
    assert np.median(maps["r2star_hz"][INSIDE]) == pytest.approx(20, rel=0.01)
    assert progress.notes == {"field_gradients": "none"}


@methods
def test_slabs_and_threads_do_not_matter(entry, monkeypatch):
    scan, found = scan_of(noisy(decay(rates(1, 200)), 10)), []
    for slab, threads in ((1 << 14, 1), (777, 3)):
        monkeypatch.setattr(parallel, "WORKERS", threads)
        monkeypatch.setattr(decay_module, "SLAB", slab)
        found.append(mapped(entry, scan))
    for name, values in found[0].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-3, atol=1e-3)


@methods
def test_no_field_no_correction_unless_it_is_wanted(entry):
    scan = scan_of(decay(20))
    np.testing.assert_allclose(mapped(entry, scan)["r2star_hz"][INSIDE], 20, rtol=1e-3)
    for choice in ("voxel", "slice"):
        with pytest.raises(QSMError, match="needs a field map"):
            mapped(entry, scan, field_gradients=choice)


@methods
def test_too_few_echoes_get_a_sentence(entry):
    for count in (1, 2)[: 2 if entry.name == "arlo" else 1]:
        remedy = "several echoes" if count == 1 else "log_linear"
        with pytest.raises(QSMError, match=f"the scan has {count} echo.*{remedy}"):
            mapped(entry, scan_of(decay(20, TIMES[:count]), TIMES[:count]))


@methods
def test_no_signal_gets_a_sentence(entry):
    for value in (0, -3, np.nan):
        with pytest.raises(QSMError, match="no signal"):
            mapped(entry, scan_of(np.where(INSIDE, value, 1.0) * decay(20)))


@methods
def test_voids_and_broken_voxels_have_finite_maps(entry):
    magnitude = decay(20)
    magnitude[:, 2:4] = 0  # no signal at all
    magnitude[1:, 5:7] = 0  # none after the first echo
    magnitude[1, 8:10] = np.nan
    magnitude[2, 11:13] *= -1
    magnitude[:, 14:16] = magnitude[::-1, 14:16]  # rises
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        maps = mapped(entry, scan_of(magnitude))
    for values in maps.values():
        assert np.isfinite(values).all() and (values >= 0).all()
    rate, longest = maps["r2star_hz"], maps["t2star_s"].max()
    assert not rate[2:4].any() and not maps["s0"][2:4].any() and not maps["t2star_s"][2:4].any()
    assert (rate[5:7][INSIDE[5:7]] > 300).all() and not rate[14:16].any() and longest == 1
    uncertain = maps["r2star_uncertainty_hz"]
    assert (uncertain[2:4][INSIDE[2:4]] >= uncertain.max()).all()
    np.testing.assert_allclose(rate[17:][INSIDE[17:]], 20, rtol=1e-2)


@methods
def test_a_field_that_is_smaller_than_the_mask_will_do(entry):
    total = field_of_gradient((0, 0, 0))
    smaller = replace(total, mask=INSIDE & (np.arange(GRID.shape[0]) > 5)[:, None, None])
    np.testing.assert_allclose(mapped(entry, scan_of(decay(20)), smaller)["r2star_hz"][INSIDE], 20, rtol=1e-3)
