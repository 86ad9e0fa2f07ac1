"""Noise of echoes, averaged out over neighboring voxels that decay alike (a bilateral filter of all echoes at once)."""

from itertools import product

import numpy as np

from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs

TINY = np.finfo(np.float32).tiny


def averaged(magnitude, mask, noise):
    """The magnitude (echo, k, j, i), its squares averaged over the 26 neighbors in the mask as far as they are alike.

    A neighbor counts fully if its echoes differ by what noise of this standard deviation explains, less the more they
    differ beyond it. The mean of squares keeps the noise floor where it was.
    """
    if not noise:
        return magnitude
    xp, around = namespace(magnitude), ((0, 0), *((1, 1),) * 3)
    near, inside, result = xp.pad(magnitude, around), xp.pad(mask, 1), xp.empty_like(magnitude)
    echoes, scale = len(magnitude), np.float32(1 / (2 * noise**2 * len(magnitude)))

    def work(start, stop):
        here = magnitude[:, start:stop]
        total, weights = xp.zeros_like(here), xp.zeros(here.shape[1:], np.float32)
        for shift in product(range(3), repeat=3):
            part = tuple(slice(s, s + n) for s, n in zip((start + shift[0], *shift[1:]), here.shape[1:], strict=True))
            there = near[(slice(None), *part)]
            distance = sum(xp.square(there[echo] - here[echo]) for echo in range(echoes))
            weight = xp.exp(xp.minimum(1 - scale * distance, 0)) * inside[part]
            weights += weight
            total += weight * xp.square(there)
        result[:, start:stop] = xp.sqrt(total / xp.maximum(weights, TINY))

    for_slabs(work, mask)
    return result
