"""Element-wise work in slabs that fit the cache, on all cores (numpy releases the interpreter's lock)."""

from concurrent.futures import ThreadPoolExecutor

from .fft import WORKERS

SLAB_VOXELS = 1 << 17


def for_slabs(work, shape, planes=None):
    """Call `work(start, stop)` for slabs along the first axis that together cover an array of `shape`.

    planes: the thickness of a slab; by default it fits the cache. The results do not depend on the number of
    threads: `work` writes to its own planes only.
    """
    thickness = planes or max(1, SLAB_VOXELS // max(1, shape[1] * shape[2]))
    bounds = [(start, min(start + thickness, shape[0])) for start in range(0, shape[0], thickness)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda bound: work(*bound), bounds))
