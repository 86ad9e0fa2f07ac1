"""Masks: recipes by hand, thresholds, BET and the brain in simulated and measured scans."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.fields import ball, positions_mm
from helpers.simulated import head_scan
from scipy import ndimage

from QSMLogic import Acquisition, Cancelled, Grid, QSMError
from QSMLogic.files.bids import find_runs
from QSMLogic.registry.method import find, registry
from QSMLogic.shared.bias_field import homogeneous
from QSMLogic.shared.brain_hull import misjudged
from QSMLogic.shared.coarse import block_means, stretched
from QSMLogic.shared.mask_recipe import apply_operations, make_mask

GRID, TIMES = Grid((33, 30, 37), (1.5, 1.2, 1.0), (0.8, 0.36, -0.48)), (0.004, 0.010, 0.016)
METHODS = {name: method for name, method in registry()["mask"].items() if not method.missing}  # but others' programs


def scan(mask, grid=GRID, times=TIMES, noise=0.03, gain=1.0, seed=0):
    """Bright tissue with a smooth field in the mask, noise around it."""
    random, echoes = np.random.default_rng(seed), []
    k, j, i = positions_mm(grid)
    for time in times:
        echo = gain * mask * np.exp((1j * (8 * k + 5 * j * np.cos(i / 9)) - 30) * time)
        echoes.append(echo + noise * (random.standard_normal(grid.shape) + 1j * random.standard_normal(grid.shape)))
    return Acquisition(np.abs(echoes), np.angle(echoes), times, 3.0, grid)


def dice(one, two):
    return 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))


def simulated_scan():
    """A head in voxels of 2 mm; larger ones blur the rim of the brain, which a mask is judged by."""
    return head_scan((156, 192, 168), 1.0)


def made_by(name, acquisition):
    """The mask of a method, with fewer steps of its surface than a head of a thousand shapes needs."""
    method = METHODS[name]
    few = {"iterations": 300} if any(p.name == "iterations" for p in method.parameters) else {}
    return method.run(acquisition, parameters=method.make_parameters(few))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("echoes", [1, 3])
def test_a_ball(name, echoes):
    mask = ball(GRID, 13)
    made = made_by(name, scan(mask, times=TIMES[:echoes]))
    assert made.dtype == bool and dice(made, mask) > 0.9


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("shape", [(16, 16, 16), (17, 23, 19)])
def test_small_images(name, shape):
    grid = Grid(shape, (1.2, 1.0, 1.1))
    assert dice(made_by(name, scan(ball(grid, 6), grid)), ball(grid, 6)) > 0.8


@pytest.mark.parametrize("name", METHODS)
def test_a_body_that_fills_the_image_is_kept(name):
    made = made_by(name, scan(np.ones(GRID.shape, bool)))
    assert made.mean() > {"bet": 0.75, "brain": 0.75, "threshold": 0.3}.get(name, 0.97)


@pytest.mark.parametrize("name", METHODS)
def test_no_method_changes_its_input_and_all_can_be_canceled(name):
    acquisition = scan(ball(GRID, 13))
    before, fractions = acquisition.magnitude.copy(), []
    METHODS[name].run(acquisition, progress=fractions.append)
    np.testing.assert_array_equal(acquisition.magnitude, before)
    assert len(fractions) > 1 and fractions == sorted(fractions) and fractions[-1] == 1

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        METHODS[name].run(acquisition, progress=cancel)


@pytest.mark.parametrize(("name", "least", "lost"), [("bet", 0.94, 0.01), ("brain", 0.975, 0.03)])
def test_simulated_head_loses_scalp_and_muscle(name, least, lost):
    truth = simulated_scan()
    made = METHODS[name].run(truth.acquisition)
    assert dice(made, truth.mask) > least > 0.09 + dice(METHODS["robust"].run(truth.acquisition), truth.mask)
    assert np.count_nonzero(truth.mask & ~made) < lost * np.count_nonzero(truth.mask)


@pytest.mark.parametrize("change", ["sensitivity", "one echo", "scale", "lower half away", "small", "reversed"])
def test_the_brain_is_found_however_it_was_scanned(change):
    truth = simulated_scan()
    scan_, mask = truth.acquisition, truth.mask
    k, j, i = (np.linspace(-1, 1, n) for n in mask.shape)
    if change == "sensitivity":
        gain = np.exp(0.5 * k[:, None, None] + 0.6 * j[:, None] - 0.4 * i)
        scan_ = replace(scan_, magnitude=scan_.magnitude * gain.astype(np.float32))
    elif change == "one echo":
        scan_ = Acquisition(scan_.magnitude[-1:], scan_.phase[-1:], scan_.echo_times_s[-1:], 3.0, scan_.grid)
    elif change == "scale":
        scan_ = replace(scan_, magnitude=1e-4 * scan_.magnitude)
    elif change == "lower half away":
        box = (slice(len(mask) // 2, len(mask)), *(slice(0, n) for n in mask.shape[1:]))
        scan_, mask = scan_.cropped(box), mask[box]
    elif change == "small":
        scan_ = replace(scan_, grid=replace(scan_.grid, spacing_mm=tuple(0.1 * d for d in scan_.grid.spacing_mm)))
    else:
        scan_, mask = replace(scan_, magnitude=scan_.magnitude[:, ::-1], phase=scan_.phase[:, ::-1]), mask[::-1]
    assert dice(METHODS["brain"].run(scan_), mask) > 0.96


def test_dark_cores_and_ventricles_stay_in_the_brain():
    truth = simulated_scan()
    box = tuple(slice(n // 2 - 4, n // 2 + 4) for n in truth.mask.shape)
    magnitude, phase = truth.acquisition.magnitude.copy(), truth.acquisition.phase.copy()
    magnitude[(slice(None), *box)] *= 0.1
    phase[(slice(None), *box)] = np.random.default_rng(0).uniform(-3, 3, phase[(slice(None), *box)].shape)
    assert METHODS["brain"].run(replace(truth.acquisition, magnitude=magnitude, phase=phase))[box].all()


@pytest.mark.parametrize("change", [ndimage.binary_erosion, ndimage.binary_dilation])
def test_a_wrong_surface_misjudges_more(change):
    truth = simulated_scan()
    image, spacing_mm = truth.acquisition.weight, truth.grid.spacing_mm
    wrong = change(truth.mask, iterations=5)
    assert misjudged(image, wrong, spacing_mm, 1) > 2 * misjudged(image, truth.mask, spacing_mm, 1)


def test_a_mask_that_is_mostly_air_is_misjudged():
    truth = simulated_scan()
    image = truth.acquisition.weight[:, :, :40]  # with less tissue than air
    everything = np.ones(image.shape, bool)
    assert misjudged(np.pad(image, 30), np.pad(everything, 30, constant_values=True), truth.grid.spacing_mm, 1) > 1


def test_block_means_and_back():
    ramp = np.add.outer(np.add.outer(np.arange(7.0), 2 * np.arange(9.0)), 3 * np.arange(8.0)).astype(np.float32)
    coarse = block_means(ramp, (2, 3, 1))
    assert coarse.shape == (4, 3, 8) and coarse[0, 0, 0] == np.mean(ramp[:2, :3, 0])
    box = (slice(1, 5), slice(1, 8), slice(2, 6))
    np.testing.assert_allclose(stretched(coarse, (2, 3, 1), box), ramp[box], rtol=1e-6)


@pytest.mark.parametrize(("name", "least"), [("bet", 0.88), ("brain", 0.95)])
def test_realistic_head(name, least):
    if not os.environ.get("QSM_TEST_DATA"):
        pytest.skip("QSM_TEST_DATA is not set: the measurement data is not here")
    folder = Path(os.environ["QSM_TEST_DATA"]) / "head-a"
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "truth" / "mask.nii.gz"))) > 0
    made = METHODS[name].run(find("scaling", "automatic").run(find_runs(folder)[0].load()[0]))
    assert dice(made, truth) > least
    assert np.count_nonzero(truth & ~made) < 0.005 * np.count_nonzero(truth)


def test_bet_grows_with_a_lower_threshold_and_the_voxels_do_not_matter():
    truth = simulated_scan()
    bet = METHODS["bet"]
    sizes = [
        bet.run(truth.acquisition, parameters=bet.make_parameters({"threshold": t, "iterations": 300})).sum()
        for t in (0.7, 0.4)
    ]
    assert sizes[0] < sizes[1]
    every = slice(None, None, 2)
    grid = Grid(truth.mask[every].shape, (truth.grid.spacing_mm[0] * 2, *truth.grid.spacing_mm[1:]))
    images = truth.acquisition.magnitude[:, every], truth.acquisition.phase[:, every]
    assert dice(bet.run(Acquisition(*images, truth.acquisition.echo_times_s, 3.0, grid)), truth.mask[every]) > 0.92


def test_operations_by_hand():
    mask = np.zeros((15, 15, 15), bool)
    mask[4:11, 4:11, 4:11] = True
    grid = Grid(mask.shape, (1.0, 2.0, 1.0))
    count = lambda steps, m=mask: int(apply_operations(steps, m, grid).sum())  # noqa: E731
    assert count("") == 7**3 and count("erode") == count("erode 1") == 5**3
    assert count("erode 2mm") == 3 * 5 * 3
    assert count("dilate 1") == 7**3 + 6 * 7**2 + 12 * 7
    assert count("dilate 1, erode 1") == count("close 1") == 7**3
    hollow = mask.copy()
    hollow[6:9, 6:9, 6:9] = False
    hollow[0, 0, 0] = True
    assert count("fill-holes, largest", hollow) == 7**3 and count("largest", hollow) == 7**3 - 27
    assert count("open 1", hollow | mask) < 7**3 + 1 and count("close 3, largest", hollow) >= 7**3 - 27
    assert 0.8 * 7**3 < count("smooth 1") <= 7**3
    assert apply_operations("erode 2", np.ones((9, 9, 9), bool), Grid((9, 9, 9))).all()


def test_a_small_head_is_masked_like_a_large_one():
    mask, bet = ball(GRID, 13), METHODS["bet"]
    few = bet.make_parameters({"iterations": 200})
    small = Grid(GRID.shape, tuple(d / 10 for d in GRID.spacing_mm), GRID.b0_direction)
    large = scan(mask)
    images = large.magnitude, large.phase
    made = [bet.run(Acquisition(*images, TIMES, 3.0, grid), parameters=few) for grid in (GRID, small)]
    assert dice(*made) > 0.99 and dice(made[1], mask) > 0.9


def test_holes_are_filled_up_to_a_volume():
    mask, grid = np.ones((20, 20, 20), bool), Grid((20, 20, 20), (1.0, 2.0, 0.5))
    mask[3, 3, 3] = mask[6:8, 6:8, 6:8] = mask[10:14, 10:14, 10:14] = False
    mask[0, 0, 0] = False  # at the border: no hole
    left = lambda steps: np.count_nonzero(~apply_operations(steps, mask, grid))  # noqa: E731
    assert left("fill-holes") == 1
    assert [left(f"fill-holes {n}") for n in (0, 1, 7, 8, 63, 64)] == [74, 73, 73, 65, 65, 1]
    assert [left(f"fill-holes {v} mm3") for v in (0.9, 1, 8, 64)] == [74, 73, 65, 1]
    for wrong in ("fill-holes 5 mm", "erode 2 mm3"):
        with pytest.raises(QSMError, match="a volume is given in mm3"):
            apply_operations(wrong, mask, grid)


def test_recipes_join_from_left_to_right():
    acquisition = scan(ball(GRID, 13), noise=0)
    left = np.broadcast_to(np.arange(37) < 18, GRID.shape)
    image = Acquisition(acquisition.magnitude * (1 + left), acquisition.phase, TIMES, 3.0, GRID)
    some = make_mask("magnitude-first: above 1.2", image)
    every = make_mask("magnitude-first: above 0.5", image)
    np.testing.assert_array_equal(some, ball(GRID, 13) & left)
    np.testing.assert_array_equal(
        make_mask("magnitude-first: above 0.5 without magnitude-first: above 1.2", image), every & ~some
    )
    np.testing.assert_array_equal(make_mask("magnitude-first: above 0.5 and magnitude-first: above 1.2", image), some)
    np.testing.assert_array_equal(make_mask("magnitude-first: above 1.2 or magnitude-last: above 0.3", image), every)


@pytest.mark.parametrize(
    "recipe",
    [
        "",
        "otsu",
        "magnitude:",
        "magnitude: nonsense",
        "phase: otsu",
        "magnitude: otsu, erode one",
        "magnitude: largest",
    ],
)
def test_recipes_that_cannot_be_read_are_refused(recipe):
    method = METHODS["recipe"]
    with pytest.raises(QSMError):
        method.run(scan(ball(GRID, 13)), parameters=method.make_parameters({"recipe": recipe}))


def test_thresholds_and_homogeneity():
    k, j, i = positions_mm(GRID)
    gain = 1 + 0.8 * i / 18 + 0 * (j + k)
    mask, threshold = ball(GRID, 13), METHODS["threshold"]
    acquisition = scan(mask, gain=gain)
    made = {
        flag: threshold.run(acquisition, parameters=threshold.make_parameters({"homogeneity": flag}))
        for flag in (False, True)
    }
    assert dice(made[True], mask) > max(0.97, dice(made[False], mask))
    share = threshold.run(
        acquisition, parameters=threshold.make_parameters({"threshold": "percentile", "level": 80, "recipe": ""})
    )
    assert share.mean() == pytest.approx(0.2, abs=0.01)
    with pytest.raises(QSMError, match="level"):
        threshold.run(acquisition, parameters=threshold.make_parameters({"threshold": "above", "level": 99}))
    flat = homogeneous(acquisition.weight, GRID.spacing_mm)
    assert flat[mask].std() / flat[mask].mean() < 0.9 * acquisition.weight[mask].std() / acquisition.weight[mask].mean()


def test_nan_in_the_scan_is_no_tissue():
    acquisition = scan(ball(GRID, 13))
    magnitude = acquisition.magnitude.copy()
    magnitude[:, :2] = np.nan
    made = METHODS["bet"].run(Acquisition(magnitude, acquisition.phase, TIMES, 3.0, GRID))
    assert dice(made, ball(GRID, 13)) > 0.9


@pytest.mark.parametrize("image", ["magnitude: smooth 2, otsu", "magnitude: otsu, smooth 2"])
def test_a_size_without_a_unit_is_in_voxels(image):
    acquisition = scan(ball(GRID, 13))
    small = replace(acquisition, grid=replace(GRID, spacing_mm=tuple(0.1 * d for d in GRID.spacing_mm)))
    masks = [
        METHODS["recipe"].run(a, parameters=METHODS["recipe"].make_parameters({"recipe": image}))
        for a in (acquisition, small)
    ]
    np.testing.assert_array_equal(*masks)


def test_a_small_object_in_a_large_empty_image_is_found_or_named():
    image = np.zeros((40, 40, 40), np.float32)
    image[18:22, 18:22, 18:22] = 100
    acquisition = Acquisition(image, 0 * image, (0.01,), 3.0, Grid(image.shape))
    mask = find("mask", "brain").run(acquisition)
    assert mask.any() and not mask[image == 0].all()
