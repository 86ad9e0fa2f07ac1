"""Two hundred regions in a whole head: seconds of work and the memory that it takes."""

import time
import tracemalloc

import numpy as np

from QSMLogic import Grid
from QSMLogic.regions import LabelRegions, MapImage, measure

SHAPE, SEGMENTS = (160, 256, 256), (5, 5, 8)


def test_two_hundred_segments_of_a_whole_head_take_seconds_and_little_memory():
    """The bar is 5 s on two cores that have nothing else to do, and six volumes, map and labels among them."""
    array = np.random.default_rng(0).random(SHAPE, np.float32)
    k, j, i = (np.arange(n) * parts // n for n, parts in zip(SHAPE, SEGMENTS, strict=True))
    labels = ((k[:, None, None] * 5 + j[:, None]) * 8 + i + 1).astype(np.int16)
    mask = np.ones(SHAPE, bool)
    tracemalloc.start()
    started = time.process_time()
    table = measure({"m": MapImage(array, "ppm")}, LabelRegions(labels), Grid(SHAPE), mask=mask)
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.rows) == 201
    assert sum(row["voxels"] for row in table.rows[:200]) == table.of("Whole brain")["voxels"] == array.size
    assert seconds < 5
    assert (array.nbytes + labels.nbytes + mask.nbytes + peak) / array.nbytes < 6
