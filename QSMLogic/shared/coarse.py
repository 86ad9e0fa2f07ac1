"""An image on larger voxels, and back on its own."""

import numpy as np

from ..numerics.namespace import like, namespace


def block_means(image, factors):
    """The means of blocks of so many voxels along (k, j, i), float32; the last voxels are repeated to fill blocks."""
    padded = namespace(image).pad(image, [(0, -n % f) for n, f in zip(image.shape, factors, strict=True)], mode="edge")
    blocks = [size for n, f in zip(padded.shape, factors, strict=True) for size in (n // f, f)]
    return padded.reshape(blocks).mean(axis=(1, 3, 5), dtype=np.float32)


def stretched(image, factors, box):
    """`image`, made of means over blocks, interpolated linearly on the original's voxels in `box` (slices); float32."""
    xp = namespace(image)
    for axis, (part, factor) in enumerate(zip(box, factors, strict=True)):
        coarse = np.arange(image.shape[axis])
        place = np.clip((np.arange(part.start, part.stop) - (factor - 1) / 2) / factor, 0, coarse[-1])
        weights = np.maximum(0, 1 - np.abs(place[:, None] - coarse)).astype(np.float32)
        image = xp.moveaxis(xp.tensordot(like(weights, image), image, (1, axis)), 0, axis)
    return xp.ascontiguousarray(image)
