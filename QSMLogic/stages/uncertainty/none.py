"""No map of the uncertainty."""

from ...registry.method import method


@method("uncertainty", title="None")
def none(total, local, susceptibility_ppm, single_step, parameters, progress):
    """Make no map of the uncertainty.

    Returns None.
    """
    return None
