"""ADMM for dipole inversion with total generalised variation of second order."""

import numpy as np

from .admm import DipoleAdmm
from .fft import frequencies, irfftn, rfftn
from .gradient import backward_difference, forward_difference, gradient_transposed
from .parallel import for_slabs

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # the six components of a symmetric matrix


class GeneralisedVariationAdmm(DipoleAdmm):
    """Minimises F(D x) + min_v a |grad x - v|_1 + b |E v|_1 over the map x; E v is the symmetrised gradient of v.

    v follows the slopes of the map, which cost nothing then: maps come out piecewise linear, where total variation
    makes them piecewise constant. strength: a in ppm mm. reach_mm: b / a. data_penalty: weight of the splitting
    z = D x. shrinkage, second_shrinkage: what is taken off |grad x - v| (ppm/mm) and |E v| (ppm/mm^2) in each step;
    as data_penalty they change the way to the answer, not the answer. x and v are updated together, frequency by
    frequency: E^T E = (|d|^2 + d d^H) / 2 for the symbol d of the gradient, so that only the part of v along d
    depends on x. An iteration costs five pairs of transforms, and 25 volumes of memory in all.
    Bredies et al. 2010, doi:10.1137/090769521; for dipole inversion Milovic et al. 2018, doi:10.1002/mrm.27073.
    """

    def __init__(self, model, strength, reach_mm, data_penalty, shrinkage, second_shrinkage):
        self.model, self.thresholds = model, (np.float32(shrinkage), np.float32(second_shrinkage))
        self.first = np.float32(strength / shrinkage)
        self.second = np.float32(strength * reach_mm / second_shrinkage)
        self.data_penalty = np.float32(data_penalty)
        shape, spacing_mm = model.shape, model.spacing_mm
        self.symbols = [
            ((np.exp(2j * np.pi * k * d) - 1) / d).astype(np.complex64)
            for k, d in zip(frequencies(shape, spacing_mm), spacing_mm, strict=True)
        ]
        self.dual, self.x, self.field = (np.zeros(shape, np.float32) for _ in range(3))
        self.slopes, self.first_dual = np.zeros((3, *shape), np.float32), np.zeros((3, *shape), np.float32)
        self.second_dual = np.zeros((len(PAIRS), *shape), np.float32)

    def _map_spectrum(self, data_spectrum):
        """The spectrum of the next map, written over `data_spectrum`; updates v."""
        right = self._first_step()
        divergence = rfftn(gradient_transposed(right, self.model.spacing_mm))
        self._second_step(right)
        spectra = [rfftn(part) for part in right]
        del right
        for_slabs(lambda start, stop: self._solve(data_spectrum, divergence, spectra, start, stop), divergence.shape)
        for axis in range(3):
            self.slopes[axis] = irfftn(spectra[axis], self.model.shape)
            spectra[axis] = None
        return data_spectrum

    def _solve(self, data, divergence, spectra, start, stop):
        """Write the spectra of the next x over `data` and of the next v over `spectra`, planes start to stop."""
        planes = slice(start, stop)
        symbols = [self.symbols[0][planes], *self.symbols[1:]]
        squared = sum(np.square(s.real) + np.square(s.imag) for s in symbols)
        projected = sum(np.conj(s) * spectrum[planes] for s, spectrum in zip(symbols, spectra, strict=True))
        along = self.first + self.second * squared
        kernel = self.model.kernel[planes]
        system = self.data_penalty * np.square(kernel) + self.first * self.second * np.square(squared) / along
        if start == 0:
            system[0, 0, 0] = 1
        x = data[planes]
        x *= self.data_penalty * kernel
        x += self.first * (divergence[planes] + projected / along)
        x /= system
        projected += self.first * squared * x
        projected *= np.float32(-0.5) * self.second / along
        projected += self.first * x
        inverse = 1 / (self.first + np.float32(0.5) * self.second * squared)
        for symbol, spectrum in zip(symbols, spectra, strict=True):
            spectrum[planes] += symbol * projected
            spectrum[planes] *= inverse

    def _first_step(self):
        """Shrinks grad x - v and updates its dual; returns what x is to fit, grad x - v to be (3, k, j, i)."""
        result, x = np.empty_like(self.first_dual), self.x

        def work(start, stop):
            for axis in range(3):
                target = result[axis, start:stop]
                forward_difference(x, x[start:stop], axis, start, stop, target)
                target *= np.float32(1 / self.model.spacing_mm[axis])
                target -= self.slopes[axis, start:stop]
                _shrink(target, self.first_dual[axis, start:stop], self.thresholds[0])

        for_slabs(work, x.shape)
        return result

    def _second_step(self, right):
        """Shrinks E v and updates its dual; makes of `right`, from the first step, the right-hand side for v."""
        right *= -self.first
        target = np.empty(self.model.shape, np.float32)
        for component, pair in enumerate(PAIRS):
            for_slabs(lambda start, stop, c=component, p=pair: self._differ(target, c, p, start, stop), target.shape)
            for_slabs(lambda start, stop, p=pair: self._collect(right, target, p, start, stop), target.shape)

    def _differ(self, target, component, pair, start, stop):
        out, part = target[start:stop], np.empty_like(target[start:stop])
        for index, (axis, of) in enumerate((pair, pair[::-1])):
            slope = self.slopes[of]
            forward_difference(slope, slope[start:stop], axis, start, stop, part if index else out)
            (part if index else out)[...] *= np.float32(0.5 / self.model.spacing_mm[axis])
        out += part
        _shrink(out, self.second_dual[component, start:stop], self.thresholds[1])

    def _collect(self, right, target, pair, start, stop):
        part = np.empty_like(target[start:stop])
        for axis, of in {pair, pair[::-1]}:
            backward_difference(target, axis, start, stop, part)
            part *= -self.second / np.float32(self.model.spacing_mm[axis])
            right[of, start:stop] += part


def _shrink(target, dual, threshold):
    """For target = grad less what the splitting allows: updates the dual u and makes the target z - u, in place."""
    target += dual
    np.clip(target, -threshold, threshold, out=dual)
    target -= dual
    target -= dual
