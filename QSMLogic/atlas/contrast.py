"""How an image of one contrast would look in another."""

import numpy as np

from ..numerics.lazy import ndimage

BINS, SMOOTH_BINS = 16, 0.8  # along each of the two intensities


def predicted(target, moved, sources, inside):
    """The sources in the contrast of the target: its mean where they have the same two intensities.

    After Guimond et al., IEEE Trans Med Imaging 2001;20:58-69, who let one image predict the other by its intensity.

    Parameters
    ----------
    target : numpy.ndarray
        float32 (k, j, i), in any unit.
    moved : sequence of two numpy.ndarray
        The sources, brought onto the target; values 0 to 1.
    sources : sequence of two numpy.ndarray
        Where they are, on any grid.
    inside : numpy.ndarray
        Where target and moved sources are compared, bool.

    Returns
    -------
    numpy.ndarray
        float32 on the grid of the sources, in the unit of the target.
    """
    rows, columns = (np.rint(_bins(image[inside])).astype(np.intp) for image in moved)
    pixels, known = rows * BINS + columns, target[inside].astype(np.float64)
    counts, sums = (np.bincount(pixels, weights, BINS**2).reshape(BINS, BINS) for weights in (None, known))
    counts, sums = (ndimage.gaussian_filter(x.astype(np.float64), SMOOTH_BINS, mode="constant") for x in (counts, sums))
    table = ((sums + known.mean()) / (counts + 1)).astype(np.float32)
    return ndimage.map_coordinates(table, np.stack([_bins(image) for image in sources]), order=1)


def flattened(image, inside, spacing_mm, extent_mm=25.0):
    """A magnitude over its mean in the surroundings, which takes off the sensitivity of the coils; 0 outside."""
    sigma = [extent_mm / mm for mm in spacing_mm]
    step = tuple(max(1, round(s / 4)) for s in sigma)  # so smooth that a few voxels tell
    thinned = tuple(slice(None, None, n) for n in step)
    some, weight = (x[thinned].astype(np.float32) for x in (np.where(inside, image, 0), inside))
    some, weight = (
        ndimage.gaussian_filter(x, [s / n for s, n in zip(sigma, step, strict=True)], mode="constant")
        for x in (some, weight)
    )
    coarse = some / np.maximum(weight, 1e-3)
    at = np.meshgrid(
        *[np.minimum(np.arange(n) / m, k - 1) for n, m, k in zip(image.shape, step, coarse.shape, strict=True)],
        indexing="ij",
        sparse=False,
    )
    around = ndimage.map_coordinates(coarse, np.stack(at).astype(np.float32), order=1)
    return np.where(inside, image / np.maximum(around, np.finfo(np.float32).tiny), 0).astype(np.float32)


def _bins(image):
    return np.clip(image * np.float32(BINS - 1), 0, BINS - 1)
