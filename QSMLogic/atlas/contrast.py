"""How an image of one contrast would look in another."""

import numpy as np

from ..numerics.lazy import ndimage

BINS, SMOOTH_BINS = 16, 0.8  # along each of the two intensities


def translated(target, sources, inside):
    """What the sources, taken together, say of the target: its mean where they have the same two intensities.

    After Guimond et al., IEEE Trans Med Imaging 2001;20:58-69, who let one image predict the other by its intensity.

    Parameters
    ----------
    target : numpy.ndarray
        float32 (k, j, i), in any unit.
    sources : sequence of two numpy.ndarray
        On the same grid, values 0 to 1.
    inside : numpy.ndarray
        Where they are compared, bool.

    Returns
    -------
    numpy.ndarray
        float32 (k, j, i), in the unit of the target.
    share : float
        Fraction of the target's variance that is predicted, 0 to 1.
    """
    at = [np.clip(source * np.float32(BINS - 1), 0, BINS - 1) for source in sources]
    pixels = np.rint(at[0][inside]).astype(np.intp) * BINS + np.rint(at[1][inside]).astype(np.intp)
    known = target[inside].astype(np.float64)
    counts, sums = (np.bincount(pixels, weights, BINS**2).reshape(BINS, BINS) for weights in (None, known))
    counts, sums = (ndimage.gaussian_filter(x.astype(np.float64), SMOOTH_BINS, mode="constant") for x in (counts, sums))
    table = ((sums + known.mean()) / (counts + 1)).astype(np.float32)
    predicted = ndimage.map_coordinates(table, np.stack(at), order=1)
    left, all_of_it = np.square(known - predicted[inside]).mean(), max(known.var(), np.finfo(np.float32).tiny)
    return predicted, float(np.clip(1 - left / all_of_it, 0, 1))


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
