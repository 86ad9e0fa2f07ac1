"""Edges of an image, for penalties that spare them."""

import numpy as np

from ..model.errors import QSMError
from ..numerics.gradient import gradient
from ..numerics.namespace import namespace


def edge_mask(image, mask, spacing, share):
    """Weights V of the gradient that are 0 at edges.

    Parameters
    ----------
    image, mask : ndarray
        (k, j, i).
    spacing : sequence of float
    share : float
        Fraction of the gradient components in the mask, the largest, that are edges.

    Returns
    -------
    ndarray
        Bool (3, k, j, i): False at edges, else True.
    """
    xp = namespace(image)
    steps = xp.abs(gradient(image, spacing))
    limit = _quantiles(steps, inner_components(mask), [1 - share])[0] if share > 0 else np.inf
    return steps <= limit if limit > 0 else xp.ones(steps.shape, bool)


def smooth_weights(image, mask, spacing, low, high):
    """Squared weights V^2 of the gradient that fall from 1 in flat parts to 0 at edges.

    Parameters
    ----------
    image, mask : ndarray
        (k, j, i).
    spacing : sequence of float
    low, high : float
        Quantiles of the gradient components in the mask between which V falls from 1 to 0.

    Returns
    -------
    ndarray
        Float32 (3, k, j, i), 0 outside the mask.
    """
    xp = namespace(image)
    steps = xp.abs(gradient(image, spacing))
    inner = inner_components(mask)
    bottom, top = _quantiles(steps, inner, (low, max(low, high)))
    for part, counts in zip(steps, inner, strict=True):
        xp.subtract(top, part, out=part)
        part /= max(top - bottom, np.finfo(np.float32).tiny)
        xp.clip(part, 0, 1, out=part)
        part *= counts
    return xp.square(steps, out=steps)


def inner_components(mask):
    """Components of the gradient that lie between two voxels of the mask, bool (3, k, j, i)."""
    xp, inside = namespace(mask), mask > 0
    return xp.stack([inside & xp.roll(inside, -1, axis) for axis in range(3)])


def _quantiles(steps, inner, shares):
    """Quantiles of the components that are `inner`, a list of numbers, of a subset if there are many."""
    counted = steps[inner]
    if not counted.size:
        raise QSMError("The mask has no two voxels side by side, so the map has no gradient in it. Draw a larger mask.")
    return [float(q) for q in namespace(steps).quantile(counted[:: max(1, counted.size // 600_000)], list(shares))]
