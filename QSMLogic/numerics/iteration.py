"""The loop and the stopping criterion of iterative inversions."""

import numpy as np

from .namespace import library
from .parallel import for_slabs
from .sums import inner


def iterate(step, x, iterations, tolerance, progress, name="convergence"):
    """Repeat x = step(x) until the relative change of x is at most `tolerance`.

    Parameters
    ----------
    step : callable
        Makes the next map from the present one, which it leaves as it is; returns it and the objective of the present
        one, or None if that is not known.
    x : numpy.ndarray
        The first map.
    iterations : int
        Maximum number of iterations.
    tolerance : float
        0 for no such criterion.
    progress : Progress
        Takes objective and change of each iteration, and whether a criterion is met (None if there is none).
    name : str
        Under which progress keeps them.

    Returns
    -------
    numpy.ndarray
        The last map.
    """
    for done in range(1, iterations + 1):
        before, (x, objective) = x, step(x)
        change = relative_change(before, x)
        converged = change <= tolerance if tolerance else None
        values = {"change": change} if objective is None else {"objective": objective, "change": change}
        progress.iteration(done, iterations, converged=converged, name=name, **values)
        if converged:
            break
    return x


def relative_change(before, x):
    """|x - before| / |x|, summed by planes in double precision: the same for any number of threads."""
    sums, by_planes = np.zeros((2, len(x))), library(x).in_slabs

    def work(start, stop):
        if not by_planes:
            step = x - before
            sums[:, start] = inner(step, step), inner(x, x)
            return
        for plane in range(start, stop):
            step = x[plane] - before[plane]
            sums[:, plane] = np.vdot(step, step), np.vdot(x[plane], x[plane])

    for_slabs(work, x)
    change, norm = sums.sum(axis=1)
    return float((change / norm) ** 0.5) if norm else 0.0
