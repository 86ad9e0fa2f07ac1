"""Division where the divisor allows it."""

import numpy as np

from .namespace import namespace


def quotient(a, b, where, otherwise=0):
    """a / b where the bool array `where` is true, else `otherwise`, in the type of `b`.

    a, otherwise: arrays of the shape of `b`, or numbers.
    """
    xp = namespace(b)
    if xp is np:
        return np.divide(a, b, out=np.array(np.broadcast_to(otherwise, b.shape), b.dtype), where=where)
    return xp.where(where, a / xp.where(where, b, b.dtype.type(1)), xp.asarray(otherwise, b.dtype)).astype(b.dtype)
