"""The numerical room on arrays of another library: what it makes of them is what it makes of numpy's."""

import numpy as np
import pytest
import scipy.ndimage
from helpers.foreign_arrays import XP, Foreign, foreign, from_foreign

from QSMLogic.numerics.blocks import block_mean
from QSMLogic.numerics.conjugate_gradients import add, add_to_scaled, conjugate_gradients
from QSMLogic.numerics.convolution import convolve, filtered
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.fft import dctn, frequencies, idctn, irfftn, pad, rfftn
from QSMLogic.numerics.gradient import gradient, gradient_transposed, weighted_laplacian
from QSMLogic.numerics.iteration import relative_change
from QSMLogic.numerics.kernels import dipole_kernel, laplacian_kernel, sphere_kernel
from QSMLogic.numerics.morphology import depths_mm, dilated, eroded
from QSMLogic.numerics.moving import moved, on_host
from QSMLogic.numerics.namespace import like, to_host
from QSMLogic.numerics.parallel import for_slabs
from QSMLogic.numerics.quotient import quotient
from QSMLogic.numerics.sums import dot, inner

SHAPE, SPACING_MM, B0 = (12, 9, 10), (1.2, 1.0, 0.8), (0.8, 0.6, 0.0)
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((2, *SHAPE)).astype(np.float32)
VECTORS = RANDOM.standard_normal((3, *SHAPE)).astype(np.float32)
MASK = sum(np.square(x - 5) for x in np.ogrid[:12, :9, :10]) < 15
KERNEL = 1 + laplacian_kernel(SHAPE, SPACING_MM)


def solved(right, weight, kernel):
    """Solves x + weight K weight x = right with a preconditioner, from a start."""
    return conjugate_gradients(
        lambda x: x + convolve(x * weight, kernel, weight),
        right.copy(),
        6,
        start=0.1 * right,
        tolerance=1e-6,
        precondition=lambda x: x / 2,
    )


def in_place(change):
    """The function that returns what `change` makes of a copy of its first argument."""

    def made(x, *others):
        x = x.copy()
        change(x, *others)
        return x

    return made


WORK = {
    "rfftn": (rfftn, X),
    "irfftn": (lambda x: irfftn(rfftn(x), SHAPE), X),
    "dctn": (dctn, X),
    "idctn": (lambda x: idctn(x.copy()), X),
    "pad": (lambda x: pad(x, (13, 12, 10)), MASK),
    "convolve": (convolve, X, KERNEL, MASK),
    "filtered": (lambda x, kernel: filtered(rfftn(x), kernel, SHAPE), X, KERNEL),
    "conjugate_gradients": (solved, X, MASK, KERNEL),
    "add": (in_place(lambda x, y: add(x, 0.3, y)), X, Y),
    "add_to_scaled": (in_place(lambda x, y: add_to_scaled(x, 0.3, y)), X, Y),
    "gradient": (lambda x: gradient(x, SPACING_MM), X),
    "gradient_transposed": (lambda x: gradient_transposed(x, SPACING_MM), VECTORS),
    "weighted_laplacian": (lambda x, weights: weighted_laplacian(x, weights, SPACING_MM), X, np.abs(VECTORS)),
    "dipole_field": (lambda x: dipole_field(x, SPACING_MM, B0), X),
    "block_mean": (lambda x: block_mean(x, (2, 3, 5)), X),
    "block_mean of a mask": (lambda x: block_mean(x, (2, 3, 5)), MASK),
    "quotient": (quotient, X, Y, Y > 0.5),
    "quotient, otherwise a number": (lambda b, where: quotient(1, b, where, np.inf), Y, Y > 0.5),
    "quotient, otherwise an array": (quotient, X, Y, Y > 0.5, X),
    "eroded": (lambda mask: eroded(mask, 2), MASK),
    "dilated": (lambda mask: dilated(mask, 2), MASK),
    "depths_mm": (lambda mask: depths_mm(mask, SPACING_MM), MASK),
}


@pytest.mark.parametrize("name", WORK)
def test_the_same_of_foreign_arrays(name):
    function, *given = WORK[name]
    expected, found = function(*given), function(*map(foreign, given))
    assert isinstance(found, Foreign) and found.dtype == expected.dtype and found.shape == expected.shape
    largest = np.abs(expected[np.isfinite(expected)]).max()
    np.testing.assert_allclose(from_foreign(found), expected, rtol=1e-5, atol=1e-6 * largest)


@pytest.mark.parametrize("shape", [(12, 10, 8), (11, 9, 7)])
@pytest.mark.parametrize(
    "kernel",
    [
        lambda *grid: dipole_kernel(*grid[:2], B0, *grid[2:]),
        laplacian_kernel,
        lambda *grid: sphere_kernel(*grid[:2], 2.5, *grid[2:]),
        lambda *grid: sum(frequencies(*grid)),
    ],
    ids=["dipole", "laplacian", "sphere", "frequencies"],
)
def test_kernels_for_foreign_arrays(kernel, shape):
    found, expected = kernel(shape, SPACING_MM, XP), kernel(shape, SPACING_MM)
    assert isinstance(found, Foreign) and found.dtype == np.float32
    np.testing.assert_allclose(from_foreign(found), expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("sums", [inner, dot, relative_change])
def test_sums_are_numbers(sums):
    found = sums(foreign(X), foreign(Y))
    assert type(found) is float and found == pytest.approx(float(sums(X, Y)), rel=1e-5)


def test_the_transpose_of_the_gradient_is_one():
    x, vectors = foreign(X), foreign(VECTORS)
    forth, back = inner(gradient(x, SPACING_MM), vectors), inner(x, gradient_transposed(vectors, SPACING_MM))
    assert forth == pytest.approx(back, rel=1e-4)


@pytest.mark.parametrize("planes", [None, 1, 5])
def test_work_is_one_slab(planes):
    slabs = []
    for_slabs(lambda *slab: slabs.append(slab), foreign(np.zeros((40, 200, 200), np.float32)), planes)
    assert slabs == [(0, 40)]


def test_moving_there_and_back():
    value = {"a": [X, (MASK, 3)], "b": None}
    there = moved(value, foreign)
    assert isinstance(there["a"][1][0], Foreign) and there["a"][1][1] == 3
    np.testing.assert_array_equal(on_host(there)["a"][0], X)
    np.testing.assert_array_equal(to_host(like(Y, there["a"][0])), Y)


def test_morphology_of_masks():
    """Repeated operations are scipy's; depths count what is outside the image as outside the mask."""
    np.testing.assert_array_equal(eroded(MASK, 2), scipy.ndimage.binary_erosion(MASK, iterations=2))
    np.testing.assert_array_equal(dilated(MASK, 2), scipy.ndimage.binary_dilation(MASK, iterations=2))
    depths = depths_mm(np.ones((5, 5, 5), bool), (2, 3, 1))
    assert depths.shape == (5, 5, 5) and depths[0, 2, 2] == 2 and depths[2, 0, 2] == 3 and depths.max() == 3
