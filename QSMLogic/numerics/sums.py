"""Sums over volumes, in an order that does not depend on the number of threads."""

import numpy as np

from .namespace import library, namespace
from .parallel import for_slabs


def inner(a, b):
    """The inner product of two arrays, a real number, without splitting the work; on a GPU in double precision."""
    if library(a).in_slabs:
        return float(np.vdot(a, b).real)
    xp = namespace(a)
    return float((xp.conj(a) * b).real.sum(dtype=np.float64))


def dot(a, b):
    """The inner product of two arrays, summed by planes in double precision; on a GPU all at once."""
    if not library(a).in_slabs:
        return inner(a, b)
    sums = np.zeros(len(a))

    def work(start, stop):
        for plane in range(start, stop):
            sums[plane] = np.vdot(a[plane], b[plane])

    for_slabs(work, a)
    return sums.sum()
