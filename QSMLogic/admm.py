"""ADMM for dipole inversion: any data fidelity of D x with any penalty of the gradient of x."""

import numpy as np

from .conjugate_gradients import add, dot
from .convolution import filtered
from .fft import irfftn, rfftn
from .kernels import laplacian_kernel
from .parallel import for_slabs


class DipoleAdmm:
    """Minimises F(D x) + R(grad x) over the map x, by ADMM with the splittings z = D x and y = grad x, scaled form.

    model: DipoleModel. shrinkage: keeps y and its dual (GradientShrinkage). data_penalty, gradient_penalty: the
    weights of the two splittings; they change the way to the answer, not the answer. start: the first map, or None
    for zero. An iteration costs two pairs of transforms. Boyd et al. 2011, doi:10.1561/2200000016; for dipole
    inversion with both splittings Milovic et al. 2018, doi:10.1002/mrm.27073.
    """

    def __init__(self, model, shrinkage, data_penalty, gradient_penalty, start=None):
        self.model, self.shrinkage = model, shrinkage
        penalty = np.float32(gradient_penalty) * laplacian_kernel(model.shape, model.spacing_mm)
        penalty += np.float32(data_penalty) * np.square(model.kernel)
        penalty[0, 0, 0] = 1
        self.from_gradient = np.float32(gradient_penalty) / penalty
        self.from_data = np.float32(data_penalty) * model.kernel / penalty
        self.dual = np.zeros(model.shape, np.float32)
        self.x = np.zeros(model.shape, np.float32) if start is None else start
        self.field = np.zeros(model.shape, np.float32) if start is None else model.field(start)

    def run(self, proximal, iterations, tolerance, progress):
        """The map after `iterations`, or once its relative change falls below `tolerance`.

        proximal: of the data fidelity with data_penalty, as in fidelity.py. May be called again with another one.
        """
        for iteration in range(iterations):
            before = self.x
            self._update_map(rfftn(self._data_step(proximal)))
            progress((iteration + 1) / iterations)
            if tolerance and _relative_change(before, self.x) <= tolerance:
                break
        return self.x

    def _update_map(self, data_spectrum):
        """The next map and its field. data_spectrum: of z less its dual; it is overwritten."""
        spectrum = self._map_spectrum(data_spectrum)
        self.field = filtered(spectrum, self.model.kernel, self.model.shape)
        self.x = irfftn(spectrum, self.model.shape)

    def _map_spectrum(self, data_spectrum):
        """The spectrum of the next map, written over `data_spectrum`."""
        divergence = rfftn(self.shrinkage.step(self.x))

        def work(start, stop):
            planes = slice(start, stop)
            divergence[planes] *= self.from_gradient[planes]
            data_spectrum[planes] *= self.from_data[planes]
            data_spectrum[planes] += divergence[planes]

        for_slabs(work, data_spectrum.shape)
        return data_spectrum

    def _data_step(self, proximal):
        """Updates z and its dual u for the present field; returns z - u, written over the field."""
        field = self.field

        def work(start, stop):
            planes = slice(start, stop)
            v = field[planes]
            v += self.dual[planes]
            z = proximal(v, planes)
            np.subtract(v, z, out=self.dual[planes])
            np.subtract(z, self.dual[planes], out=v)

        for_slabs(work, field.shape)
        self.field = None
        return field


def _relative_change(before, x):
    """|x - before| / |x|; overwrites `before`."""
    add(before, -1, x)
    norm = dot(x, x)
    return (dot(before, before) / norm) ** 0.5 if norm else 0.0
