"""Whether a function has the same result for arrays of another library, and returns arrays of it."""

import numpy as np

from QSMLogic.numerics.moving import moved

from .foreign_arrays import Foreign, foreign, from_foreign

TOLERANCE = 1e-5


def assert_same_on_foreign(function, *inputs):
    """Assert it, and return the two results, that for the numpy arrays `inputs` first."""
    expected, found = function(*inputs), function(*moved(inputs, foreign))
    assert arrays(found) and all(isinstance(array, Foreign) for array in arrays(found))
    for one, other in zip(arrays(moved(found, from_foreign)), arrays(expected), strict=True):
        assert one.dtype == other.dtype
        largest = np.abs(other[np.isfinite(other)]).max(initial=0) if other.dtype.kind in "fc" else 0
        np.testing.assert_allclose(one, other, atol=TOLERANCE * largest, rtol=TOLERANCE)
    return expected, found


def arrays(value):
    """The arrays in a result, in order."""
    found = []
    moved(value, lambda x: found.append(x) or x)
    return found
