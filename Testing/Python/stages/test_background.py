"""Background removal: harmonic fields go, fields of sources inside the mask stay; for every registered method."""

import numpy as np
import pytest
from helpers.fields import GRIDS, ball, positions_mm, sphere
from scipy import ndimage

from QSMLogic import FieldMap, Grid, QSMError
from QSMLogic.numerics.conjugate_gradients import conjugate_gradients
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.registry.method import find, registry

METHODS = registry()["background"]
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
VSHARP, PDF = METHODS["vsharp"], METHODS["pdf"]


def rms(values):
    return np.sqrt(np.mean(np.square(values, dtype=float)))


def error(local, truth, region=True):
    """The relative error in the method's mask, or in a part of it."""
    inside = local.mask & region
    assert inside.any()
    return rms((local.ppm - truth)[inside]) / rms(truth[inside])


@every_method
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_harmonic_fields_vanish(method, grid):
    mask, deep = ball(grid, 24), ball(grid, 16)
    k, j, i = positions_mm(grid)
    outside, _ = sphere(grid, 10, (0, 38, 12), 9.0)
    harmonics = (1 + 0 * (k + j + i), 2 * k - j + 3 * i, k**2 - i**2 + j * i, outside)
    harmonic = sum(field / rms(field[mask]) for field in harmonics)
    local = method.run(FieldMap(harmonic, mask, grid))
    assert rms(local.ppm[deep & local.mask]) < 0.03


@every_method
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_local_field_is_kept(method, grid):
    source, _ = sphere(grid, 3, (4, -3, 6), 0.5)
    background, _ = sphere(grid, 12, (0, 42, 0), 9.0)
    local = method.run(FieldMap(source + background, ball(grid, 26), grid))
    assert error(local, source) < 0.25
    assert error(local, source, ball(grid, 20)) < 0.15


@every_method
def test_the_mask_loses_its_rim_at_most(method):
    grid = GRIDS["anisotropic"]
    mask = ball(grid, 24)
    local = method.run(FieldMap(sphere(grid, 3)[0], mask, grid))
    rim = mask & ~ball(grid, 24 - 0.5 * min(grid.spacing_mm))
    assert not (local.mask & ~mask).any() and not local.ppm[~local.mask].any()
    assert local.mask[ball(grid, 15)].all()
    assert not (local.mask & rim).any() if method.erodes_mask else (local.mask == mask).all()


@every_method
def test_mask_that_fills_the_image_of_odd_size(method):
    grid = Grid((33, 35, 37))
    source, _ = sphere(grid, 3, susceptibility_ppm=0.5)
    local = method.run(FieldMap(source, np.ones(grid.shape, bool), grid))
    assert local.mask[0].any() != method.erodes_mask
    assert error(local, source) < 0.25


@every_method
def test_tiny_image(method):
    grid = Grid((16, 16, 16))
    source, _ = sphere(grid, 1.5, (0, 1, 0), susceptibility_ppm=0.5)
    local = method.run(FieldMap(source + 0.1, ball(grid, 7.9), grid))
    assert rms((local.ppm - source)[local.mask]) < 0.35 * rms(source[ball(grid, 7.9)])


@every_method
def test_components_holes_and_thin_parts(method):
    """A second component, holes and a sheet one voxel thin keep a method from nothing and leave the rest usable."""
    grid = Grid((48, 56, 84))
    source, distance = sphere(grid, 3, (0, 0, -14), 0.5)
    background, _ = sphere(grid, 8, (0, 38, 0), 30.0)
    k, j, i = positions_mm(grid)
    mask = (k**2 + j**2 + (i + 16) ** 2 < 20**2) | (k**2 + j**2 + (i - 25) ** 2 < 12**2)
    mask[24, :, 70:] = True
    mask[30:32, 24, 20] = mask[20, 30, 30] = False
    local = method.run(FieldMap(source + background, mask, grid))
    deep = (k**2 + j**2 + (i + 16) ** 2 < 12**2) & (distance > 4)
    assert np.isfinite(local.ppm).all() and np.abs(local.ppm).max() < 3 * np.abs(source + background)[mask].max()
    assert rms((local.ppm - source)[deep & local.mask]) < 0.15 * rms(background[deep & local.mask])


@every_method
def test_turned_image_gives_the_turned_field(method):
    """Swapping the axes of image, spacing and B0 alike changes nothing but rounding."""
    grid = Grid((40, 44, 48), (1.5, 1.2, 1), (0.8, 0.36, -0.48))
    order = (2, 0, 1)
    turned = Grid(*([values[axis] for axis in order] for values in (grid.shape, grid.spacing_mm, grid.b0_direction)))
    field = sphere(grid, 3, (4, -3, 6), 0.5)[0] + sphere(grid, 12, (0, 42, 0), 9.0)[0]
    mask = ball(grid, 19)
    local = method.run(FieldMap(field, mask, grid))
    other = method.run(FieldMap(field.transpose(order), mask.transpose(order), turned))
    np.testing.assert_array_equal(other.mask, local.mask.transpose(order))
    np.testing.assert_allclose(other.ppm, local.ppm.transpose(order), atol=0.01 * np.abs(local.ppm).max())


@every_method
def test_too_thin_a_mask_is_refused(method):
    """PDF, and mSMV after it, need no depth and take any mask; the others say what is wrong and what to do."""
    grid = Grid((20, 20, 20), (3, 3, 3))
    mask = np.zeros(grid.shape, bool)
    mask[10] = True
    total = FieldMap(np.ones(grid.shape), mask, grid)
    if method.name in ("pdf", "msmv"):
        assert np.isfinite(method.run(total).ppm).all()
    else:
        with pytest.raises(QSMError, match=f"too thin for {method.title}.*PDF"):
            method.run(total)


@every_method
def test_no_field_gives_none(method):
    grid = Grid((24, 24, 24))
    assert not method.run(FieldMap(np.zeros(grid.shape), ball(grid, 11), grid)).ppm.any()


def test_largest_radius_matters():
    grid = GRIDS["isotropic"]
    broad, _ = sphere(grid, 9, susceptibility_ppm=0.3)
    total = FieldMap(broad, ball(grid, 28), grid)
    kept = [
        np.linalg.norm(VSHARP.run(total, parameters=VSHARP.make_parameters({"max_radius_mm": r, "refinements": 0})).ppm)
        for r in (2, 10)
    ]
    assert kept[1] > 1.1 * kept[0]


@pytest.mark.parametrize("name", ["uncertainty_ppm", "magnitude"])
def test_pdf_heeds_the_weights(name):
    """Voxels with a field that is wrong, and known to be, do not spoil the others."""
    grid = GRIDS["isotropic"]
    source, background = sphere(grid, 3, (4, -3, 6), 0.5)[0], sphere(grid, 12, (0, 42, 0), 9.0)[0]
    mask, wrong = ball(grid, 24), np.zeros(grid.shape, bool)
    wrong[20:40, 44:50, 20:40] = True
    field = source + background + 2 * wrong
    known = np.where(wrong, 100, 1) if name == "uncertainty_ppm" else np.where(wrong, 0.01, 1)
    total = FieldMap(field, mask, grid, **{name: known})
    heeded, ignored = (
        error(PDF.run(total, parameters=PDF.make_parameters({"weighted": weighted})), source, ball(grid, 16) & ~wrong)
        for weighted in (True, False)
    )
    assert heeded < 0.3 and heeded < 0.2 * ignored


def test_joint_steps_of_pdf_keep_local_fields():
    """With sources all over the mask, letting sources inside explain the field keeps more than the paper's fit."""
    grid = GRIDS["isotropic"]
    mask, texture = ball(grid, 26), np.random.default_rng(0).standard_normal(grid.shape)
    texture = np.where(mask, ndimage.gaussian_filter(texture, 2), 0)
    source = dipole_field(texture - texture.mean(), grid.spacing_mm, grid.b0_direction)
    total = FieldMap(source + sphere(grid, 12, (0, 42, 0), 1.0)[0], mask, grid)
    joint, plain = (
        error(PDF.run(total, parameters=PDF.make_parameters({"joint_iterations": n})), source, ball(grid, 22))
        for n in (20, 0)
    )
    assert joint < 0.8 * plain


def test_lbv_field_is_the_solution_of_the_boundary_value_problem():
    """The background of the discrete problem is what the total field is at the rim, with no Laplacian inside."""
    grid = GRIDS["anisotropic"]
    mask = ball(grid, 22)
    field = (sphere(grid, 3, (4, -3, 6), 0.5)[0] + sphere(grid, 12, (0, 42, 0), 9.0)[0]).astype(float)
    lbv = find("background", "lbv")
    local = lbv.run(FieldMap(field, mask, grid), parameters=lbv.make_parameters({"tolerance": 1e-7}))
    background = np.where(mask, field - local.ppm, 0)
    laplacian = sum(
        (np.roll(background, 1, a) + np.roll(background, -1, a) - 2 * background) / d**2
        for a, d in enumerate(grid.spacing_mm)
    )
    assert np.abs(laplacian[local.mask]).max() < 1e-4 * np.abs(background).max()


@pytest.mark.parametrize("preconditioned", [False, True])
@pytest.mark.parametrize("started", [False, True])
def test_conjugate_gradients(preconditioned, started):
    random = np.random.default_rng(0)
    scale = np.geomspace(1, 30, 6 * 5 * 4).reshape(6, 5, 4).astype(np.float32)
    solution = random.standard_normal(scale.shape, np.float32)
    fractions = []
    x = conjugate_gradients(
        lambda x: scale * x,
        scale * solution,
        60,
        start=random.standard_normal(scale.shape, np.float32) if started else None,
        tolerance=1e-6,
        precondition=(lambda x: x / scale) if preconditioned else None,
        progress=fractions.append,
    )
    np.testing.assert_allclose(x, solution, atol=1e-4)
    assert len(fractions) <= (3 if preconditioned else 60) and fractions == sorted(fractions)


def test_unreliable_rim_is_cut_and_enclosed_voxels_stay():
    grid = GRIDS["isotropic"]
    mask, uncertainty = ball(grid, 20), np.full(grid.shape, 0.001)
    uncertainty[32, 32, 32] = uncertainty[32, 32, 10:15] = 1
    trimmed = FieldMap(np.ones(grid.shape), mask, grid, uncertainty).without_unreliable_rim()
    removed = np.argwhere(mask & ~trimmed.mask)
    assert removed.tolist() == [[32, 32, i] for i in (13, 14)]
    plain = FieldMap(np.ones(grid.shape), mask, grid)
    assert plain.without_unreliable_rim() is plain


@pytest.mark.parametrize("room", [0, 9, 20])
def test_radii_of_vsharp_follow_the_depth_of_the_mask_in_images_of_any_size(room):
    """A mask of 12 mm in images of up to 88 voxels has the same field in all of them."""
    grid = Grid((48, 48, 48), (1.0, 1.2, 0.9))
    total = FieldMap(sphere(grid, 3, (2, -2, 3), 0.5)[0] + sphere(grid, 8, (0, 25, 0), 9.0)[0], ball(grid, 15), grid)
    expected = VSHARP.run(total)
    wide = Grid(tuple(n + 2 * room for n in grid.shape), grid.spacing_mm)
    found = VSHARP.run(FieldMap(np.pad(total.ppm, room), np.pad(total.mask, room), wide))
    np.testing.assert_array_equal(found.mask, np.pad(expected.mask, room))
    difference = found.ppm - np.pad(expected.ppm, room)
    assert rms(difference[found.mask]) < 0.05 * rms(expected.ppm[expected.mask])


@pytest.mark.parametrize(("name", "radius"), [("sharp", "radius_mm"), ("vsharp", "max_radius_mm")])
def test_spacing_that_differs_by_rounding_gives_the_same_field(name, radius):
    """DICOM files and those of a converter have slices of 2.9999999999999996 and of 3 mm."""
    shape, spacing_mm = (12, 24, 24), np.array((3.0, 1.5, 1.5))
    grids = [
        Grid(shape, spacing, (1, 0, 0)) for spacing in (spacing_mm, np.nextafter(spacing_mm, 0), spacing_mm - 1e-8)
    ]
    mask, (field, _) = ball(grids[0], 15), sphere(grids[0], 3, (6, 3, 0))
    parameters = METHODS[name].make_parameters({radius: 12})
    one, *others = [METHODS[name].run(FieldMap(field, mask, grid), parameters=parameters) for grid in grids]
    for other in others:
        assert (other.mask == one.mask).all()
        np.testing.assert_allclose(other.ppm, one.ppm, atol=1e-5 * np.abs(one.ppm).max())
