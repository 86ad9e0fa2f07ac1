"""AMP-PE: the noise and the sparsity that it estimates by itself."""

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.model.progress import Progress
from QSMLogic.registry.method import find
from QSMLogic.stages.invert.amp_pe import _laplace_scale

GRID = Grid((40, 44, 48))
MASK = ball(GRID, 19)


def mapped(noise_ppm, factor=1.0, progress=None, **parameters):
    field, distance = sphere(GRID, 6, (1, 0, -2), 0.3)
    field = factor * (field + noise_ppm * np.random.default_rng(0).standard_normal(GRID.shape))
    method = find("invert", "amp_pe")
    local = FieldMap(field, MASK, GRID)
    return method.run(local, parameters=method.make_parameters(parameters), progress=progress), distance


def test_noise_is_estimated():
    for noise_ppm in (0.005, 0.02):
        progress = Progress()
        mapped(noise_ppm, progress=progress, iterations=40, tolerance=0)
        assert progress.notes["noise_ppm"] == pytest.approx(noise_ppm, rel=0.35)


def test_more_noise_is_smoothed_more():
    rough = []
    for noise_ppm in (0.005, 0.02):
        chi, distance = mapped(noise_ppm)
        rough.append(chi[MASK & (distance > 9)].std() / noise_ppm)
    assert rough[1] < 0.8 * rough[0]


def test_twice_the_field_gives_twice_the_map():
    one, two = mapped(0.01)[0], mapped(0.01, factor=2)[0]
    np.testing.assert_allclose(two, 2 * one, atol=1e-3 * np.abs(one).max())


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_scale_of_laplace_values_with_errors(scale):
    rng, found = np.random.default_rng(0), None
    sizes = np.abs(rng.laplace(0, scale, 50_000) + rng.normal(0, 1, 50_000))
    for _ in range(60):
        found = _laplace_scale(sizes, 1.0, found)
    assert found == pytest.approx(scale, rel=0.06)
