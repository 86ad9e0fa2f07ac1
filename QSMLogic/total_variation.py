"""The gradient half of ADMM for total variation: shrinkage of the gradient, and its divergence."""

import numpy as np

from .parallel import for_slabs


class GradientShrinkage:
    """The auxiliary variables of ADMM for a penalty |grad x|_1 (anisotropic total variation), scaled form.

    Keeps the scaled dual u = (u_k, u_j, u_i) of an image of `shape` with periodic borders. `step(x)` makes the update
    z = shrink(grad x + u, threshold), u = grad x + u - z, and returns div^T = grad^T (z - u), which the next update
    of x needs. threshold: per mm, as the gradient.
    Boyd et al. 2011, doi:10.1561/2200000016, section 6.4.
    """

    def __init__(self, shape, spacing_mm, threshold):
        self.shape, self.threshold = tuple(shape), np.float32(threshold)
        self.scale = [np.float32(1 / d) for d in spacing_mm]
        self.dual = np.zeros((3, *self.shape), np.float32)
        self.difference = np.empty((3, *self.shape), np.float32)

    def step(self, x):
        """grad^T (z - u) after the update of z and u for the image x, float32 (k, j, i)."""
        for_slabs(lambda start, stop: self._shrink(x, start, stop), self.shape)
        transposed = np.empty(self.shape, np.float32)
        for_slabs(lambda start, stop: self._gradient_transposed(transposed, start, stop), self.shape)
        return transposed

    def _shrink(self, x, start, stop):
        here = x[start:stop]
        for axis in range(3):
            target = self.difference[axis, start:stop]
            _forward_difference(x, here, axis, start, stop, target)
            target *= self.scale[axis]
            dual = self.dual[axis, start:stop]
            target += dual
            np.clip(target, -self.threshold, self.threshold, out=dual)
            target -= dual
            target -= dual

    def _gradient_transposed(self, out, start, stop):
        out = out[start:stop]
        for axis in range(3):
            z_minus_u = self.difference[axis]
            part = np.empty_like(out)
            _backward_difference(z_minus_u, axis, start, stop, part)
            part *= -self.scale[axis]
            if axis == 0:
                out[...] = part
            else:
                out += part


def _forward_difference(x, here, axis, start, stop, out):
    """out = next - here along `axis` for the planes start to stop, periodic."""
    if axis == 0:
        np.subtract(x[start + 1 : stop], here[:-1], out=out[:-1])
        np.subtract(x[stop % len(x)], here[-1], out=out[-1])
    elif axis == 1:
        np.subtract(here[:, 1:], here[:, :-1], out=out[:, :-1])
        np.subtract(here[:, 0], here[:, -1], out=out[:, -1])
    else:
        np.subtract(here[..., 1:], here[..., :-1], out=out[..., :-1])
        np.subtract(here[..., 0], here[..., -1], out=out[..., -1])


def _backward_difference(x, axis, start, stop, out):
    """out = here - previous along `axis` for the planes start to stop, periodic."""
    here = x[start:stop]
    if axis == 0:
        np.subtract(here[1:], here[:-1], out=out[1:])
        np.subtract(here[0], x[start - 1], out=out[0])
    elif axis == 1:
        np.subtract(here[:, 1:], here[:, :-1], out=out[:, 1:])
        np.subtract(here[:, 0], here[:, -1], out=out[:, 0])
    else:
        np.subtract(here[..., 1:], here[..., :-1], out=out[..., 1:])
        np.subtract(here[..., 0], here[..., -1], out=out[..., 0])
