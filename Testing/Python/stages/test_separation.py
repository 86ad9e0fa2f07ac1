"""Paramagnetic and diamagnetic susceptibility where both are known, and what the methods say of bad input."""

from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import Acquisition, FieldMap, Grid, QSMError, run
from QSMLogic.model.progress import Progress
from QSMLogic.model.units import rad_per_s_and_ppm
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import find, registry
from QSMLogic.solvers.source_separation import Penalty, SourceSeparation
from QSMLogic.solvers.three_pools import START, _derivatives, fitted, rates

SHAPE, TIMES_S = (24, 26, 28), (0.004, 0.010, 0.016, 0.022, 0.028)
METHODS = [name for name in registry()["separation"] if name != "none"]
CHI_SEPARATION = [name for name in METHODS if name.startswith("chi_separation")]
R2_HZ, R2PRIME_PER_PPM = 14.0, 137.0


def smooth(seed):
    """A smooth image between 0 and 1."""
    image = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 2)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


class Sources:
    """Sources of both signs in the same voxels, and the inputs of the stage that they make."""

    def __init__(self, strength_t=3.0, spacing_mm=1.0):
        grid, k = Grid(SHAPE, (spacing_mm,) * 3), np.indices(SHAPE)
        self.mask = sum((a - (n - 1) / 2) ** 2 for a, n in zip(k, SHAPE, strict=True)) < 11.0**2
        self.para, self.dia = 0.12 * smooth(1) * self.mask, -0.08 * smooth(2) * self.mask
        self.chi = self.para + self.dia
        self.r2prime = R2PRIME_PER_PPM * strength_t / 3 * (self.para - self.dia)
        self.r2 = np.where(self.mask, np.float32(R2_HZ), 0)
        self.r2star = self.r2 + self.r2prime
        magnitude = np.exp(-self.r2star * np.reshape(TIMES_S, (-1, 1, 1, 1))) * self.mask
        self.scan = Acquisition(magnitude, 0 * magnitude, TIMES_S, strength_t, grid)
        field = dipole_field(self.chi.astype(np.float32), grid.spacing_mm, grid.b0_direction)
        self.local = FieldMap(field, self.mask, grid, magnitude=self.scan.weight)

    def separated(self, name, r2star=None, r2=None, r2prime=None, progress=None, **values):
        """Maps of the paramagnetic and the diamagnetic part by a method."""
        method = find("separation", name)
        known = {"scan": self.scan, "field_strength_t": self.scan.field_strength_t, "local": self.local}
        known |= {"susceptibility_ppm": self.chi, "r2star_hz": r2star, "r2_hz": r2, "r2prime_hz": r2prime}
        inputs = [known[taken] for taken in method.takes]
        maps = method.run(*inputs, parameters=method.make_parameters(values), progress=progress)
        return maps["paramagnetic_ppm"], maps["diamagnetic_ppm"]

    def error(self, maps):
        """Root mean square error of both parts in ppm."""
        pairs = zip(maps, (self.para, self.dia), strict=True)
        return max(np.sqrt(np.mean(np.square(found - true)[self.mask])) for found, true in pairs)


@pytest.fixture(scope="module")
def sources():
    return Sources()


def noise(sd, seed=3):
    return np.random.default_rng(seed).normal(0, sd, SHAPE).astype(np.float32)


@pytest.mark.parametrize("name", METHODS)
def test_parts_have_their_sign_and_add_up_to_the_map(sources, name):
    rates_hz = [sources.r2star + noise(4), sources.r2, sources.r2prime + noise(4)]
    before = [array.copy() for array in (*rates_hz, sources.chi)]
    para, dia = sources.separated(name, *rates_hz)
    assert para.dtype == dia.dtype == np.float32
    assert para.min() >= 0 >= dia.max()
    np.testing.assert_allclose(para + dia, sources.chi, atol=1e-6)
    assert not para[~sources.mask].any() and not dia[~sources.mask].any()
    for array, old in zip((*rates_hz, sources.chi), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("strength_t", [1.5, 3.0, 7.0])
def test_r2star_qsm_inverts_its_model(strength_t):
    sources = Sources(strength_t)
    r2star = 9 + 2 * sources.r2prime
    assert sources.error(sources.separated("r2star_qsm", r2star)) < 1e-6
    assert sources.error(sources.separated("r2star_qsm", r2star + 5, baseline_hz=14)) < 1e-6
    constant = 2 * R2PRIME_PER_PPM * strength_t / 3
    assert sources.error(sources.separated("r2star_qsm", r2star, constant_hz_per_ppm=constant)) < 1e-6
    assert sources.error(sources.separated("r2star_qsm", r2star, constant_hz_per_ppm=0.8 * constant)) > 5e-3


def test_where_relaxation_is_too_low_all_is_of_one_sign(sources):
    para, dia = sources.separated("r2star_qsm", np.zeros(SHAPE, np.float32))
    np.testing.assert_allclose(para, np.maximum(sources.chi, 0), atol=1e-7)
    np.testing.assert_allclose(dia, np.minimum(sources.chi, 0), atol=1e-7)


@pytest.mark.parametrize("name", CHI_SEPARATION)
def test_chi_separation_finds_both_parts(sources, name):
    maps = sources.separated(name, r2prime=sources.r2prime)
    assert sources.error(maps) < 4e-3
    others = sources.separated(name, r2star=sources.r2star, r2=sources.r2)
    np.testing.assert_allclose(others, maps, atol=1e-5)


@pytest.mark.parametrize("name", CHI_SEPARATION)
def test_chi_separation_suppresses_noise_of_r2prime(sources, name):
    noisy = np.maximum(sources.r2prime + noise(4), 0)
    magnitudes = np.maximum(noisy / R2PRIME_PER_PPM, np.abs(sources.chi)) * sources.mask
    plain = (sources.chi + magnitudes) / 2, (sources.chi - magnitudes) / 2
    assert sources.error(sources.separated(name, r2prime=noisy)) < 0.8 * sources.error(plain)


def test_solution_has_no_negative_magnitudes(sources):
    problem = SourceSeparation(sources.local, noise(0.03), sources.mask, ratio=1.0, coupling=0.03)
    none = np.zeros((3, *problem.model.shape), np.float32)
    start = np.maximum(sources.chi, 0).astype(np.float32), np.maximum(-sources.chi, 0).astype(np.float32)
    p, n = problem.solve(start, Penalty(0.0, none, none), 2, 3, 0.0, Progress())
    assert min(p.min(), n.min()) >= 0
    assert np.corrcoef((p - n)[sources.mask], sources.chi[sources.mask])[0, 1] > 0.6


@pytest.mark.parametrize("name", CHI_SEPARATION)
def test_each_sign_has_its_own_constant(sources, name):
    r2prime = 137 * sources.para - 60 * sources.dia
    right = sources.separated(name, r2prime=r2prime, diamagnetic_hz_per_ppm=60)
    assert sources.error(right) < 0.5 * sources.error(sources.separated(name, r2prime=r2prime))


@pytest.mark.parametrize("name", CHI_SEPARATION)
def test_chi_separation_has_no_unit_of_length(sources, name):
    inputs = {"r2prime": sources.r2prime + noise(2), "outer_iterations": 1}
    maps = Sources(spacing_mm=0.1).separated(name, **inputs)
    np.testing.assert_allclose(maps, Sources(spacing_mm=10).separated(name, **inputs), atol=1e-5)


def pools(sources, shares=(0.4, 0.3, 0.3)):
    """The scan of three pools that hold the sources."""
    a, b = rates(rad_per_s_and_ppm(3.0))
    times = np.reshape(TIMES_S, (-1, 1, 1, 1))
    para, dia = sources.para / shares[0], sources.dia / shares[1]
    signal = shares[0] * np.exp((-a + 1j * b) * para * times) + shares[1] * np.exp((a + 1j * b) * dia * times)
    magnitude = np.abs(np.exp(-R2_HZ * times) * (signal + shares[2])) * sources.mask
    return replace(sources.scan, magnitude=magnitude.astype(np.float32))


def test_decompose_finds_the_pools_better_than_one_sign_alone(sources):
    mixed = Sources()
    mixed.scan = pools(sources)
    one_sign = np.maximum(sources.chi, 0), np.minimum(sources.chi, 0)
    assert mixed.error(mixed.separated("decompose")) < 0.5 * mixed.error(one_sign)


def test_fit_of_three_pools():
    truth = START * np.array([1.2, 0.8, 1.0, 1.1, 1.5, 0.7], np.float32)
    times, omega = np.linspace(0.003, 0.045, 8, dtype=np.float32), rad_per_s_and_ppm(7.0)
    a, b = rates(omega)
    exponents = np.complex64(-a + 1j * b) * times, np.complex64(-a - 1j * b) * times
    jacobian, signal = _derivatives(truth[None], times, exponents)
    for index, step in enumerate(1e-3 * truth):
        moved = truth + step * (np.arange(6) == index)
        slope = (_derivatives(moved[None].astype(np.float32), times, exponents)[1] - signal) / step
        np.testing.assert_allclose(slope, jacobian[:, index], rtol=0.02, atol=0.01 * np.abs(jacobian[:, index]).max())
    found = fitted(signal, times, omega, noise=1e-4, iterations=40)
    np.testing.assert_allclose(_derivatives(found, times, exponents)[1], signal, atol=1e-3)


def test_missing_inputs_are_named(sources):
    with pytest.raises(QSMError, match="needs R2'.*--r2prime.*R2\\*-QSM"):
        sources.separated("chi_separation_medi", r2star=sources.r2star)
    with pytest.raises(QSMError, match="needs R2\\*"):
        sources.separated("r2star_qsm")
    with pytest.raises(QSMError, match="needs R2\\*"):
        sources.separated("chi_separation_ilsqr", r2=sources.r2)
    holes = sources.r2prime.copy()
    holes[12, 13, 14] = np.nan
    with pytest.raises(QSMError, match="R2' map is NaN or infinite in 1 voxels"):
        sources.separated("chi_separation_medi", r2prime=holes)
    few = Sources()
    few.scan = replace(few.scan, magnitude=few.scan.magnitude[:3], phase=few.scan.phase[:3], echo_times_s=TIMES_S[:3])
    with pytest.raises(QSMError, match="at least 4 echoes; this scan has 3"):
        few.separated("decompose")


@pytest.mark.parametrize("strength_t, warned", [(3.0, False), (2.89, False), (7.0, True), (1.5, True)])
def test_constants_of_another_field_strength_are_said(strength_t, warned):
    sources, progress = Sources(strength_t), Progress()
    sources.separated("r2star_qsm", sources.r2star, progress=progress)
    assert ("measured at 3 T" in progress.notes.get("warning", "")) == warned
    progress = Progress()
    sources.separated("r2star_qsm", sources.r2star, progress=progress, constant_hz_per_ppm=300)
    assert "warning" not in progress.notes


def test_a_run_separates_its_map(sources):
    field = sources.local.ppm
    phase = np.stack([rad_per_s_and_ppm(3.0) * time * field for time in TIMES_S])
    scan = replace(sources.scan, phase=np.angle(np.exp(1j * phase)))
    quick = {"background": {"method": "pdf", "iterations": 5}, "invert": {"method": "tkd"}}
    maps = run(scan, sources.mask, {**quick, "separation": {"method": "r2star_qsm"}})
    assert maps.r2star_hz is not None
    np.testing.assert_allclose(maps.paramagnetic_ppm + maps.diamagnetic_ppm, maps.susceptibility_ppm, atol=1e-6)
    assert np.corrcoef(maps.paramagnetic_ppm[sources.mask], sources.para[sources.mask])[0, 1] > 0.7
    refused = run(scan, sources.mask, {**quick, "separation": {"method": "chi_separation_medi"}})
    assert refused.paramagnetic_ppm is None
    assert "R2'" in refused.provenance["notes"]["separation"]["warning"]
