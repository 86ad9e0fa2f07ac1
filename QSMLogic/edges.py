"""Where an image has edges, for penalties that spare them."""

import numpy as np

from .gradient import gradient


def edge_mask(image, mask, spacing_mm, share):
    """Weights of the gradient, bool (3, k, j, i): 0 at the edges of `image` in the mask, elsewhere 1.

    Edges are the `share` of the mask's gradient components that are largest; with share 0 there are none.
    """
    steps = np.abs(gradient(image, spacing_mm))
    inside = steps[:, mask > 0]
    limit = np.quantile(inside[:, :: max(1, inside.shape[1] // 200_000)], 1 - share) if share > 0 else np.inf
    return steps <= limit if limit > 0 else np.ones(steps.shape, bool)


def smooth_weights(image, mask, spacing_mm, low, high):
    """Squared weights of the gradient, float32 (3, k, j, i): 1 where `image` is flat, 0 at its edges and outside.

    They fall from 1 to 0 as the gradient grows from its quantile `low` in the mask to its quantile `high`.
    """
    steps = np.abs(gradient(image, spacing_mm))
    inside = steps[:, mask > 0]
    bottom, top = np.quantile(inside[:, :: max(1, inside.shape[1] // 200_000)], (low, max(low, high)))
    for part in steps:
        np.subtract(top, part, out=part)
        part /= max(top - bottom, np.finfo(np.float32).tiny)
        np.clip(part, 0, 1, out=part)
        part *= mask
    return np.square(steps, out=steps)
