"""Sums over volumes, in an order that does not depend on the number of threads."""

import math

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
    sums = np.zeros(len(a))
    for_slabs(lambda start, stop: inner_by_planes(a, b, start, stop, sums), a)
    return float(sums.sum())


def inner_by_planes(a, b, start, stop, sums):
    """Put the inner products of the planes start to stop into `sums`; on a GPU, that of all into its first place."""
    if not library(a).in_slabs:
        sums[start] = inner(a, b)
        return
    for plane in range(start, stop):
        sums[plane] = np.vdot(a[plane], b[plane])


def sum_of_products(*factors):
    """The sum over the first axis of the product of arrays (n, ...), of which some may be vectors (n).

    On a GPU by one product after the other: its libraries make of an einsum one tiny matrix product for each voxel.
    """
    of = library(factors[0])
    if of.in_slabs:
        axes = ",".join("e" if factor.ndim == 1 else "e..." for factor in factors)
        return np.einsum(f"{axes}->...", *factors)
    return sum(math.prod(parts) for parts in zip(*factors, strict=True))
