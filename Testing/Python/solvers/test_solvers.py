"""What the dipole inversions are made of: adjoints, proximal maps, the correction factor."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers.fields import ball, sphere
from scipy import ndimage

from QSMLogic import FieldMap, Grid
from QSMLogic.model.progress import Progress
from QSMLogic.numerics.convolution import convolve
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.fft import irfftn, rfftn
from QSMLogic.numerics.gradient import gradient, gradient_transposed, weighted_laplacian
from QSMLogic.numerics.iteration import iterate
from QSMLogic.numerics.kernels import dipole_kernel, laplacian_kernel
from QSMLogic.registry.method import find
from QSMLogic.solvers import fidelity
from QSMLogic.solvers.admm import Admm
from QSMLogic.solvers.dipole_model import DipoleModel, correction_factor
from QSMLogic.solvers.misfit import field_noise_ppm, measured_misfit
from QSMLogic.solvers.penalties import tv_penalties
from QSMLogic.solvers.total_variation import TotalVariation
from QSMLogic.solvers.weak_harmonic import HarmonicBackground
from QSMLogic.solvers.weights import squared_weight

GRID = Grid((14, 15, 17), (1.5, 1.0, 0.8), (0.8, 0.36, -0.48))
RANDOM = np.random.default_rng(0)
EVERYTHING = slice(None)


def noise(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def model():
    return DipoleModel(FieldMap(noise(*GRID.shape), ball(GRID, 6), GRID))


def test_dipole_is_its_own_transpose():
    dipole = model()
    x, y = noise(*dipole.shape), noise(*dipole.shape)
    assert np.vdot(dipole.field(x), y) == pytest.approx(np.vdot(x, dipole.field(y)), rel=1e-4)


def test_gradient_and_its_transpose():
    x, y = noise(*GRID.shape), noise(3, *GRID.shape)
    left = np.vdot(gradient(x, GRID.spacing_mm), y)
    assert left == pytest.approx(np.vdot(x, gradient_transposed(y, GRID.spacing_mm)), rel=1e-4)
    twice = gradient_transposed(gradient(x, GRID.spacing_mm), GRID.spacing_mm)
    expected = irfftn(np.fft.rfftn(x) * laplacian_kernel(x.shape, GRID.spacing_mm), x.shape)
    np.testing.assert_allclose(twice, expected, atol=1e-4)


def test_weighted_laplacian_is_that_of_the_formula():
    x, weights = noise(*GRID.shape), np.abs(noise(3, *GRID.shape))
    expected = gradient_transposed(weights * gradient(x, GRID.spacing_mm), GRID.spacing_mm)
    np.testing.assert_allclose(weighted_laplacian(x, weights, GRID.spacing_mm), expected, atol=1e-4)


def test_gradient_of_the_nonlinear_objective():
    target, weight, z, step = (0.05 * noise(5, 6, 7) for _ in range(4))
    weight = np.abs(weight)
    cost = lambda z: np.sum(weight * np.abs(np.exp(16j * z) - np.exp(16j * target)) ** 2) / 2 / 16**2  # noqa: E731
    slope = np.vdot(fidelity.phasor_gradient(z.copy(), target, weight, 16.0), step)
    small = 1e-3 * step.astype(float)
    assert slope == pytest.approx((cost(z + small) - cost(z - small)) / 2e-3, rel=1e-3)


def test_padding_and_result_are_transposes():
    local = FieldMap(noise(*GRID.shape), ball(GRID, 6), GRID)
    dipole = DipoleModel(local)
    x, y = noise(*dipole.shape), noise(*GRID.shape)
    assert np.vdot(dipole.result(x), y) == pytest.approx(
        np.vdot(x, dipole.padded(np.where(local.mask, y, 0))), rel=1e-4
    )


@pytest.mark.parametrize("shape", [(6, 7, 8), (6, 8, 9)])
def test_correction_factor_is_the_peak_of_the_point_spread_function(shape):
    from QSMLogic.numerics.kernels import dipole_kernel

    kernel = dipole_kernel(shape, (1, 1, 1), (1, 0, 0))
    inverse = np.where(np.abs(kernel) > 0.1, kernel, 0.1).astype(np.float32)
    peak = irfftn((kernel * inverse).astype(np.complex64), shape)[0, 0, 0]
    assert correction_factor(kernel, inverse, shape) == pytest.approx(peak, abs=1e-5)


PENALTY, RAD_PER_PPM = 0.7, 16.0
FIDELITIES = {
    "squares": (fidelity.squares, (), lambda t, w: w * t**2 / 2),
    "absolutes": (fidelity.absolutes, (), lambda t, w: w * np.abs(t)),
    "phasor_squares": (
        fidelity.phasor_squares,
        (RAD_PER_PPM,),
        lambda t, w: w * np.abs(np.exp(1j * RAD_PER_PPM * t) - 1) ** 2 / 2 / RAD_PER_PPM**2,
    ),
    "phasor_absolutes": (
        fidelity.phasor_absolutes,
        (RAD_PER_PPM,),
        lambda t, w: w * np.abs(np.exp(1j * RAD_PER_PPM * t) - 1) / RAD_PER_PPM,
    ),
}


@pytest.mark.parametrize("name", FIDELITIES)
def test_proximal_map_is_the_minimum(name):
    """Among many values near it, none is better by more than rounding."""
    make, more, cost = FIDELITIES[name]
    target, v = 0.02 * noise(4, 5, 6), 0.02 * noise(4, 5, 6)
    weight = np.abs(noise(4, 5, 6)) * (0.02 if "absolutes" in name else 1)
    z = make(target, weight, *more).proximal(v.copy(), EVERYTHING, PENALTY)
    total = lambda z: cost(z - target, weight) + PENALTY / 2 * (z - v) ** 2  # noqa: E731
    best = np.min([total(z + step) for step in np.linspace(-0.03, 0.03, 61)], axis=0)
    assert (total(z) - best).max() < 2e-5
    assert make(target, weight, *more).total(z) == pytest.approx(cost(z - target, weight).sum(), rel=1e-4)
    nowhere = make(target, 0 * weight, *more).proximal(v.copy(), EVERYTHING, PENALTY)
    np.testing.assert_allclose(nowhere, v, atol=1e-7)


@pytest.mark.parametrize("weight", [0.1, 1.0, 4.5])
def test_phasors_are_nearly_solved_below_a_wrap_and_never_worse_than_squares_beyond(weight):
    """A wrap of 16 rad/ppm is 0.2 ppm away; up to there the error of `squares` shrinks to a third or less."""
    v = np.linspace(-3, 3, 1201, dtype=np.float32)[None, None]
    target, weights, below = np.zeros_like(v), np.full_like(v, weight), np.abs(v) < 0.19
    z = fidelity.phasor_squares(target, weights, RAD_PER_PPM).proximal(v.copy(), EVERYTHING, PENALTY)
    start = fidelity.squares(target, weights).proximal(v.copy(), EVERYTHING, PENALTY)
    total = lambda z: FIDELITIES["phasor_squares"][2](z, weight) + PENALTY / 2 * (z - v) ** 2  # noqa: E731
    assert (total(z) <= total(start) * (1 + 1e-5) + 1e-7).all()
    values = np.linspace(-0.2, 0.2, 4001, dtype=np.float32)[:, None, None, None]
    best = values[np.argmin(total(values), axis=0)][..., 0, 0, 0]
    assert np.abs(z - best)[below].max() < np.abs(start - best)[below].max() / 3


def test_a_large_dual_variable_is_no_wrap():
    """What the L1 fidelity takes off v, up to weight / penalty, may be larger than a wrap."""
    v = np.linspace(-2, 2, 401, dtype=np.float32)[None, None]
    weights = np.full_like(v, 2.5 * PENALTY)
    z = fidelity.phasor_absolutes(np.zeros_like(v), weights, RAD_PER_PPM).proximal(v.copy(), EVERYTHING, PENALTY)
    np.testing.assert_allclose(z, 0, atol=1e-6)


def test_weights_are_one_where_the_field_is_as_good_as_the_median():
    mask, uncertainty = ball(GRID, 6), np.full(GRID.shape, 0.01)
    uncertainty[7], uncertainty[5] = 0.02, 0.002
    weight = squared_weight(FieldMap(np.zeros(GRID.shape), mask, GRID, uncertainty))
    np.testing.assert_allclose(weight, np.where(mask, np.where(uncertainty > 0.01, 0.25, 1), 0), rtol=1e-5)
    np.testing.assert_array_equal(squared_weight(FieldMap(np.zeros(GRID.shape), mask, GRID)), mask)


def test_map_and_background_end_where_the_gradient_of_the_objective_vanishes():
    """1/2 |W^1/2 (D x + h - f)|^2 + a |grad x|_1 + b/2 |M lap h|^2, whose parts pull against each other in the end."""
    grid, strength, beta = Grid((24, 26, 22)), 1e-3, 20.0
    field, _ = sphere(grid, 4, (0, 1, 2), 0.3)
    k, j, i = np.ix_(*(np.linspace(-1, 1, n, dtype=np.float32) for n in grid.shape))
    local = FieldMap(field + 0.02 * (k * j + i), ball(grid, 10), grid)
    model, weight = DipoleModel(local), DipoleModel(local).padded(local.mask)

    penalties = tv_penalties(strength, find("invert", "wh_qsm").make_parameters({"shrinkage": 0.02}))
    background = HarmonicBackground(model, local.mask, beta, penalties.mu_2)
    regularizer = TotalVariation(model, penalties)
    solver = Admm(model, regularizer, penalties.mu_2, background)
    data = fidelity.squares(model.padded(local.ppm), weight)
    x = solver.run(data, 400, 0, Progress())

    h = solver.field - model.field(x)
    residual = weight * (solver.field - model.padded(local.ppm))
    laplacian = laplacian_kernel(model.shape, model.spacing)
    of_background = beta * convolve(weight * convolve(h, laplacian), laplacian)
    dual = np.clip(regularizer.shrinkage.t, -penalties.tau_1, penalties.tau_1)
    of_map = penalties.mu_1 * gradient_transposed(dual, model.spacing)
    assert np.linalg.norm(h[weight > 0]) > 0.1 * np.linalg.norm(local.ppm[local.mask])
    assert np.linalg.norm(residual + of_background) < 0.05 * np.linalg.norm(residual)
    assert np.linalg.norm(model.field(residual) + of_map) < 0.05 * np.linalg.norm(model.field(residual))


def test_noise_is_found_under_a_smooth_field():
    grid = Grid((40, 40, 40))
    k, j, i = np.ix_(*(np.linspace(-1, 1, n) for n in grid.shape))
    noise = 0.003 * np.random.default_rng(0).standard_normal(grid.shape)
    local = FieldMap(0.1 * np.sin(2 * k) * j + 0.05 * i**2 + noise, ball(grid, 18), grid)
    assert field_noise_ppm(local) == pytest.approx(0.003, rel=0.2)  # a small mask is mostly soft rim
    thin = np.zeros(grid.shape, bool)
    thin[20] = True
    assert np.isfinite(field_noise_ppm(FieldMap(local.ppm, thin, grid)))


@pytest.mark.parametrize("noise_ppm", [0.001, 0.004])
def test_noise_is_found_among_tissues(noise_ppm):
    """Fields of random tissue hold much more fine detail than noise, but not near the cone."""
    rng = np.random.default_rng(1)
    grid = Grid((64, 60, 56), (1.0, 1.2, 0.9), (0.96, 0.28, 0.0))
    tissue = np.kron(rng.normal(0, 0.05, [-(-n // 3) for n in grid.shape]), np.ones((3, 3, 3)))
    chi = tissue[tuple(slice(n) for n in grid.shape)] * ball(grid, 18)
    field = dipole_field(chi, grid.spacing_mm, grid.b0_direction) + rng.normal(0, noise_ppm, grid.shape)
    local = FieldMap(field.astype(np.float32), ball(grid, 24), grid)
    assert field_noise_ppm(local) == pytest.approx(noise_ppm, rel=0.25)


def test_iterations_stop_at_the_tolerance():
    """Halving the distance to 1 changes x by 2^-n / (1 - 2^-n) in step n."""
    start, progress = np.zeros((2, 3, 4), np.float32), Progress()
    x = iterate(lambda x: ((x + 1) / 2, float(x.flat[0])), start, 50, 0.01, progress)
    told = progress.notes["convergence"]
    assert told["iterations"] == 7 and told["converged"] is True
    np.testing.assert_allclose(told["change"], [1 / (2**n - 1) for n in range(1, 8)], rtol=1e-4)
    np.testing.assert_allclose(told["objective"], [1 - 0.5**n for n in range(7)], rtol=1e-4)
    np.testing.assert_allclose(x, 1 - 0.5**7)


def test_noise_is_found_under_errors_that_near_the_cone_only():
    """A wave near the dipole kernel's zero cone that does not change along one axis: mixed differences are blind to it,
    and give the standard deviation of the noise, neither more nor less."""
    grid = Grid((48, 48, 48))
    k, j, _ = np.ix_(*(np.arange(n) for n in grid.shape))
    wave = 0.05 * np.cos(2 * np.pi * (0.25 * k + 0.354 * j))
    noise = 0.003 * np.random.default_rng(0).standard_normal(grid.shape)
    local = FieldMap((wave + noise).astype(np.float32), ball(grid, 22), grid)
    assert field_noise_ppm(local) == pytest.approx(0.003, rel=0.05)


def test_misfit_is_what_no_map_makes_at_any_frequency():
    """Errors of coarse detail near the cone only count, be there noise or not; what the mask cuts off does not."""
    rng = np.random.default_rng(1)
    grid = Grid((64, 60, 56))
    mask = ball(grid, 25)
    chi = ndimage.gaussian_filter(rng.normal(0, 1, grid.shape), 1) * ball(grid, 22)
    field = dipole_field(chi / chi.std() * 0.01, grid.spacing_mm, grid.b0_direction)
    field += rng.normal(0, 0.0005, grid.shape)
    error = rfftn(ndimage.gaussian_filter(rng.normal(0, 1, grid.shape), 1).astype(np.float32))
    error[np.abs(dipole_kernel(grid.shape, grid.spacing_mm, grid.b0_direction)) > 0.05] = 0
    error = irfftn(error, grid.shape)
    good, bad, worse = (
        measured_misfit(FieldMap((field + size * error / error.std()).astype(np.float32), mask, grid))
        for size in (0, 0.003, 0.006)
    )
    assert good.ratio < 0.1 < 3 * good.ratio < bad.ratio
    assert worse.misfit_ppm == pytest.approx(2 * bad.misfit_ppm, rel=0.1)
    assert worse.signal_ppm == pytest.approx(good.signal_ppm, rel=0.05)


def test_misfit_of_masks_without_room_is_the_noise():
    grid = Grid((20, 20, 20))
    thin = np.zeros(grid.shape, bool)
    thin[10] = True
    nothing = measured_misfit(FieldMap(np.zeros(grid.shape, np.float32), thin, grid))
    assert (nothing.misfit_ppm, nothing.ratio) == (0, 0)


def test_ridge_and_total_variation_minimize_their_objective():
    dipole, lam, alpha = model(), 0.002, 0.01
    penalties = tv_penalties(lam, SimpleNamespace(shrinkage=0.05, balance=9.0))
    f, w = dipole.padded(0.05 * noise(*GRID.shape)), dipole.padded(ball(GRID, 6))
    solver = Admm(dipole, TotalVariation(dipole, penalties, alpha), penalties.mu_2)
    x = solver.run(fidelity.squares(f, w), 800, 0, Progress())

    def objective(x):
        rest = w * np.square(dipole.field(x) - f)
        return rest.sum() / 2 + lam * np.abs(gradient(x, dipole.spacing)).sum() + alpha / 2 * np.square(x).sum()

    least = objective(x)
    assert least < 0.95 * objective(0 * x)
    for change in (x, dipole.field(dipole.field(x)), 0.01 * w, 0.02 * noise(*dipole.shape)):
        assert min(objective(x + step * change) for step in (np.float32(-0.05), np.float32(0.05))) > least * (1 - 1e-4)
