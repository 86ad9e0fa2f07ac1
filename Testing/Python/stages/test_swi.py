"""Susceptibility-weighted images: a vein, a bleed and a calcification in a ball of tissue."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers.fields import ball, cylinder, sphere

from QSMLogic import Acquisition, FieldMap, Grid, QSMError
from QSMLogic.model.progress import Progress
from QSMLogic.model.units import rad_per_s_and_ppm
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import find, registry
from QSMLogic.registry.stages import NOTHING, STAGES
from QSMLogic.shared.swi_weighting import minimum_projection
from QSMLogic.stages.swi.classic import homodyne_phase

METHODS = [name for name in registry()["swi"] if name != NOTHING]
of_susceptibility = pytest.mark.parametrize("method", ["true_swi", "smwi"])
of_every_method = pytest.mark.parametrize("method", METHODS)
GRID = Grid((28, 44, 48), (1.0, 1.0, 1.0), (1, 0, 0))
TIMES = (0.006, 0.012, 0.020, 0.028)
BLEED, CALCIFICATION = (4, 0, 10), (-4, 0, -10)  # their centers in mm from the middle
VEIN_PPM, LESION_PPM, DARK = 0.35, 0.5, 0.6


@cache
def scene():
    """{name: what methods take}, and where the vein, the bleed and the calcification are."""
    field, from_vein = cylinder(GRID, 1.5, 0, VEIN_PPM)
    bleed, calcification = (sphere(GRID, 3, at, ppm) for at, ppm in ((BLEED, LESION_PPM), (CALCIFICATION, -LESION_PPM)))
    field = field + bleed[0] + calcification[0]
    regions = from_vein < 1.5, bleed[1] < 3, calcification[1] < 3
    susceptibility = np.select(regions, (VEIN_PPM, LESION_PPM, -LESION_PPM), 0).astype(np.float32)
    magnitude = np.where(np.any(regions, axis=0), DARK, 1) * np.exp(-np.array(TIMES) * 20)[:, None, None, None]
    mask = ball(GRID, 19) & (np.abs(np.arange(GRID.shape[0]) - GRID.shape[0] // 2) < 12)[:, None, None]
    local = FieldMap(field, mask, GRID)
    known = {"scan": _scan(magnitude, field), "mask": mask, "local": local, "susceptibility_ppm": susceptibility}
    return known, regions


def _scan(magnitude, field_ppm, tesla=3.0, grid=GRID):
    phase = [rad_per_s_and_ppm(tesla) * time * field_ppm for time in TIMES]
    return Acquisition(magnitude, np.angle(np.exp(1j * np.array(phase))), TIMES, tesla, grid)


def images(method, progress=None, changed=None, **parameters):
    """The maps of a method; changed: {name: value} of what it takes."""
    entry, known = find("swi", method), scene()[0] | (changed or {})
    parameters = entry.make_parameters(parameters)
    return entry.run(*(known[name] for name in entry.takes), parameters=parameters, progress=progress)


def contrast(image, region):
    """The mean of a region over that of the tissue, away from all else."""
    tissue = scene()[0]["mask"] & ~np.any([_around(r) for r in scene()[1]], axis=0)
    return image[region & scene()[0]["mask"]].mean() / image[tissue].mean()


def _around(region):
    return ndimage.binary_dilation(region, iterations=5)


def test_a_method_makes_the_images_if_they_are_wanted():
    assert STAGES["swi"].method_for_maps in METHODS
    assert STAGES["swi"].default == NOTHING


@of_every_method
def test_a_vein_is_darker_than_in_the_magnitude(method):
    vein = scene()[1][0]
    assert contrast(images(method)["swi"], vein) < 0.75 * DARK


@of_every_method
def test_maps_are_whole_and_zero_outside(method):
    scan, mask = scene()[0]["scan"], scene()[0]["mask"]
    before = scan.magnitude.copy(), scan.phase.copy()
    made = images(method)
    assert set(made) == set(STAGES["swi"].yields)
    for image in made.values():
        assert image.dtype == np.float32 and image.shape == mask.shape
        assert np.isfinite(image).all() and image.min() >= 0 and not image[~mask].any()
        assert 0.5 < np.median(image[mask]) < 1.5
    assert (made["swi_projection"] <= made["swi"]).all()
    np.testing.assert_array_equal(before, (scan.magnitude, scan.phase))


@of_every_method
@pytest.mark.parametrize("slices", [2, 3])
def test_one_echo_and_few_thick_slices_will_do(method, slices):
    scan, mask, local, susceptibility = scene()[0].values()
    middle = slice(14, 14 + slices)
    grid, inside = Grid((slices, *GRID.shape[1:]), (6.0, 1.0, 1.0)), mask[middle]
    changed = {
        "scan": Acquisition(scan.magnitude[2, middle], scan.phase[2, middle], TIMES[2:3], 3.0, grid),
        "mask": inside,
        "local": FieldMap(local.ppm[middle], inside, grid),
        "susceptibility_ppm": susceptibility[middle],
    }
    made = images(method, changed=changed)["swi"]
    assert np.isfinite(made).all() and made[inside].mean() > 0.5


@of_susceptibility
def test_only_the_susceptibility_tells_a_bleed_from_a_calcification(method):
    _, bleed, calcification = scene()[1]
    dark_bleed, dark_calcification = images(method)["swi"], images(method, contrast="diamagnetic")["swi"]
    assert contrast(dark_bleed, bleed) < 0.2 * DARK
    assert contrast(dark_calcification, calcification) < 0.2 * DARK
    for image, other in ((dark_bleed, calcification), (dark_calcification, bleed)):
        assert contrast(image, other) == pytest.approx(DARK, rel=0.1)


@pytest.mark.parametrize("method", ["classic", "clear_swi"])
def test_the_other_contrast_is_that_of_the_other_sign(method):
    scan, _, local, _ = scene()[0].values()
    changed = {"scan": replace(scan, phase=-scan.phase), "local": local.with_field(-local.ppm)}
    reversed_ = images(method, changed=changed, contrast="diamagnetic")["swi"]
    np.testing.assert_allclose(reversed_, images(method)["swi"], atol=1e-4)


def test_clear_swi_takes_the_phase_of_the_echoes_if_wanted_or_without_local_field():
    published = images("clear_swi", phase_source="unwrapped")["swi"]
    np.testing.assert_array_equal(images("clear_swi", changed={"local": None})["swi"], published)
    assert contrast(published, scene()[1][0]) < 0.75 * DARK


def test_clear_swi_shows_the_magnitude_where_the_local_field_is_not_known():
    _, mask, local, _ = scene()[0].values()
    part = mask & (np.arange(GRID.shape[2]) > 12)
    eroded = FieldMap(np.where(part, local.ppm, 0), part, GRID)
    changed = {"local": eroded}
    weighted, plain = (images("clear_swi", changed=changed, phase_strength=strength)["swi"] for strength in (4, 0.1))
    np.testing.assert_allclose(weighted[mask & ~part], plain[mask & ~part], rtol=1e-5)
    assert (weighted[part] < 0.8 * plain[part]).any()


def test_clear_swi_does_not_amplify_a_phase_that_is_mostly_noise():
    local = scene()[0]["local"]
    faint = images("clear_swi", changed={"local": local.with_field(0.01 * local.ppm)})["swi"]
    plain = images("clear_swi", changed={"local": local.with_field(0 * local.ppm)})["swi"]
    np.testing.assert_allclose(faint, plain, rtol=0.2)


@pytest.mark.parametrize(("tesla", "wanted_ms", "echo"), [(3.0, 0, 3), (7.0, 0, 1), (3.0, 27, 4)])
def test_classic_swi_takes_the_echo_with_the_usual_phase(tesla, wanted_ms, echo):
    progress, scan = Progress(), replace(scene()[0]["scan"], field_strength_t=tesla)
    images("classic", progress, {"scan": scan}, echo_time_ms=wanted_ms)
    assert progress.notes["echo"] == echo and progress.notes["echo_time_s"] == TIMES[echo - 1]


def test_the_homodyne_filter_removes_a_smooth_phase_and_keeps_a_vein():
    vein = 1.0 * scene()[1][0].astype(np.float32)
    slope = np.linspace(0, 9, GRID.shape[2], dtype=np.float32) + np.linspace(0, 50, GRID.shape[0])[:, None, None]
    phase = np.angle(np.exp(1j * (vein + slope))).astype(np.float32)
    filtered = homodyne_phase(np.ones(GRID.shape, np.float32), phase, GRID.spacing_mm, 8.0)
    inner = ball(GRID, 13)
    assert filtered[inner & (vein > 0)].mean() > 0.6
    assert np.abs(filtered[inner & ~_around(vein > 0)]).max() < 0.15


def test_what_true_swi_cannot_use_is_said():
    with pytest.raises(QSMError, match="is not below the upper"):
        images("true_swi", lower_ppm=0.5, upper_ppm=0.2)
    with pytest.raises(QSMError, match="there is none"):
        images("true_swi", changed={"susceptibility_ppm": None})


@pytest.mark.parametrize(("method", "options"), [("classic", {}), ("clear_swi", {"phase_source": "unwrapped"})])
def test_a_scan_without_phase_is_refused(method, options):
    scan = scene()[0]["scan"]
    with pytest.raises(QSMError, match="give the phase"):
        images(method, changed={"scan": replace(scan, phase=np.zeros_like(scan.phase))}, **options)


@pytest.mark.parametrize("spacing", [0.5, 1.0, 2.5])
def test_a_slab_is_as_thick_as_wanted_whatever_the_voxels(spacing):
    count = round(60 / spacing)
    image = np.ones((count, 3, 3), np.float32)
    image[count // 2] = 0.2
    dark = minimum_projection(image, image > 0, (spacing, 1, 1), 10.0, 0)[:, 1, 1] < 0.5
    assert dark.sum() * spacing == pytest.approx(10, abs=1.01 * spacing) and dark.sum() % 2 == 1
    assert np.flatnonzero(dark).mean() == count // 2


def test_what_is_outside_the_mask_does_not_darken_its_rim():
    image, mask = np.full(GRID.shape, 0.8, np.float32), ball(GRID, 10)
    image[~mask] = 0
    np.testing.assert_array_equal(minimum_projection(image, mask, GRID.spacing_mm, 12.0, 0), image)


@pytest.mark.parametrize(("b0", "wanted", "axis"), [((0.3, 0.9, 0.1), "axial", 1), ((0.3, 0.9, 0.1), "slices", 0)])
def test_the_projection_is_axial_unless_wanted_otherwise(b0, wanted, axis):
    scan, mask, *_ = scene()[0].values()
    changed = {"scan": replace(scan, grid=replace(GRID, b0_direction=b0))}
    made = images("true_swi", changed=changed, projection=wanted)
    expected = minimum_projection(made["swi"], mask, GRID.spacing_mm, 10.0, axis)
    np.testing.assert_array_equal(made["swi_projection"], expected)
    assert not np.array_equal(expected, minimum_projection(made["swi"], mask, GRID.spacing_mm, 10.0, 1 - axis))
