"""Every dipole inversion on exact fields: spheres, cylinders, grids of any kind, masks with holes."""

import numpy as np
import pytest
from helpers.fields import GRIDS, ball, coverage, cylinder, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.model.errors import QSMError
from QSMLogic.model.progress import Progress
from QSMLogic.numerics.fft import irfftn, rfftn
from QSMLogic.numerics.kernels import dipole_kernel
from QSMLogic.pipeline.strength_curve import strength_curve
from QSMLogic.registry.method import registry
from QSMLogic.report.strength_plot import curve_plot, curve_table
from QSMLogic.stages.invert.tikhonov import TikhonovParameters

METHODS = {name: method for name, method in registry()["invert"].items() if not method.missing}
OWN = {name: method for name, method in METHODS.items() if not method.chooses}  # the other stands for one of these
every_method = pytest.mark.parametrize("method", OWN.values(), ids=OWN)
some_grids = pytest.mark.parametrize("grid", [GRIDS["anisotropic"], GRIDS["oblique"]], ids=["anisotropic", "oblique"])

# What closed forms, with these thresholds, and early stopping leave of a sphere is less than its value.
THRESHOLDS = {"tkd": {"threshold": 0.2}, "tsvd": {"threshold": 0.1}}
CONTRAST = {"tkd": 0.80, "tsvd": 0.85, "tikhonov": 0.80, "ndi": 0.88}
WITHIN_A_TWENTIETH = ("rts", "tv", "fansi", "hd_qsm", "l1_qsm", "star_qsm", "wh_qsm")
TOLD_AS = {  # under which names a method tells how it converges
    "ilsqr": ("least squares", "streaks"),
    "rts": ("step 1", "step 2"),
    "hd_qsm": ("l1", "l2"),
    "star_qsm": ("strong", "weak"),
    **dict.fromkeys(("tv", "fansi", "l1_qsm", "wh_qsm", "ndi"), ("convergence",)),
}
CHOOSES_STRENGTH = ("tv", "fansi", "hd_qsm", "l1_qsm", "star_qsm", "wh_qsm")


def contrast(chi, mask, distance, radius):
    return chi[distance < radius].mean() - chi[mask & (distance > 1.5 * radius)].mean()


@some_grids
@every_method
def test_sphere(method, grid):
    radius, mask = 6, ball(grid, 26)
    field, distance = sphere(grid, radius, susceptibility_ppm=0.2)
    chi = method.run(FieldMap(field, mask, grid), parameters=method.make_parameters(THRESHOLDS.get(method.name, {})))
    found = contrast(chi, mask, distance, radius) / 0.2
    margin = 0.05 if method.name in WITHIN_A_TWENTIETH else 0.12
    assert found == pytest.approx(CONTRAST.get(method.name, 1), abs=margin)
    assert chi.dtype == np.float32 and not chi[~mask].any()


@every_method
def test_cylinder_across_the_field(method):
    grid, radius = Grid((48, 48, 48), (1, 1, 1), (1, 0, 0)), 5
    field, distance = cylinder(grid, radius, axis=2, susceptibility_ppm=0.2)
    mask = np.broadcast_to(distance < 20, grid.shape)
    chi = method.run(FieldMap(field, mask, grid))
    part = np.zeros(grid.shape, bool)
    part[:, :, 14:34] = True
    found = contrast(chi, mask & part, np.where(part, distance, np.inf), radius) / 0.2
    assert found == pytest.approx(CONTRAST.get(method.name, 1), abs=0.2)


@every_method
def test_axis_order_changes_nothing(method):
    grid = Grid((22, 26, 30), (1.5, 1.2, 1.0), (0.8, 0.6, 0.0))
    field, _ = sphere(grid, 5, (2, 1, -3), 0.3)
    mask = ball(grid, 11)
    chi = method.run(FieldMap(field, mask, grid))
    order = (2, 0, 1)
    turned = Grid(*([v[a] for a in order] for v in (grid.shape, grid.spacing_mm, grid.b0_direction)))
    other = method.run(FieldMap(field.transpose(order), mask.transpose(order), turned))
    np.testing.assert_allclose(other, chi.transpose(order), atol=2e-3)


@every_method
def test_well_conditioned_frequencies_are_recovered(method):
    grid = Grid((36, 36, 36))
    smooth = coverage(lambda k, j, i: k**2 + j**2 + i**2 < 36, grid) * np.float32(0.3)
    dipole = dipole_kernel(grid.shape, grid.spacing_mm, grid.b0_direction)
    field = irfftn(rfftn(smooth) * dipole, grid.shape)
    chi = method.run(FieldMap(field, np.ones(grid.shape, bool), grid))
    kept = np.abs(dipole) > 0.3
    difference = (rfftn(chi) - rfftn(smooth))[kept]
    assert np.linalg.norm(difference) < 0.25 * np.linalg.norm(rfftn(smooth)[kept])


@every_method
def test_mask_with_holes(method):
    """A hole in the mask, such as a bleed leaves, does not spoil what is around it."""
    grid = Grid((40, 40, 40))
    field, distance = sphere(grid, 4, susceptibility_ppm=0.2)
    whole = ball(grid, 17)
    holed = whole & (sphere(grid, 2, (0, 10, 0))[1] > 2)
    one, other = (method.run(FieldMap(field, mask, grid)) for mask in (whole, holed))
    assert not other[~holed].any()
    assert contrast(other, holed, distance, 4) == pytest.approx(contrast(one, holed, distance, 4), abs=0.02)


@every_method
@pytest.mark.parametrize("shape", [(16, 16, 16), (15, 17, 19)])
def test_small_and_odd_images(method, shape):
    grid = Grid(shape)
    field, distance = sphere(grid, 3, susceptibility_ppm=0.2)
    mask = ball(grid, 7)
    chi = method.run(FieldMap(field, mask, grid))
    assert chi.shape == shape and np.isfinite(chi).all() and contrast(chi, mask, distance, 3) > 0.05


@every_method
def test_with_uncertainty_and_magnitude(method):
    """Noise in few voxels that are known to be bad harms no more than noise in as many others, at the same strength."""
    grid, random = Grid((40, 40, 40)), np.random.default_rng(0)
    field, distance = sphere(grid, 4, susceptibility_ppm=0.2)
    mask, bad = ball(grid, 17), random.random(grid.shape) < 0.02
    uncertainty = np.where(bad, 0.2, 0.002).astype(np.float32)
    noisy = field + uncertainty * random.standard_normal(grid.shape).astype(np.float32)
    truth = 0.2 * coverage(lambda k, j, i: k**2 + j**2 + i**2 < 16, grid)
    error, values, progress = [], {}, Progress()
    for known in (uncertainty, None):
        magnitude = None if known is None else 1 / uncertainty
        parameters = method.make_parameters(values)
        chi = method.run(FieldMap(noisy, mask, grid, known, magnitude), parameters=parameters, progress=progress)
        values = {name: progress.notes[name] for name in ("strength",) if name in progress.notes}
        error.append(np.linalg.norm((chi - chi[mask].mean() - truth + truth[mask].mean())[mask]))
    assert error[0] <= error[1] * 1.001


@every_method
def test_a_field_of_zeros_gives_zeros(method):
    grid = Grid((16, 18, 20))
    chi = method.run(FieldMap(np.zeros(grid.shape), ball(grid, 7), grid))
    assert not chi.any()


def small_sphere(noise_ppm=0.0):
    grid = Grid((30, 32, 34), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3))
    field, _ = sphere(grid, 6, susceptibility_ppm=0.3)
    field += noise_ppm * np.random.default_rng(0).standard_normal(grid.shape).astype(np.float32)
    return FieldMap(field, ball(grid, 13), grid)


@pytest.mark.parametrize("name", TOLD_AS)
def test_convergence_is_told(name):
    """Curves as long as the iterations; a loose tolerance ends each part early and says so."""
    method, local = METHODS[name], small_sphere(0.002)
    parts = TOLD_AS[name]
    progress = Progress()
    method.run(local, progress=progress)
    for part in parts:
        curves = progress.notes[part]
        lengths = {len(curve) for curve in curves.values() if isinstance(curve, list)}
        assert lengths == {curves["iterations"]} and curves["iterations"] > 3
    if "tolerance" in {p.name for p in method.parameters}:
        loose = Progress()
        method.run(local, parameters=method.make_parameters({"tolerance": 0.5}), progress=loose)
        assert loose.notes[parts[-1]]["converged"] is True
        assert loose.notes[parts[-1]]["iterations"] < progress.notes[parts[-1]]["iterations"]


@pytest.mark.parametrize("name", ["tv", "fansi", "wh_qsm", "ndi"])
def test_objective_falls(name):
    """From start to end, and near the end by little: the map is close to the minimum, or on its way."""
    progress = Progress()
    METHODS[name].run(small_sphere(0.002), progress=progress)
    objective = progress.notes["convergence"]["objective"]
    assert objective[-1] < 0.5 * objective[0]
    assert objective[-1] <= min(objective) * 1.02


@pytest.mark.parametrize("name", CHOOSES_STRENGTH)
def test_strength_chooses_itself(name):
    """It grows with the noise, the note tells it, and giving the told value gives the same map."""
    method, told = METHODS[name], []
    for noise_ppm in (0.001, 0.004):
        progress = Progress()
        chosen = method.run(small_sphere(noise_ppm), progress=progress)
        told.append(progress.notes["strength"])
    assert told[1] > 2 * told[0] > 0
    fixed = Progress()
    parameters = method.make_parameters({"strength": told[1]})
    given = method.run(small_sphere(0.004), parameters=parameters, progress=fixed)
    assert "noise_ppm" not in fixed.notes
    assert np.linalg.norm(given - chosen) < 1e-2 * np.linalg.norm(chosen)


def test_chosen_strength_beats_others_on_a_noisy_sphere_of_4_ppm():
    grid = GRIDS["isotropic"]
    field, _ = sphere(grid, 6, susceptibility_ppm=4.0)
    field += 0.002 * np.random.default_rng(0).standard_normal(grid.shape).astype(np.float32)
    truth, mask = 4 * coverage(lambda k, j, i: k**2 + j**2 + i**2 < 36, grid), ball(grid, 26)
    error = {}
    for strength in (0.0, 1e-5, 1e-4):
        chi = METHODS["tv"].run(
            FieldMap(field, mask, grid), parameters=METHODS["tv"].make_parameters({"strength": strength})
        )
        error[strength] = np.linalg.norm((chi - truth)[mask])
    assert error[0.0] < 1.02 * error[1e-4] < error[1e-5]


def test_noise_lowers_the_fidelity_of_rts_and_ends_ndi_sooner():
    noisy, quiet = Progress(), Progress()
    for noise_ppm, progress in ((0.02, noisy), (0.001, quiet)):
        for name in ("rts", "ndi"):
            METHODS[name].run(small_sphere(noise_ppm), progress=progress)
    assert noisy.notes["mu"] < 0.2 * quiet.notes["mu"]
    assert noisy.notes["convergence"]["iterations"] < quiet.notes["convergence"]["iterations"]


def test_tikhonov_takes_the_best_of_its_curve():
    progress = Progress()
    METHODS["tikhonov"].run(small_sphere(0.002), progress=progress)
    curve = progress.notes["curve"]
    assert progress.notes["strength"] == min(curve, key=lambda point: point["criterion"])["strength"]
    assert [p["residual"] for p in curve] == sorted(p["residual"] for p in curve)
    assert [p["penalty"] for p in curve] == sorted((p["penalty"] for p in curve), reverse=True)


def test_curve_has_the_chosen_strength_in_its_middle():
    """Stronger maps fit less and are smoother; another method of the total field has no curve."""
    name, points = strength_curve(METHODS["tikhonov"], small_sphere(0.002), TikhonovParameters(), Progress())
    assert (name, [p["chosen"] for p in points].index(True), len(points)) == ("strength", 3, 7)
    assert [p["residual_ppm"] for p in points[3:]] == sorted(p["residual_ppm"] for p in points[3:])
    assert points[0]["gradient_ppm_per_mm"] > points[-1]["gradient_ppm_per_mm"]
    assert curve_plot("T", name, points).count("<circle") == 7
    assert curve_table(points).count("\n") == 8
    with pytest.raises(QSMError, match="no L-curve"):
        strength_curve(METHODS["tgv"], small_sphere(), METHODS["tgv"].make_parameters(), Progress())


def test_curve_tells_slopes_per_millimeter():
    """The same field on voxels twice as large has the same map, half as steep."""
    local, method = small_sphere(0.002), METHODS["tikhonov"]
    grid = local.grid
    large = Grid(grid.shape, tuple(2 * d for d in grid.spacing_mm), grid.b0_direction)
    points = [
        strength_curve(method, field, method.make_parameters({"strength": 0.02}), Progress())[1]
        for field in (local, FieldMap(local.ppm, local.mask, large))
    ]
    for one, other in zip(*points, strict=True):
        assert other["residual_ppm"] == pytest.approx(one["residual_ppm"], rel=1e-3)
        assert other["gradient_ppm_per_mm"] == pytest.approx(one["gradient_ppm_per_mm"] / 2, rel=1e-3)


@pytest.mark.parametrize("name", ["tkd", "tsvd"])
def test_correction_brings_a_sphere_up_to_its_value(name):
    grid, radius, method = Grid((40, 40, 40)), 4, METHODS[name]
    field, distance = sphere(grid, radius, susceptibility_ppm=0.2)
    mask, found = ball(grid, 17), []
    for corrected in (False, True):
        chi = method.run(
            FieldMap(field, mask, grid), parameters=method.make_parameters(THRESHOLDS[name] | {"corrected": corrected})
        )
        found.append(contrast(chi, mask, distance, radius) / 0.2)
    assert found[0] < 0.92 < found[1] < 1.15
