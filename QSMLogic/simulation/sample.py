"""The simulated scan of the demo and of the sample data."""

from .phantom import head
from .scan import simulate_scan

FIELD_OF_VIEW_MM = (156, 192, 168)


REDUCTION = 2


def simulated_scan(progress, voxel_mm=1.5, seed=0):
    """A SimulatedScan of a simulated head at 3 T. progress: called as progress(stage, fraction)."""
    progress("generating a head", 0.0)
    shape = tuple(REDUCTION * round(length / voxel_mm) for length in FIELD_OF_VIEW_MM)
    subject = head(shape, (voxel_mm / REDUCTION,) * 3, seed)
    progress("simulating the scan", 0.5)
    return simulate_scan(subject, reduction=REDUCTION, seed=seed)
