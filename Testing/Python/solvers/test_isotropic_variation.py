"""Isotropic total variation with a ridge: its steps, and that ADMM minimizes what it says."""

import numpy as np
import pytest
from helpers.fields import ball

from QSMLogic import FieldMap, Grid
from QSMLogic.model.progress import Progress
from QSMLogic.numerics.gradient import gradient, gradient_transposed
from QSMLogic.solvers.admm import Admm
from QSMLogic.solvers.dipole_model import DipoleModel
from QSMLogic.solvers.fidelity import squares
from QSMLogic.solvers.isotropic_variation import IsotropicVariation, VectorShrinkage
from QSMLogic.solvers.penalties import Penalties

GRID = Grid((18, 20, 16), (1.5, 1.0, 0.8), (0.8, 0.36, -0.48))
RANDOM = np.random.default_rng(0)


def test_shortens_vectors_and_keeps_their_direction():
    x = RANDOM.standard_normal(GRID.shape).astype(np.float32)
    shrinkage = VectorShrinkage(GRID.shape, GRID.spacing_mm, 1.0)
    t = gradient(x, GRID.spacing_mm)
    length = np.linalg.norm(t, axis=0)
    result = shrinkage.step(x)
    z = t * np.maximum(1 - 1 / length, 0)
    np.testing.assert_allclose(shrinkage.u, t - z, atol=1e-5)
    np.testing.assert_allclose(result, gradient_transposed(z - shrinkage.u, GRID.spacing_mm), atol=1e-4)
    assert shrinkage.cost == pytest.approx(length.sum(), rel=1e-5)


def test_minimizes_its_objective():
    mask = ball(GRID, 7)
    local = FieldMap((0.05 * RANDOM.standard_normal(GRID.shape) * mask).astype(np.float32), mask, GRID)
    model, lam, alpha = DipoleModel(local), 0.002, 0.01
    penalties = Penalties(0.05, lam / 0.05, 9 * lam / 0.05)
    f, w = model.padded(local.ppm), model.padded(mask)
    solver = Admm(model, IsotropicVariation(model, penalties, alpha), penalties.mu_2)
    x = solver.run(squares(f, w), 800, 0, Progress()).astype(float)

    def objective(x):
        rest = w * (model.field(x.astype(np.float32)) - f)
        steps = gradient(x.astype(np.float32), model.spacing)
        return np.sum(rest**2) / 2 + lam * np.linalg.norm(steps, axis=0).sum() + alpha / 2 * np.sum(x**2)

    least = objective(x)
    assert least < 0.9 * objective(0 * x)
    smooth = model.field(model.field(x.astype(np.float32))).astype(float)
    for change in (x, smooth, model.padded(mask) * 0.01, 0.02 * model.padded(RANDOM.standard_normal(GRID.shape))):
        for step in (-0.05, 0.05):
            assert objective(x + step * change) > least * (1 - 1e-4)
