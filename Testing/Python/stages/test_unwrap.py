"""What every unwrapping method must do, and the choices that ROMEO and the Laplacian offer."""

import numpy as np
import pytest
from helpers.fields import ball
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from QSMLogic import Acquisition, Cancelled, Grid
from QSMLogic.registry.method import find, registry
from QSMLogic.shared.phase_quality import edge_quality
from QSMLogic.shared.spanning_tree import edges_of, unwrap_along_edges

ROMEO, LAPLACIAN = find("unwrap", "romeo"), find("unwrap", "laplacian")
GRID, TIMES = Grid((27, 31, 36), (1.5, 1.1, 0.9), (0.8, 0.36, -0.48)), (0.003, 0.008, 0.013)
CHOICES = [
    (ROMEO, {}),
    (ROMEO, {"echoes": "individual"}),
    (ROMEO, {"echoes": "individual", "template_echo": 2, "regions": 8}),
    (ROMEO, {"phase_linearity": True, "magnitude_weight": True}),
    (ROMEO, {"phase_coherence": False, "magnitude_coherence": False, "phase_linearity": True}),
    (ROMEO, {"phase_gradient_coherence": False}),
    (ROMEO, {"regions": 6}),
    (LAPLACIAN, {"iterations": 30}),
]
NAMES = [" ".join([entry.name, *map(str, values.values())]) for entry, values in CHOICES]


def scan(noise=0.0, grid=GRID, times=TIMES, seed=0):
    """A hill of several turns with decaying echoes, and the phase before it was wrapped."""
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in grid.shape), indexing="ij")
    slope = 1500 * np.exp(-(k**2 + j**2 + i**2) / 0.4) - 400 + 200 * i
    times, random = np.asarray(times), np.random.default_rng(seed)
    truth = slope * times[:, None, None, None]
    signal = np.exp(1j * truth - times[:, None, None, None] / 0.03)
    signal += noise * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    return Acquisition(np.abs(signal), np.angle(signal), times, 3, grid), truth.astype(np.float32)


def unwrapped(entry, acquisition, mask, **values):
    return entry.run(acquisition, mask, parameters=entry.make_parameters(values))


def assert_unwrapped(result, truth, mask, tolerance=0.05):
    """The result is the truth plus a constant, and zero outside the mask."""
    for echo, true in zip(result, truth, strict=True):
        error = (echo - true)[mask]
        np.testing.assert_allclose(error, np.median(error), atol=tolerance)
    assert not result[:, ~mask].any() and result.dtype == np.float32


@pytest.mark.parametrize(("entry", "values"), CHOICES, ids=NAMES)
def test_smooth_phase(entry, values):
    acquisition, truth = scan()
    for mask in (ball(GRID, 12), np.ones(GRID.shape, bool)):
        assert_unwrapped(unwrapped(entry, acquisition, mask, **values), truth, mask)


@pytest.mark.parametrize("shape", [(16, 16, 16), (17, 13, 23)])
@pytest.mark.parametrize(("entry", "values"), CHOICES, ids=NAMES)
def test_single_echo_and_small_images(entry, values, shape):
    grid = Grid(shape, GRID.spacing_mm)
    acquisition, truth = scan(grid=grid, times=TIMES[:1])
    mask = np.ones(shape, bool)
    assert_unwrapped(unwrapped(entry, acquisition, mask, **values), truth, mask)


@pytest.mark.parametrize(("entry", "values"), CHOICES, ids=NAMES)
def test_mask_with_a_hole_and_two_parts(entry, values):
    acquisition, truth = scan()
    mask = ball(GRID, 13)
    mask[:, :, 25] = False
    mask[11:15, 14:17, 12:16] = False
    for part in (mask & (np.arange(36) < 25), mask & (np.arange(36) > 25)):
        error = (unwrapped(entry, acquisition, mask, **values) - truth)[:, part]
        np.testing.assert_allclose(
            error, np.broadcast_to(np.median(error, axis=1, keepdims=True), error.shape), atol=0.1
        )


@pytest.mark.parametrize(("entry", "values"), CHOICES, ids=NAMES)
def test_nan_outside_the_mask_does_not_matter(entry, values):
    acquisition, truth = scan()
    mask = ball(GRID, 12)
    magnitude, phase = (np.where(mask, x, np.nan) for x in (acquisition.magnitude, acquisition.phase))
    assert_unwrapped(unwrapped(entry, Acquisition(magnitude, phase, TIMES, 3, GRID), mask, **values), truth, mask)


@pytest.mark.parametrize("entry", registry()["unwrap"].values(), ids=registry()["unwrap"])
def test_input_is_kept_and_progress_rises_and_cancels(entry):
    acquisition, _ = scan(0.05)
    before, fractions = acquisition.phase.copy(), []
    entry.run(acquisition, ball(GRID, 12), progress=fractions.append)
    np.testing.assert_array_equal(acquisition.phase, before)
    assert len(fractions) > 1 and fractions == sorted(fractions) and fractions[-1] == 1

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        entry.run(acquisition, ball(GRID, 12), progress=cancel)


def test_the_echoes_of_individual_unwrapping_stay_consistent():
    acquisition, truth = scan(0.05)
    mask = ball(GRID, 12)
    mask[:, :, 25] = False
    result = unwrapped(ROMEO, acquisition, mask, echoes="individual", template_echo=2)
    turns = (result - truth)[:, mask] / (2 * np.pi)
    np.testing.assert_array_equal(np.rint(np.median(turns, axis=1)), 0)


def test_one_laplacian_iteration_keeps_the_sources():
    """Inside the mask the classical solution differs from the phase by a field whose Laplacian is zero."""
    grid = Grid((33, 34, 35), (1.2, 1.0, 0.9))
    acquisition, truth = scan(grid=grid, times=TIMES[:1])
    mask, deep = ball(grid, 14), ball(grid, 11)
    error = unwrapped(LAPLACIAN, acquisition, mask, iterations=1)[0] - truth[0]
    squares = np.square(grid.spacing_mm)
    sources = [
        sum((np.roll(x, s, a) - x) / squares[a] for s in (1, -1) for a in range(3))[deep] for x in (error, truth[0])
    ]
    assert np.abs(sources[0]).max() < 0.002 * np.abs(sources[1]).max()


def test_regions_join_by_the_vote_of_all_edges():
    """A single edge that seems good but is wrong misleads the tree; of two regions the majority of edges decides."""
    phase = np.zeros((12, 12, 24), np.float32)
    phase[:, :, 12:] = 2.0
    phase[5, 5, 12] = -2.5  # less than half a turn from its left, but more from its right
    cost = [np.full((11, 12, 24), 0.9), np.full((12, 11, 24), 0.9), np.full((12, 12, 23), 0.9)]
    cost[2][:, :, 11] = 0.2
    cost[2][5, 5, 11] = 0.5
    edges = edges_of(np.ones(phase.shape, bool), cost.__getitem__)
    result, part = unwrap_along_edges(phase.ravel(), edges, regions=2)
    result = result.reshape(phase.shape)
    assert not part.any()
    assert np.ptp(result[:, :, :12]) == 0
    assert np.median(result[:, :, 12:]) == pytest.approx(2.0 + result[0, 0, 0])
    alone = unwrap_along_edges(phase.ravel(), edges)[0].reshape(phase.shape)
    assert np.median(alone[:, :, 12:]) - alone[0, 0, 0] == pytest.approx(2.0 - 2 * np.pi)


def test_weights_by_hand():
    phase = np.array([0, 0.1, 0.2, 1.3, 1.4], np.float32)[:, None, None]
    line = np.array([1, 1 - 0.5, (1 - 0.5) * (1 - 0.5), 1 - 0.5])[:, None, None]
    line = edge_quality(0, phase, coherence=False, linearity=True) - line
    np.testing.assert_allclose(line, 0, atol=1e-6)
    magnitude = np.array([8, 4, 2, 0, 8], np.float32)[:, None, None]
    signal = edge_quality(0, np.zeros_like(phase), signal=(magnitude, 4.0))[:, 0, 0]
    np.testing.assert_allclose(signal, [1, 0.75, 0.5, 0.5])


@pytest.mark.parametrize(("filled", "levels"), [(1.0, 3), (0.9, 200), (0.5, 8)])
def test_edges_left_out_are_none_of_the_tree(filled, levels):
    """With many edges of the same cost, too: the tree takes them in the order of the voxels."""
    random = np.random.default_rng(0)
    mask = random.random((7, 9, 8)) < filled
    quality = [random.integers(0, levels, [n - (a == axis) for a, n in enumerate(mask.shape)]) for axis in range(3)]
    every, few = (edges_of(mask, lambda axis: quality[axis] / levels, for_tree=few) for few in (False, True))
    assert len(few[0]) < 0.9 * len(every[0])
    one, other = (minimum_spanning_tree(coo_array((c, (s, e)), shape=(mask.sum(),) * 2)) for c, s, e in (every, few))
    np.testing.assert_array_equal(one.toarray(), other.toarray())
