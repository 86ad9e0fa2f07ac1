"""Susceptibility-weighted images, separation and uncertainty on arrays of any library, with unusual choices."""

from functools import cache

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.foreign_arrays import foreign
from helpers.same_on_foreign import assert_same_on_foreign

from QSMLogic import Acquisition, FieldMap, Grid, QSMError
from QSMLogic.registry.method import find
from QSMLogic.solvers.source_separation import Penalty
from QSMLogic.solvers.three_pools import fitted
from QSMLogic.stages.separation import decompose as decompose_file

GRID, TIMES = Grid((22, 20, 24), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3)), (0.004, 0.010, 0.016, 0.022)
MASK = ball(GRID, 8)


@cache
def known():
    """What the methods take, by name."""
    random = np.random.default_rng(2)
    field, distance = sphere(GRID, 3, (1, 0, -2), 0.3)
    inside, x = distance < 3, (0.3 * (distance < 3) * MASK).astype(np.float32)
    rate = 20 + 30.0 * inside
    signal = np.stack([MASK * np.exp((800j * field - rate) * time) for time in TIMES])
    signal += random.normal(0, 0.01, signal.shape) + 1j * random.normal(0, 0.01, signal.shape)
    noisy = field + random.normal(0, 0.002, GRID.shape)
    return {
        "scan": Acquisition.of_signal(signal, TIMES, 3.0, GRID),
        "mask": MASK,
        "total": FieldMap(noisy + 0.01 * np.arange(GRID.shape[2]), MASK, GRID, np.full(GRID.shape, 0.002)),
        "local": FieldMap(noisy, MASK, GRID, np.full(GRID.shape, 0.002)),
        "susceptibility_ppm": x,
        "single_step": True,
        "r2star_hz": (rate * MASK).astype(np.float32),
        "r2_hz": (0.6 * rate * MASK).astype(np.float32),
        "r2prime_hz": None,
    }


def run(stage, name, **chosen):
    """A function of what the method takes, and these inputs."""
    entry = find(stage, name)
    parameters = entry.make_parameters(chosen)
    return (lambda *given: entry.run(*given, parameters=parameters)), [known()[taken] for taken in entry.takes]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("classic", {"contrast": "diamagnetic", "projection": "slices"}),
        ("clear_swi", {"phase_source": "unwrapped"}),
        ("clear_swi", {"softplus": False}),
    ],
)
def test_susceptibility_weighted_images(name, chosen):
    function, given = run("swi", name, **chosen)
    images, _ = assert_same_on_foreign(function, *given)
    assert images["swi"].any()


@pytest.mark.parametrize("name", ["chi_separation_ilsqr", "chi_separation_medi"])
def test_separation_with_r2prime_from_r2star_and_r2(name):
    function, given = run("separation", name, outer_iterations=1, inner_iterations=3)
    parts, _ = assert_same_on_foreign(function, *given)
    assert parts["paramagnetic_ppm"].any()


def test_rates_that_cannot_be_in_hz_are_refused_on_any_library():
    entry = find("separation", "r2star_qsm")
    for bad, cause in ((1e-3 * known()["r2star_hz"], "1/ms"), (np.full(GRID.shape, np.nan, np.float32), "NaN")):
        with pytest.raises(QSMError, match=cause):
            entry.run(3.0, foreign(MASK), foreign(known()["susceptibility_ppm"]), foreign(bad))


def test_uncertainty_after_a_single_step():
    function, given = run("uncertainty", "error_sources")
    deviation, _ = assert_same_on_foreign(function, *given)
    assert deviation.any()


def test_pools_on_a_gpu_are_fitted_in_chunks(monkeypatch):
    sizes, (function, given) = [], run("separation", "decompose", iterations=2)

    def counted(signal, *rest):
        sizes.append(len(signal))
        return fitted(signal, *rest)

    expected = function(*given)
    monkeypatch.setattr(decompose_file, "GPU_CHUNK_VOXELS", 300)
    monkeypatch.setattr(decompose_file, "fitted", counted)
    chunked, _ = assert_same_on_foreign(function, *given)
    assert max(sizes) == 300 and sum(sizes) == 2 * np.count_nonzero(MASK)
    np.testing.assert_array_equal(chunked["paramagnetic_ppm"], expected["paramagnetic_ppm"])


def test_stiffness_is_the_weight_over_the_length_of_the_weighted_gradient():
    x, weights = np.zeros((4, 4, 4), np.float32), np.ones((3, 4, 4, 4), np.float32)
    x[1] = 0.3
    stiffness, _ = assert_same_on_foreign(lambda x, w: Penalty(2.0, w, w).stiffness(x, w, (1, 1, 1)), x, weights)
    np.testing.assert_allclose(stiffness[:, 0], 2 / np.hypot(0.3, 0.002), rtol=1e-5)
    np.testing.assert_allclose(stiffness[:, 3], 2 / 0.002, rtol=1e-5)
