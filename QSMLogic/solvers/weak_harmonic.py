"""A background that is harmonic in the mask, found together with the map (Milovic et al. 2019)."""

import numpy as np

from ..numerics.fft import irfftn, rfftn
from ..numerics.kernels import laplacian_kernel
from ..numerics.parallel import for_slabs

SPLITTING = 0.05  # of the harmonicity: speed only


class WithBackground:
    """Makes a DipoleAdmm, when put before it, fit D x + h: adds b/2 |M lap h|_2^2 for a background h and the mask M.

    The splitting is y = lap h, of weight c = SPLITTING b; in the mask y is c v / (b + c) for v = lap h + its dual, the
    dual the rest of v; outside y is v and the dual zero. v is all that is kept. Map and background come from one
    linear problem for each frequency; one after the other, as in the paper, they took three times as many iterations.
    An iteration costs one pair of transforms more. doi:10.1002/mrm.27483
    """

    def start_background(self, mask, harmonicity):
        """mask: bool (k, j, i), where lap h vanishes. harmonicity: b in mm^4. Call it before the first iteration."""
        shape = self.model.shape
        self.mask = self.model.padded(mask) > 0
        self.laplacian = laplacian_kernel(shape, self.model.spacing_mm)
        self.ratio = np.float32(SPLITTING * harmonicity / self.data_penalty)
        self.split = np.zeros(shape, np.float32)
        self._weigh(np.square(self.model.kernel) * (1 - self._share(slice(None))))

    def _share(self, planes):
        """How much of data that have no map are background."""
        return 1 / (1 + self.ratio * np.square(self.laplacian[planes]))

    def _update_map(self, data_spectrum):
        """The next map and background, from the data, the gradient's splitting and the Laplacian's."""
        shape, harmonic = self.model.shape, rfftn(self._split_less_dual())
        self._take_background(data_spectrum, harmonic)
        x = self._map_spectrum(data_spectrum)
        field = self._give_field(x, harmonic)
        self.x = irfftn(x, shape)
        del data_spectrum, x
        self.field = irfftn(field, shape)
        del field
        self._update_split(irfftn(harmonic, shape))

    def _take_background(self, data, harmonic):
        """Makes of `harmonic`, the spectrum of y less its dual, the background of `data`, and takes it off them."""

        def work(start, stop):
            planes = slice(start, stop)
            h = harmonic[planes]
            h *= self.ratio * self.laplacian[planes]
            h += data[planes]
            h *= self._share(planes)
            data[planes] -= h

        for_slabs(work, data.shape)

    def _give_field(self, x, harmonic):
        """The spectrum of D x + h; makes of `harmonic`, the background without a map, that of lap h."""
        field = np.empty_like(x)

        def work(start, stop):
            planes = slice(start, stop)
            out, h = field[planes], harmonic[planes]
            np.multiply(x[planes], self.model.kernel[planes], out=out)
            h -= self._share(planes) * out
            out += h
            h *= self.laplacian[planes]

        for_slabs(work, x.shape)
        return field

    def _split_less_dual(self):
        """y less its dual."""
        result = np.empty_like(self.split)

        def work(start, stop):
            inside = np.float32((SPLITTING - 1) / (SPLITTING + 1)) * self.split[start:stop]
            result[start:stop] = np.where(self.mask[start:stop], inside, self.split[start:stop])

        for_slabs(work, result.shape)
        return result

    def _update_split(self, curvature):
        def work(start, stop):
            split = self.split[start:stop]
            split *= np.float32(1 / (1 + SPLITTING)) * self.mask[start:stop]
            split += curvature[start:stop]

        for_slabs(work, curvature.shape)
