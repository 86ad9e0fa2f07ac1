"""Where an image has edges, for penalties that spare them."""

import numpy as np

from ..numerics.gradient import gradient


def edge_mask(image, mask, spacing_mm, share):
    """Weights of the gradient, bool (3, k, j, i): 0 at the edges of `image` in the mask, elsewhere 1.

    Edges are the `share` of the mask's gradient components that are largest; with share 0 there are none.
    """
    steps = np.abs(gradient(image, spacing_mm))
    limit = _quantiles(steps, _inner(mask), 1 - share) if share > 0 else np.inf
    return steps <= limit if limit > 0 else np.ones(steps.shape, bool)


def smooth_weights(image, mask, spacing_mm, low, high):
    """Squared weights of the gradient, float32 (3, k, j, i): 1 where `image` is flat, 0 at its edges and outside.

    They fall from 1 to 0 as the gradient grows from its quantile `low` in the mask to its quantile `high`.
    """
    steps = np.abs(gradient(image, spacing_mm))
    inner = _inner(mask)
    bottom, top = _quantiles(steps, inner, (low, max(low, high)))
    for part, counts in zip(steps, inner, strict=True):
        np.subtract(top, part, out=part)
        part /= max(top - bottom, np.finfo(np.float32).tiny)
        np.clip(part, 0, 1, out=part)
        part *= counts
    return np.square(steps, out=steps)


def _inner(mask):
    """Which components of the gradient lie between two voxels of the mask, bool (3, k, j, i)."""
    inside = mask > 0
    return np.stack([inside & np.roll(inside, -1, axis) for axis in range(3)])


def _quantiles(steps, inner, shares):
    """Quantiles of the components that are `inner`, of some of them where there are many."""
    counted = steps[inner]
    return np.quantile(counted[:: max(1, counted.size // 600_000)], shares)
