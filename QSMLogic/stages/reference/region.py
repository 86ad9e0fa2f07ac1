"""Reference to a region that the user gives."""

from ...model.errors import QSMError
from ...model.maps import NO_REGION
from ...numerics.namespace import namespace
from ...registry.method import method


@method("reference", title="Given region", on_gpu=True)
def region(unreferenced, parameters, progress):
    """Shift the map so that its mean inside a given region (reference mask) is zero.

    unreferenced: UnreferencedMap. Returns float32 in ppm (k, j, i), zero outside the mask. Raises QSMError if no
    region is given, or if the map covers none of it.
    """
    given = unreferenced.region
    if given is None:
        raise QSMError(NO_REGION)
    covered = given & unreferenced.mask
    if not covered.any():
        raise QSMError("The reference region lies outside the map. Choose a region inside it, or another reference.")
    progress.note(voxels=int(namespace(covered).count_nonzero(covered)), **unreferenced.in_brain(covered))
    return unreferenced.shifted(covered)
