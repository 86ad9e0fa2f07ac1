import pytest

from QSMLogic.simulation.phantom import head
from QSMLogic.simulation.scan import simulate_scan

SHAPE, SPACING_MM = (52, 64, 56), (3.0, 3.0, 3.0)


@pytest.fixture(scope="session")
def small_head():
    return head(SHAPE, SPACING_MM, seed=1)


@pytest.fixture(scope="session")
def small_scan(small_head):
    """Without noise or offset, every voxel of the head a voxel of the scan."""
    return simulate_scan(small_head, echo_times_s=(0.004, 0.009), snr=float("inf"), reduction=1, phase_offset_rad=0)
