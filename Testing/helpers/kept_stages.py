"""A small scan and fast settings by which every stage has a result that can be kept."""

import numpy as np

from QSMLogic import Acquisition, Grid

from .fields import ball, sphere

OF_ONE_RUN = ("seconds", "total_seconds", "started", "peak_memory_mb", "from_cache")
TIMES, GRID = (0.004, 0.010, 0.016), Grid((24, 28, 26), (2.0, 1.8, 2.0), (0.96, 0.28, 0.0))
FAST = {
    "mask": {"method": "threshold", "threshold": "percentile"},
    "passes": {"method": "two_passes", "limit": 1.2},
    "background": {"method": "pdf", "iterations": 3},
    "invert": {"method": "tkd"},
    "reference": {"method": "csf"},
    "relaxometry": {"method": "arlo"},
    "swi": {"method": "classic"},
    "separation": {"method": "r2star_qsm"},
}


def small_scan():
    """A ball in a round head under a background field, with an offset and noise."""
    head, random = ball(GRID, 20), np.random.default_rng(0)
    field = sphere(GRID, 5, (0, 8, 2), 0.3)[0] + sphere(GRID, 8, (0, 0, 32), 6.0)[0]
    signal = np.stack([head * np.exp(1j * (800 * t * field + 0.5) - 20 * t) for t in TIMES])
    signal += 0.01 * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    return Acquisition.of_signal(signal, TIMES, 3.0, GRID)


def assert_same(maps, other):
    assert [entry.name for entry, _ in maps.items()] == [entry.name for entry, _ in other.items()]
    for entry, array in maps.items():
        twin = getattr(other, entry.name)
        assert array.dtype == twin.dtype and array.tobytes() == twin.tobytes(), entry.name
    records = [{k: v for k, v in m.provenance.items() if k not in OF_ONE_RUN} for m in (maps, other)]
    assert records[0] == records[1]
