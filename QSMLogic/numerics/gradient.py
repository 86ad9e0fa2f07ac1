"""The gradient on a voxel grid with periodic borders, and its transpose, in slabs along the first axis."""

import numpy as np

from .namespace import namespace
from .parallel import for_slabs


def gradient(x, spacing_mm):
    """Forward differences of `x` along the three axes, per mm; float32 (3, k, j, i)."""
    result = namespace(x).empty((3, *x.shape), np.float32)

    def work(start, stop):
        for axis, part in enumerate(result):
            forward_difference(x, x[start:stop], axis, start, stop, part[start:stop])
            part[start:stop] *= np.float32(1 / spacing_mm[axis])

    for_slabs(work, x)
    return result


def gradient_transposed(vectors, spacing_mm):
    """The transpose of `gradient`: minus the divergence of `vectors` (3, k, j, i); float32 (k, j, i)."""
    result = namespace(vectors).empty(vectors.shape[1:], np.float32)
    for_slabs(lambda start, stop: transpose_planes(vectors, spacing_mm, result, start, stop), result)
    return result


def weighted_laplacian(x, weights, spacing_mm):
    """`gradient_transposed` of weights times `gradient` of x, axis by axis, to save memory; float32 (k, j, i)."""
    xp = namespace(x)
    result, part = xp.zeros(x.shape, np.float32), xp.empty(x.shape, np.float32)
    for axis, (weight, spacing) in enumerate(zip(weights, spacing_mm, strict=True)):

        def differ(start, stop, axis=axis, weight=weight, factor=-1 / spacing**2):
            planes = part[start:stop]
            forward_difference(x, x[start:stop], axis, start, stop, planes)
            planes *= weight[start:stop]
            planes *= np.float32(factor)

        def collect(start, stop, axis=axis):
            planes = xp.empty_like(part[start:stop])
            backward_difference(part, axis, start, stop, planes)
            result[start:stop] += planes

        for_slabs(differ, x)
        for_slabs(collect, x)
    return result


def transpose_planes(vectors, spacing_mm, result, start, stop):
    """The planes start to stop of `gradient_transposed`, written to `result`."""
    out = result[start:stop]
    for axis in range(3):
        part = out if axis == 0 else namespace(out).empty_like(out)
        backward_difference(vectors[axis], axis, start, stop, part)
        part *= np.float32(-1 / spacing_mm[axis])
        if axis:
            out += part


def forward_difference(x, here, axis, start, stop, out):
    """out = next - here along `axis` for the planes start to stop, periodic."""
    subtract = namespace(x).subtract
    if axis == 0:
        subtract(x[start + 1 : stop], here[:-1], out=out[:-1])
        subtract(x[stop % len(x)], here[-1], out=out[-1])
    elif axis == 1:
        subtract(here[:, 1:], here[:, :-1], out=out[:, :-1])
        subtract(here[:, 0], here[:, -1], out=out[:, -1])
    else:
        subtract(here[..., 1:], here[..., :-1], out=out[..., :-1])
        subtract(here[..., 0], here[..., -1], out=out[..., -1])


def backward_difference(x, axis, start, stop, out):
    """out = here - previous along `axis` for the planes start to stop, periodic."""
    here, subtract = x[start:stop], namespace(x).subtract
    if axis == 0:
        subtract(here[1:], here[:-1], out=out[1:])
        subtract(here[0], x[start - 1], out=out[0])
    elif axis == 1:
        subtract(here[:, 1:], here[:, :-1], out=out[:, 1:])
        subtract(here[:, 0], here[:, -1], out=out[:, 0])
    else:
        subtract(here[..., 1:], here[..., :-1], out=out[..., 1:])
        subtract(here[..., 0], here[..., -1], out=out[..., 0])
