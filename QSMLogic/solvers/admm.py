"""ADMM for dipole inversion: any data fidelity of D x with any penalty of the gradient of x."""

import numpy as np

from ..numerics.convolution import filtered
from ..numerics.fft import irfftn, rfftn
from ..numerics.iteration import iterate
from ..numerics.kernels import laplacian_kernel
from ..numerics.parallel import for_slabs
from .total_variation import GradientShrinkage


class DipoleAdmm:
    """Minimises F(D x) + R(grad x) over the map x, by ADMM with the splittings z = D x and y = grad x, scaled form.

    model: DipoleModel. shrinkage: keeps y and its dual (GradientShrinkage). gradient_penalty: the weight of the second
    splitting. balance: that of the first over it (1/mm^2). They change the way to the answer, not the answer: where
    the balance is high, the map swings. An iteration costs two pairs of transforms. Boyd et al. 2011,
    doi:10.1561/2200000016; for dipole inversion with both splittings Milovic et al. 2018, doi:10.1002/mrm.27073.
    """

    def __init__(self, model, shrinkage, gradient_penalty, balance):
        self.model, self.shrinkage, self.gradient_penalty = model, shrinkage, gradient_penalty
        self.data_penalty = gradient_penalty * balance
        self.balance = np.float32(balance)
        self._weigh(np.square(model.kernel))
        self.dual = np.zeros(model.shape, np.float32)
        self.x, self.field = np.zeros(model.shape, np.float32), np.zeros(model.shape, np.float32)

    def run(self, fidelity, iterations, tolerance, progress, name="convergence"):
        """The map after `iterations`, or once its relative change is `tolerance` or less; told as `iterate` does.

        fidelity: as in fidelity.py, made with the attribute data_penalty. May be called again with another one.
        """

        def step(x):
            self._update_map(rfftn(self._data_step(fidelity)))
            return self.x, self.cost + self.gradient_penalty * self.shrinkage.cost

        return iterate(step, self.x, iterations, tolerance, progress, name)

    def _weigh(self, squares):
        """Prepares the update of the map. squares: of the kernel, which multiply the map's spectrum in it."""
        # the spectrum of the next map is inverse * (divergence + balance * kernel * data)
        self.inverse = laplacian_kernel(self.model.shape, self.model.spacing_mm)
        self.inverse += self.balance * squares
        self.inverse[0, 0, 0] = 1
        np.divide(1, self.inverse, out=self.inverse)

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
            data = data_spectrum[planes]
            data *= self.balance * self.model.kernel[planes]
            data += divergence[planes]
            data *= self.inverse[planes]

        for_slabs(work, data_spectrum.shape)
        return data_spectrum

    def _data_step(self, fidelity):
        """Updates z and its dual u for the present field; returns z - u, written over the field. Sets the cost."""
        field, costs = self.field, np.zeros(len(self.field))

        def work(start, stop):
            planes = slice(start, stop)
            v = field[planes]
            costs[start] = fidelity.cost(v, planes)
            v += self.dual[planes]
            z = fidelity.proximal(v, planes)
            np.subtract(v, z, out=self.dual[planes])
            np.subtract(z, self.dual[planes], out=v)

        for_slabs(work, field.shape)
        self.field, self.cost = None, float(costs.sum())
        return field


def total_variation_admm(model, strength, parameters, kind=DipoleAdmm):
    """A DipoleAdmm for R(grad x) = strength |grad x|_1. parameters: of the method, for shrinkage and balance.

    kind: a class to take instead that is built like DipoleAdmm.
    """
    shrinkage = GradientShrinkage(model.shape, model.spacing_mm, parameters.shrinkage)
    return kind(model, shrinkage, strength / parameters.shrinkage, parameters.balance)
