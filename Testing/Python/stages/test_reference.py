"""The zero of a map: the mean of the mask, cerebrospinal fluid, a region, or as inverted."""

import numpy as np
import pytest
from helpers.fields import ball, positions_mm, sphere
from scipy.ndimage import binary_erosion

from QSMLogic import Acquisition, Grid, QSMError, run
from QSMLogic.model.maps import UnreferencedMap
from QSMLogic.model.progress import Progress
from QSMLogic.registry.method import find
from QSMLogic.registry.provenance import checks_of, warnings

GRID, TIMES = Grid((44, 48, 52), (3.0, 3.0, 3.0)), (0.005, 0.015, 0.025)


def referenced(name, progress=None, **changes):
    """The map that the method makes of a brain with ventricles, and the truth relative to their mean."""
    brain, random = ball(GRID, 60), np.random.default_rng(0)
    k, j, i = positions_mm(GRID)
    fluid = brain & (np.abs(i) < 12) & (np.abs(j) < 20) & (np.abs(k) < 9)
    truth = np.where(fluid, 0.0, 0.03 + 0.02 * random.standard_normal(GRID.shape))
    rate_hz = np.where(fluid, 2.0, 20.0)
    magnitude = np.stack([brain * np.exp(-rate_hz * t) for t in TIMES])
    magnitude += 0.01 * random.standard_normal(magnitude.shape)
    given = {"ppm": (truth + 0.7).astype(np.float32), "mask": brain, "grid": GRID}
    given |= {"magnitude": np.abs(magnitude).astype(np.float32), "echo_times_s": TIMES} | changes
    return find("reference", name).run(UnreferencedMap(**given), progress=progress), np.where(brain, truth, 0), brain


def test_fluid_becomes_zero():
    progress = Progress()
    found, truth, brain = referenced("csf", progress)
    np.testing.assert_allclose(found, truth, atol=1e-3)
    assert found.dtype == np.float32 and not found[~brain].any()
    assert progress.notes["region"] == "CSF" and progress.notes["voxels"] > 100
    assert progress.notes["volume_ml"] == pytest.approx(0.027 * progress.notes["voxels"])
    assert progress.notes["reliable_from_ml"] == 1


def test_single_voxels_that_seem_to_decay_leave_the_fluid_whole():
    brain, random = ball(GRID, 60), np.random.default_rng(1)
    k, j, i = positions_mm(GRID)
    fluid = brain & (np.abs(i) < 12) & (np.abs(j) < 20) & (np.abs(k) < 9)
    rate_hz = np.where(fluid & (random.random(GRID.shape) > 0.08), 2.0, 20.0)
    progress = Progress()
    referenced("csf", progress, magnitude=np.stack([brain * np.exp(-rate_hz * t) for t in TIMES]).astype(np.float32))
    assert progress.notes["voxels"] > 0.8 * np.count_nonzero(binary_erosion(fluid))


def test_the_surface_of_the_fluid_does_not_count():
    """Its voxels hold tissue, too."""
    k, j, i = positions_mm(GRID)
    fluid = (np.abs(i) < 12) & (np.abs(j) < 20) & (np.abs(k) < 9)
    inner = binary_erosion(fluid)
    ppm = np.where(inner, 0.2, np.where(fluid, 0.5, 0.3)).astype(np.float32)
    found, _, brain = referenced("csf", ppm=ppm)
    np.testing.assert_allclose(found, np.where(brain, ppm - np.float32(0.2), 0), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"magnitude": None}, "two echoes"),
        ({"magnitude": np.ones((1, *GRID.shape), np.float32), "echo_times_s": TIMES[:1]}, "two echoes"),
        ({"magnitude": np.exp(-30 * np.reshape(TIMES, (3, 1, 1, 1))) * np.ones(GRID.shape)}, "an R2* below"),
        ({"magnitude": np.zeros((3, *GRID.shape), np.float32)}, "an R2* below"),
    ],
)
def test_without_fluid_the_mean_serves_and_a_warning_says_so(changes, reason):
    progress = Progress()
    found, _, brain = referenced("csf", progress, **changes)
    assert abs(found[brain].mean(dtype=float)) < 1e-5
    (warning,) = warnings({"notes": {"reference": progress.notes}})
    assert reason in warning and "mean of the mask" in warning


def test_region_and_none():
    region = ball(GRID, 20)
    found, _, _ = referenced("region", region=region)
    assert abs(found[region].mean(dtype=float)) < 1e-6
    unchanged, truth, brain = referenced("none")
    np.testing.assert_allclose(unchanged[brain], truth[brain] + 0.7, atol=1e-6)
    with pytest.raises(QSMError, match="reference mask"):
        referenced("region")
    with pytest.raises(QSMError, match="outside the map"):
        referenced("region", region=~ball(GRID, 62))


def small_scan():
    grid, random = Grid((24, 26, 28)), np.random.default_rng(0)
    k, j, i = positions_mm(grid)
    signal = np.stack([ball(grid, 10) * np.exp(1j * 2 * t * (20 * k + 9 * j + i * k)) for t in TIMES])
    signal += 0.02 * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    return Acquisition.of_signal(signal, TIMES, 3.0, grid), ball(grid, 10)


def test_a_run_takes_a_reference_mask_and_yields_quality_and_uncertainty():
    scan, mask = small_scan()
    region = ball(scan.grid, 4)
    maps = run(scan, mask, reference_mask=region, quality=True)
    assert abs(maps.susceptibility_ppm[region & maps.reliable_mask].mean(dtype=float)) < 1e-6
    assert maps.provenance["settings"]["reference"] == {"method": "region"}
    assert 0.8 < maps.quality[mask].mean() <= 1 and maps.quality[~mask].mean() < 0.3
    assert (maps.uncertainty_ppm[mask] > 0).all() and not maps.uncertainty_ppm[~mask].any()
    assert run(scan, mask).quality is None


def test_a_run_without_its_reference_mask_is_refused_before_the_work():
    scan, mask = small_scan()
    stages = []
    for options in (
        {"settings": {"reference": {"method": "region"}}},
        {"reference_mask": np.zeros(scan.grid.shape)},
        {"reference_mask": np.ones((3, 3, 3))},
    ):
        with pytest.raises(QSMError, match="reference"):
            run(scan, mask, progress=lambda stage, fraction: stages.append(stage), **options)
    assert not stages


@pytest.mark.parametrize(("radius_mm", "is_said"), [(11, False), (4, True)])
def test_a_run_says_on_how_much_fluid_its_zero_rests(radius_mm, is_said):
    """The head is small: less than a milliliter is enough for it."""
    grid, random = Grid((40, 44, 48), (2.0, 2.0, 2.0)), np.random.default_rng(0)
    brain, fluid = ball(grid, 34), ball(grid, radius_mm)
    rate_hz = np.where(fluid, 2.0, 20.0)
    signal = np.stack([brain * np.exp((0.5j * np.pi - rate_hz) * t) for t in TIMES])
    signal += 0.01 * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    fast = {"background": {"method": "vsharp", "steps": 2}, "invert": {"method": "tkd"}}
    maps = run(Acquisition.of_signal(signal, TIMES, 3.0, grid), brain, fast | {"reference": {"method": "csf"}})
    record = maps.provenance
    (check,) = (check for check in checks_of(record) if check.name == "reference")
    assert f"{record['notes']['reference']['volume_ml']:.3g} ml of cerebrospinal fluid" in check.sentence
    assert (check.value < check.limit) == check.is_said == is_said
    assert (check.sentence in warnings(record)) == is_said


@pytest.mark.parametrize("fluid_hz", [2.0, 20.0])
def test_chain_finds_the_fluid_for_an_inversion_that_makes_it_zero(fluid_hz):
    """A ball of other susceptibility, which decays slowly or as all else: only then is it known to be fluid."""
    grid, random = Grid((32, 36, 40), (2.0, 2.0, 2.0)), np.random.default_rng(0)
    brain, fluid = ball(grid, 28), ball(grid, 10)
    field, _ = sphere(grid, 10, susceptibility_ppm=0.1)
    times = np.reshape(TIMES, (3, 1, 1, 1))
    rate_hz = np.where(fluid, fluid_hz, 20.0)
    signal = brain * np.exp(-rate_hz * times + 1j * 2 * np.pi * 127.7 * field * times)
    signal += 0.01 * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    settings = {"invert": {"method": "medi"}, "reference": {"method": "none"}}
    maps = run(Acquisition.of_signal(signal, TIMES, 3.0, grid), brain, settings)
    inner = maps.susceptibility_ppm[ball(grid, 8)].mean(dtype=float)
    assert abs(inner) < 0.004 if fluid_hz < 5 else inner > 0.04


@pytest.mark.parametrize("name", ["csf", "region"])
def test_a_reference_region_is_noted_relative_to_the_whole_brain(name):
    k, j, i = positions_mm(GRID)
    fluid = ball(GRID, 60) & (np.abs(i) < 12) & (np.abs(j) < 20) & (np.abs(k) < 9)
    progress, ppm = Progress(), np.random.default_rng(3).normal(0.1, 0.02, GRID.shape).astype(np.float32)
    ppm[fluid] -= 0.25
    referenced(name, progress, ppm=ppm, region=fluid)
    used = fluid if name == "region" else binary_erosion(fluid)
    expected = ppm[used].mean(dtype=float) - ppm[ball(GRID, 60)].mean(dtype=float)
    assert progress.notes["mean_relative_to_brain_ppm"] == pytest.approx(expected, abs=2e-6)
    assert progress.notes["sd_ppm"] == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("name", ["mean", "none"])
def test_the_whole_brain_is_not_compared_with_itself(name):
    progress = Progress()
    referenced(name, progress)
    assert "mean_relative_to_brain_ppm" not in progress.notes
