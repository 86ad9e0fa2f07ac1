"""No strength or penalty that the range of a parameter allows makes an inversion diverge."""

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.model.errors import QSMError
from QSMLogic.model.progress import Progress
from QSMLogic.registry.method import registry

METHODS = {name: method for name, method in registry()["invert"].items() if not (method.chooses or method.missing)}
STRENGTH_LIKE = {"strength", "mu", "threshold", "delta", "harmonic", "ratio", "reach_mm", "edge", "csf_strength"}
PENALTIES = {"balance", "shrinkage", "distance", "rho", "step"}
CASES = [
    (name, p) for name, method in METHODS.items() for p in method.parameters if p.name in STRENGTH_LIKE | PENALTIES
]


def noisy_field():
    """A sphere of 0.3 ppm under noise as large as its field."""
    grid = Grid((14, 15, 16))
    field, _ = sphere(grid, 3, susceptibility_ppm=0.3)
    field += 0.02 * np.random.default_rng(0).standard_normal(grid.shape).astype(np.float32)
    mask = ball(grid, 6)
    return FieldMap(field * mask, mask, grid, magnitude=1 + 0.5 * mask, csf=mask & ~ball(grid, 5))


@pytest.fixture(scope="module")
def bound():
    """The norm of a map that has nearly all of the noise: division by the kernel down to 0.02."""
    method = METHODS["tkd"]
    return np.linalg.norm(method.run(noisy_field(), parameters=method.make_parameters({"threshold": 0.02})))


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[f"{name}-{p.name}" for name, p in CASES])
def test_maps_are_bounded_and_objectives_do_not_grow(name, parameter, bound):
    """ADMM's objectives oscillate a little: in the last quarter of the iterations they are no higher than before."""
    method, low = METHODS[name], max(parameter.low, parameter.least)
    for value in (low, (low * parameter.high) ** 0.5, parameter.high):
        progress = Progress()
        chi = method.run(noisy_field(), parameters=method.make_parameters({parameter.name: value}), progress=progress)
        assert np.linalg.norm(chi) < 1.5 * bound, value
        told = [note.get("objective", []) for note in progress.notes.values() if isinstance(note, dict)]
        for objective in (curve for curve in told if len(curve) >= 8):
            quarters = np.array_split(objective, 4)
            assert quarters[3].mean() < 1.05 * quarters[2].mean(), value


@pytest.mark.parametrize(("name", "value"), [("tkd", 0.01), ("tsvd", 0.01)])
def test_thresholds_that_leave_noise_only_are_refused(name, value):
    with pytest.raises(QSMError, match=r"threshold is too close to 0.* at least 0\.02"):
        METHODS[name].make_parameters({"threshold": value})
