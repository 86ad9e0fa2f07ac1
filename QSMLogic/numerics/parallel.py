"""Element-wise work in slabs that fit the cache, on all cores (numpy releases the interpreter's lock)."""

from threading import Thread

from .fft import WORKERS

SLAB_VOXELS = 1 << 17


def for_slabs(work, shape, planes=None):
    """Call `work(start, stop)` for slabs along the first axis that together cover an array of `shape`.

    planes: the thickness of a slab; by default it fits the cache. The results do not depend on the number of
    threads: `work` writes to its own planes only. Where it raises, so does this, and no further slab is begun.
    """
    thickness = planes or max(1, SLAB_VOXELS // max(1, shape[1] * shape[2]))
    starts = range(0, shape[0], thickness)
    waiting, failures = iter(starts), []

    def take_slabs():
        try:
            for start in waiting:
                work(start, min(start + thickness, shape[0]))
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
