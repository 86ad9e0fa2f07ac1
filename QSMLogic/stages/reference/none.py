"""No reference."""

from ...registry.method import method


@method("reference", title="No reference", on_gpu=True)
def none(unreferenced, parameters, progress):
    """Leave the map as the inversion returns it.

    unreferenced: UnreferencedMap. Returns float32 in ppm (k, j, i).
    """
    return unreferenced.ppm
