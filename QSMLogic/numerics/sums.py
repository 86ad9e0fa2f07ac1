"""Sums over volumes, in an order that does not depend on the number of threads."""

import numpy as np

from .namespace import library, namespace
from .parallel import for_slabs


def inner(a, b):
    """The inner product of two arrays, a real number, without splitting the work."""
    return float(namespace(a).vdot(a, b).real)


def dot(a, b):
    """The inner product of two arrays, summed by planes in double precision; on a GPU in the order of its library."""
    if not library(a).in_slabs:
        return inner(a, b)
    sums = np.zeros(len(a))

    def work(start, stop):
        for plane in range(start, stop):
            sums[plane] = np.vdot(a[plane], b[plane])

    for_slabs(work, a)
    return sums.sum()
