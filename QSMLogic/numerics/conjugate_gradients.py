"""Conjugate gradients for symmetric positive definite problems on float32 volumes."""

import numpy as np

from .namespace import namespace
from .parallel import for_slabs
from .sums import dot, inner_by_planes


def conjugate_gradients(
    apply, right, iterations, *, start=None, tolerance=0.0, precondition=None, progress=None, name=None
):
    """Solve apply(x) = right.

    Parameters
    ----------
    apply : callable
        Function of an array that returns a new one, linear, symmetric and positive definite.
    right : ndarray
        Overwritten.
    iterations : int
        Maximum number of iterations.
    start : ndarray, optional
        The first x, zero by default; overwritten with the solution.
    tolerance : float
        Stop if the preconditioned norm of the residual is at most this times its first value.
    precondition : callable, optional
        Approximate inverse of apply, symmetric and positive definite as well.
    progress : callable, optional
        Takes the fraction of `iterations` done.
    name : str, optional
        If given, progress is a Progress and keeps the norm of the residual, relative to the first, under it.

    Returns
    -------
    ndarray
        x, float32.

    References
    ----------
    Hestenes and Stiefel, J Res Natl Bur Stand 1952;49:409-436, doi:10.6028/jres.049.044
    """
    x, residual = namespace(right).zeros_like(right) if start is None else start, right
    if start is not None:
        add(residual, -1, apply(start))
    conditioned = precondition(residual) if precondition else residual
    direction, norm = conditioned.copy(), dot(residual, conditioned)
    first, smallest = norm, tolerance**2 * norm
    for iteration in range(iterations):
        if not norm > smallest:
            break
        change = apply(direction)
        curvature = dot(direction, change)
        if not curvature > 0:  # rounding is all that is left
            break
        before, norm = norm, _advance(x, residual, norm / curvature, direction, change)
        conditioned = residual
        if precondition:
            conditioned = precondition(residual)
            norm = dot(residual, conditioned)
        add_to_scaled(direction, norm / before, conditioned)
        if name:
            converged = norm <= smallest if tolerance else None
            progress.iteration(
                iteration + 1, iterations, converged=converged, name=name, residual=(norm / first) ** 0.5
            )
        elif progress:
            progress((iteration + 1) / iterations)
    return x


def _advance(x, residual, length, direction, change):
    """x += length * direction and residual -= length * change, in one pass; the residual's new squared norm."""
    length, sums = np.float32(length), np.zeros(len(x))

    def work(start, stop):
        planes = slice(start, stop)
        x[planes] += length * direction[planes]
        residual[planes] -= length * change[planes]
        inner_by_planes(residual, residual, start, stop, sums)

    for_slabs(work, x)
    return sums.sum()


def add(x, factor, y):
    """x += factor * y."""

    def work(start, stop):
        x[start:stop] += np.float32(factor) * y[start:stop]

    for_slabs(work, x)


def add_to_scaled(x, factor, y):
    """x = factor * x + y."""

    def work(start, stop):
        x[start:stop] *= np.float32(factor)
        x[start:stop] += y[start:stop]

    for_slabs(work, x)
