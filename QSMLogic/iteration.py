"""The loop of every method that improves a map step by step."""

from .conjugate_gradients import add, dot


def iterate(step, x, iterations, tolerance, progress, name="convergence"):
    """The map after x = step(x) `iterations` times, or once its relative change is `tolerance` or less.

    step: makes the next map from the present one, which it leaves as it is; returns it and the objective of the
    present one, or None where it is not known. progress: Progress; it is told objective and change of each step,
    under `name`, and whether the loop ended by the tolerance (None where it is 0).
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
    """|x - before| / |x|; overwrites `before`."""
    add(before, -1, x)
    norm = dot(x, x)
    return float((dot(before, before) / norm) ** 0.5) if norm else 0.0
