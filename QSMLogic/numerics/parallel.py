"""Element-wise work in slabs that fit the cache, on all cores (numpy releases the interpreter's lock)."""

import math
from threading import Thread

from .fft import WORKERS
from .namespace import library

SLAB_VOXELS = 1 << 17


def for_slabs(work, x, planes=None):
    """Call `work(start, stop)` for slabs along the first axis that together cover the array `x`.

    planes: the thickness of a slab; by default it fits the cache. The results do not depend on the number of
    threads: `work` writes to its own planes only. If it raises, so does this, and no further slab is begun. On a GPU
    there is one slab, whatever `planes`.
    """
    if not library(x).in_slabs:
        work(0, len(x))
        return
    thickness = planes or max(1, SLAB_VOXELS // max(1, math.prod(x.shape[1:])))
    starts = range(0, len(x), thickness)
    waiting, failures = iter(starts), []

    def take_slabs():
        try:
            for start in waiting:
                work(start, min(start + thickness, len(x)))
        except BaseException as failure:
            failures.append(failure)
            list(waiting)  # leaves nothing to the other threads

    # threads of its own cost a fifth of what a pool of them does
    helpers = [Thread(target=take_slabs) for _ in range(min(WORKERS, len(starts)) - 1)]
    for helper in helpers:
        helper.start()
    take_slabs()
    for helper in helpers:
        helper.join()
    if failures:
        raise failures[0]
