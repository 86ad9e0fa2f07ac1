"""ADMM for dipole inversion with total generalised variation of second order."""

import numpy as np

from ..numerics.fft import frequencies, irfftn, rfftn
from ..numerics.gradient import backward_difference, forward_difference, gradient_transposed
from ..numerics.parallel import for_slabs
from .admm import DipoleAdmm

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # the six components of a symmetric matrix


class GeneralisedVariationAdmm(DipoleAdmm):
    """Minimises F(D x) + min_v a |grad x - v|_1 + b |E v|_1 over the map x; E v is the symmetrised gradient of v.

    v follows the slopes of the map, which then cost nothing: maps come out piecewise linear, where total variation
    makes them piecewise constant. strength: a in ppm mm. reach_mm: b / a. parameters: of the method, for shrinkage
    and balance. x and v are updated together, frequency by frequency: E^T E = (|d|^2 + d d^H) / 2 for the symbol d
    of the gradient, so that only the part of v along d depends on x. An iteration costs five pairs of transforms.
    Bredies et al. 2010, doi:10.1137/090769521; for dipole inversion Milovic et al. 2018, doi:10.1002/mrm.27073.
    """

    def __init__(self, model, strength, reach_mm, parameters):
        shape, spacing_mm = model.shape, model.spacing_mm
        self.shrinkage = SlopeShrinkage(shape, spacing_mm, strength, reach_mm, parameters.shrinkage)
        self.model, self.gradient_penalty = model, 1.0
        self.data_penalty = np.float32(parameters.balance) * self.shrinkage.first
        self.symbols = [
            ((np.exp(2j * np.pi * k * d) - 1) / d).astype(np.complex64)
            for k, d in zip(frequencies(shape, spacing_mm), spacing_mm, strict=True)
        ]
        self._weigh(np.square(model.kernel))
        self.dual, self.x, self.field = (np.zeros(shape, np.float32) for _ in range(3))

    def _weigh(self, squares):
        self.squares = squares

    def _map_spectrum(self, data_spectrum):
        """The spectrum of the next map, written over `data_spectrum`; updates v."""
        right = self.shrinkage.shrink_gradient(self.x)
        divergence = rfftn(gradient_transposed(right, self.model.spacing_mm))
        self.shrinkage.shrink_slopes(right)
        spectra = [rfftn(part) for part in right]
        del right
        for_slabs(lambda start, stop: self._solve(data_spectrum, divergence, spectra, start, stop), divergence.shape)
        for axis in range(3):
            self.shrinkage.slopes[axis] = irfftn(spectra[axis], self.model.shape)
            spectra[axis] = None
        return data_spectrum

    def _solve(self, data, divergence, spectra, start, stop):
        """Write the spectra of the next x over `data` and of the next v over `spectra`, planes start to stop."""
        planes, first, second = slice(start, stop), self.shrinkage.first, self.shrinkage.second
        symbols = [self.symbols[0][planes], *self.symbols[1:]]
        squared = sum(np.square(s.real) + np.square(s.imag) for s in symbols)
        projected = sum(np.conj(s) * spectrum[planes] for s, spectrum in zip(symbols, spectra, strict=True))
        along = 1 / (first + second * squared)  # reciprocals, as complex numbers are multiplied faster than divided
        system = self.data_penalty * self.squares[planes] + first * second * np.square(squared) * along
        if start == 0:
            system[0, 0, 0] = 1
        x = data[planes]
        x *= self.data_penalty * self.model.kernel[planes]
        x += first * (divergence[planes] + projected * along)
        x *= 1 / system
        projected += first * squared * x
        projected *= np.float32(-0.5) * second * along
        projected += first * x
        across = 1 / (first + np.float32(0.5) * second * squared)
        for symbol, spectrum in zip(symbols, spectra, strict=True):
            spectrum[planes] += symbol * projected
            spectrum[planes] *= across


class SlopeShrinkage:
    """v and the auxiliary variables of ADMM for a |grad x - v|_1 + b |E v|_1, scaled form, periodic borders.

    slopes: v (3, k, j, i) in ppm/mm. first, second: the weights of the splittings of grad x - v and of E v. The
    threshold of E v is that of grad x - v over the reach, so that both duals come to their limits in as many steps;
    with one threshold for both the map swung. cost: the penalty at the last step. Of the matrix
    E v the three components off the diagonal count twice.
    """

    def __init__(self, shape, spacing_mm, strength, reach_mm, shrinkage):
        self.spacing_mm, self.reach = spacing_mm, np.float32(reach_mm)
        self.threshold, self.second_threshold = np.float32(shrinkage), np.float32(shrinkage / reach_mm)
        self.first = np.float32(strength / shrinkage)
        self.second = np.float32(strength * reach_mm / self.second_threshold)
        self.strength, self.cost = strength, 0.0
        self.slopes, self.first_dual = np.zeros((3, *shape), np.float32), np.zeros((3, *shape), np.float32)
        self.second_dual = np.zeros((len(PAIRS), *shape), np.float32)

    def shrink_gradient(self, x):
        """Shrinks grad x - v and updates its dual; returns what grad x - v is to be in the next step (3, k, j, i)."""
        result, costs = np.empty_like(self.first_dual), np.zeros(len(x))

        def work(start, stop):
            for axis in range(3):
                target = result[axis, start:stop]
                forward_difference(x, x[start:stop], axis, start, stop, target)
                target *= np.float32(1 / self.spacing_mm[axis])
                target -= self.slopes[axis, start:stop]
                costs[start] += np.abs(target).sum(dtype=np.float64)
                _shrink(target, self.first_dual[axis, start:stop], self.threshold)

        for_slabs(work, x.shape)
        self.cost = self.strength * float(costs.sum())
        return result

    def shrink_slopes(self, right):
        """Shrinks E v and updates its dual; makes of `right`, from `shrink_gradient`, the right-hand side for v."""
        right *= -self.first
        target, costs = np.empty(right.shape[1:], np.float32), np.zeros(right.shape[1])
        for dual, pair in zip(self.second_dual, PAIRS, strict=True):
            share = 1 if pair[0] == pair[1] else 2

            def differ(start, stop, dual=dual, pair=pair, share=share):
                out = target[start:stop]
                self._symmetrised(pair, start, stop, out)
                costs[start] += share * np.abs(out).sum(dtype=np.float64)
                _shrink(out, dual[start:stop], self.second_threshold)

            for_slabs(differ, target.shape)
            for_slabs(lambda start, stop, p=pair: self._add_transposed(right, target, p, start, stop), target.shape)
        self.cost += self.strength * float(self.reach) * float(costs.sum())

    def _symmetrised(self, pair, start, stop, out):
        """The component `pair` of E v for the planes start to stop."""
        sides = sorted({pair, pair[::-1]})
        for n, (axis, of) in enumerate(sides):
            steps, slope = np.empty_like(out) if n else out, self.slopes[of]
            forward_difference(slope, slope[start:stop], axis, start, stop, steps)
            steps *= np.float32(1 / len(sides) / self.spacing_mm[axis])
            if n:
                out += steps

    def _add_transposed(self, right, target, pair, start, stop):
        part = np.empty_like(target[start:stop])
        for axis, of in sorted({pair, pair[::-1]}):
            backward_difference(target, axis, start, stop, part)
            part *= -self.second / np.float32(self.spacing_mm[axis])
            right[of, start:stop] += part


def _shrink(target, dual, threshold):
    """For a target t that is to be shrunk: updates the dual u and makes of t + u what the splitting asks for, z - u."""
    target += dual
    np.clip(target, -threshold, threshold, out=dual)
    target -= dual
    target -= dual
