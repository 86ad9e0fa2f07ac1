"""Reference to the mean of the mask."""

from ...registry.method import method


@method("reference", title="Mean of the mask", on_gpu=True)
def mean(unreferenced, parameters, progress):
    """Shift the map so that its mean inside the mask is zero.

    unreferenced: UnreferencedMap. Returns float32 in ppm (k, j, i), zero outside the mask.
    """
    return unreferenced.shifted(unreferenced.mask)
