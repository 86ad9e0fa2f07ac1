"""The whole chain: what must not change its result, and how close it comes to known truths."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.two_balls import GRID, RAD_PER_S_AND_PPM_AND_T, TIMES, contrast, scan
from scipy.ndimage import binary_erosion

from QSMLogic import Acquisition, Cancelled, Grid, QSMError, Settings, run
from QSMLogic.files.bids import find_runs
from QSMLogic.registry.method import find
from QSMLogic.registry.provenance import choice_made, strengths_tried, warnings
from QSMLogic.registry.stages import CHECKS, STAGES
from QSMLogic.report.methods_text import methods_text
from QSMLogic.simulation.accuracy import nrmse
from QSMLogic.stages.invert.automatic import IN_MODELS

RUNNING = [stage for stage in STAGES if stage not in Settings().left_out]


@pytest.fixture(scope="module")
def maps():
    return run(*scan())


def assert_same(maps, other, atol=1e-3):
    np.testing.assert_array_equal(other.reliable_mask, maps.reliable_mask)
    np.testing.assert_allclose(other.susceptibility_ppm, maps.susceptibility_ppm, atol=atol)


def test_two_balls(maps):
    assert contrast(maps.susceptibility_ppm) == pytest.approx(0.5, rel=0.25)
    inside = maps.susceptibility_ppm[maps.reliable_mask]
    assert abs(inside.mean(dtype=float)) < 1e-6
    assert not maps.susceptibility_ppm[~maps.reliable_mask].any()


def test_provenance(maps):
    record = maps.provenance
    assert record["mask"] == "given" and "mask" not in record["settings"]
    assert set(record["settings"]) == set(record["seconds"]) - {CHECKS} == {*RUNNING} - {"mask"}
    assert record["scan"]["echo_times_s"] == list(TIMES)
    assert record["citations"]["invert"][0]["doi"] == "10.1002/mrm.27483"


def test_strong_sources_are_mapped_in_a_single_step(maps):
    """The inversion chooses itself by the scan; the record names it, and giving it by name gives the same map."""
    assert maps.provenance["settings"]["invert"]["method"] == IN_MODELS
    assert find("invert", IN_MODELS).title in choice_made(maps.provenance)
    acquisition, mask = scan(first_ppm=2.0)
    strong = run(acquisition, mask)
    record = strong.provenance
    assert record["settings"]["invert"]["method"] == "tgv" and "background" not in record["settings"]
    assert "TGV, single step" in methods_text(record) and "TGV, single step" in choice_made(record)
    named = run(acquisition, mask, {"invert": {"method": "tgv"}})
    assert choice_made(named.provenance) == ""
    np.testing.assert_array_equal(named.susceptibility_ppm, strong.susceptibility_ppm)
    np.testing.assert_array_equal(named.local_field_ppm, strong.local_field_ppm)
    assert contrast(strong.susceptibility_ppm) == pytest.approx(2.2, rel=0.25)


def test_phase_scaling_changes_nothing():
    """Rounding may end the iterations sooner or later, so there is a fixed number of them."""
    (acquisition, mask), settings = scan(), {"invert": {"method": "wh_qsm", "iterations": 25, "tolerance": 0}}
    stored = np.floor(acquisition.phase / np.pi * 2048) * 2
    as_stored = run(replace(acquisition, phase=stored), mask, settings)
    assert_same(run(acquisition, mask, settings), as_stored, atol=3e-3)


def test_magnitude_scaling_changes_nothing(maps):
    acquisition, mask = scan()
    assert_same(maps, run(replace(acquisition, magnitude=acquisition.magnitude * 512), mask), atol=1e-5)


def test_field_strength_and_echo_times_trade(maps):
    halved = scan(times=tuple(t / 2 for t in TIMES), tesla=6.0)
    assert_same(maps, run(*halved), atol=2e-3)


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 0, 2)])
def test_axis_order_changes_nothing(maps, order):
    acquisition, mask = scan()
    grid = Grid(*([v[a] for a in order] for v in (GRID.shape, GRID.spacing_mm, GRID.b0_direction)))
    images = (x.transpose(0, *(a + 1 for a in order)) for x in (acquisition.magnitude, acquisition.phase))
    other = run(Acquisition(*images, TIMES, 3.0, grid), mask.transpose(order))
    difference = other.susceptibility_ppm - maps.susceptibility_ppm.transpose(order)
    assert np.sqrt(np.mean(difference**2)) < 0.02 * maps.susceptibility_ppm.std()


def test_flipping_an_axis_changes_nothing(maps):
    acquisition, mask = scan()
    flipped = replace(
        acquisition,
        magnitude=acquisition.magnitude[:, ::-1],
        phase=acquisition.phase[:, ::-1],
        grid=replace(GRID, b0_direction=(-0.96, 0.28, 0.0)),
    )
    difference = run(flipped, mask[::-1]).susceptibility_ppm[::-1] - maps.susceptibility_ppm
    assert np.sqrt(np.mean(difference**2)) < 0.02 * maps.susceptibility_ppm.std()


def test_single_echo(maps):
    acquisition, mask = scan()
    single = replace(acquisition, magnitude=acquisition.magnitude[1], phase=acquisition.phase[1], echo_times_s=(0.010,))
    other = run(single, mask)
    assert "offset" not in other.provenance["settings"]
    assert contrast(other.susceptibility_ppm) == pytest.approx(contrast(maps.susceptibility_ppm), rel=0.15)


def test_automatic_mask():
    acquisition, head = scan()
    maps = run(acquisition)
    overlap = 2 * np.count_nonzero(maps.mask & head) / (np.count_nonzero(maps.mask) + np.count_nonzero(head))
    assert overlap > 0.95
    assert maps.provenance["mask"] == "made"


def test_input_is_not_modified():
    acquisition, mask = scan()
    before = acquisition.magnitude.copy(), acquisition.phase.copy(), mask.copy()
    run(acquisition, mask)
    for array, copy in zip((acquisition.magnitude, acquisition.phase, mask), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_progress_and_cancel():
    calls = []
    run(*scan(), progress=lambda stage, fraction: calls.append((stage, fraction)))
    fractions = [fraction for _, fraction in calls]
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1)
    assert [*dict(calls)] == ["scaling", CHECKS, *(stage for stage in RUNNING if stage not in ("scaling", "mask"))]

    def cancel(stage, fraction):
        if stage == "unwrap":
            raise Cancelled

    with pytest.raises(Cancelled):
        run(*scan(), progress=cancel)


def test_settings_are_obeyed(maps):
    other = run(*scan(), settings={"background": {"max_radius_mm": 3}})
    assert other.provenance["settings"]["background"]["max_radius_mm"] == 3
    assert np.abs(other.local_field_ppm - maps.local_field_ppm).max() > 1e-3
    assert Settings(other.provenance["settings"]).parameters("background").max_radius_mm == 3


def test_nan_inside_the_given_mask_is_refused():
    acquisition, mask = scan()
    phase = acquisition.phase.copy()
    phase[0, 22, 24, 26] = np.nan
    with pytest.raises(QSMError, match="mask"):
        run(replace(acquisition, phase=phase), mask)


@pytest.fixture(scope="module")
def test_data():
    folder = os.environ.get("QSM_TEST_DATA")
    if not folder:
        pytest.skip("QSM_TEST_DATA is not set: the measurement data is not here")
    return Path(folder)


def test_realistic_head_meets_its_bars(test_data):
    """Bars of local field 52, susceptibility 46 and slope 0.89; a mature peer has 95.9, 88.2 and 0.68."""
    acquisition, _ = find_runs(test_data / "head-a")[0].load()
    truth = {
        name: sitk.GetArrayFromImage(sitk.ReadImage(str(test_data / "head-a" / "truth" / f"{name}.nii.gz")))
        for name in ("mask", "labels", "local_field_ppm", "susceptibility_ppm")
    }
    mask = truth["mask"] > 0
    maps = run(acquisition, mask)
    inside = binary_erosion(mask, iterations=4)
    assert nrmse(maps.local_field_ppm, truth["local_field_ppm"], inside) < 52
    assert nrmse(maps.susceptibility_ppm, truth["susceptibility_ppm"], inside) < 46
    regions = [inside & (truth["labels"] == label) for label in range(1, 10)]
    ours, theirs = ([x[r].mean() for r in regions] for x in (maps.susceptibility_ppm, truth["susceptibility_ppm"]))
    assert np.polyfit(theirs, ours, 1)[0] > 0.89


def test_real_scan_gives_a_plausible_map(test_data):
    read = lambda name: sitk.GetArrayFromImage(sitk.ReadImage(str(test_data / "romeo-small" / name)))  # noqa: E731
    phase = read("Phase.nii.gz")
    acquisition = Acquisition(
        read("Mag.nii.gz"), phase, (0.004, 0.008, 0.012), 3.0, Grid(phase.shape[1:], (1, 0.469, 0.469))
    )
    maps = run(acquisition)
    inside = maps.susceptibility_ppm[maps.reliable_mask]
    assert maps.reliable_mask.mean() > 0.5
    assert 0.01 < inside.std() < 0.15
    assert np.percentile(np.abs(inside), 99) < 0.6
    rad_per_ppm = RAD_PER_S_AND_PPM_AND_T * 3
    predicted = rad_per_ppm * maps.total_field_ppm * (acquisition.echo_times_s[2] - acquisition.echo_times_s[0])
    measured = (acquisition.phase[2] - acquisition.phase[0]) * (np.pi / 0.0036744)
    assert np.median(np.abs(np.angle(np.exp(1j * (predicted - measured))))[maps.reliable_mask]) < 0.15


def test_curve_of_a_run_has_the_chosen_strength_in_its_middle():
    told, quick = [], {"background": {"method": "sharp"}, "invert": {"method": "tikhonov"}}
    mapped = run(*scan(), quick, lambda *news: told.append(news), curve=True)
    curve, chosen = strengths_tried(mapped.provenance), mapped.provenance["notes"]["invert"]["strength"]
    assert (curve["method"], curve["parameter"]) == ("Tikhonov", "strength")
    values = [p["value"] for p in curve["points"]]
    assert len(values) == 7 and values == sorted(values)
    assert [p["value"] for p in curve["points"] if p["chosen"]] == [chosen] == values[3:4]
    stages, fractions = zip(*told, strict=True)
    assert list(fractions) == sorted(fractions) and stages[-1] == "curve" and fractions[-1] == pytest.approx(1)
    without = run(*scan(), quick)
    np.testing.assert_array_equal(without.susceptibility_ppm, mapped.susceptibility_ppm)
    assert not strengths_tried(without.provenance)


def test_a_run_whose_inversion_has_no_curve_warns():
    mapped = run(*scan(), {"invert": {"method": "tgv", "iterations": 1}}, curve=True)
    assert not strengths_tried(mapped.provenance)
    assert any("no L-curve for TGV" in text for text in warnings(mapped.provenance))


def test_a_map_whose_uncertainty_fails_is_kept_with_a_warning(monkeypatch):
    def too_thin(*_):
        raise QSMError("The mask is too thin.")

    monkeypatch.setattr("QSMLogic.stages.uncertainty.error_sources.variances", too_thin)
    mapped = run(*scan(), {"background": {"method": "sharp"}, "invert": {"method": "tkd"}})
    assert mapped.susceptibility_ppm.any() and mapped.susceptibility_uncertainty_ppm is None
    assert "The mask is too thin." in warnings(mapped.provenance)
