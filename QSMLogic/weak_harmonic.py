"""A background that is harmonic in the mask, found together with the map (Milovic et al. 2019)."""

import numpy as np

from .convolution import filtered
from .fft import irfftn, rfftn
from .kernels import laplacian_kernel
from .parallel import for_slabs


class WithBackground:
    """Makes a DipoleAdmm, when put before it, fit D x + h: adds b/2 |M lap h|_2^2 for a background h and the mask M.

    The splitting y = lap h is as strong as its penalty, b, so that each step halves v = lap h + its dual in the mask
    to give y. There y less its dual is then zero and the dual v / 2; outside they are v and zero. v is all that is
    kept. An iteration costs one pair of transforms more. doi:10.1002/mrm.27483
    """

    def start_background(self, mask, harmonicity):
        """mask: bool (k, j, i), where lap h vanishes. harmonicity: b in mm^4. Call it before the first iteration."""
        shape = self.model.shape
        self.mask = self.model.padded(mask) > 0
        self.laplacian = laplacian_kernel(shape, self.model.spacing_mm)
        self.ratio, self.split = np.float32(harmonicity / self.data_penalty), np.zeros(shape, np.float32)
        self.background = np.zeros((*shape[:2], shape[2] // 2 + 1), np.complex64)

    def _update_map(self, data_spectrum):
        """The next map, from the data less the background; then the background, from the data less the map's field."""
        model, spectrum, self.background = self.model, self.background, None
        np.subtract(data_spectrum, spectrum, out=spectrum)
        self._map_spectrum(spectrum)
        harmonic = rfftn(np.where(self.mask, np.float32(0), self.split))
        self._separate(data_spectrum, spectrum, harmonic)
        self.x = irfftn(spectrum, model.shape)
        del spectrum
        self.field, self.background = irfftn(data_spectrum, model.shape), harmonic
        del data_spectrum
        self._update_split(filtered(harmonic, self.laplacian, model.shape))

    def _separate(self, data, x, harmonic):
        """Makes of `harmonic`, the spectrum of y less its dual, that of h, and of `data` that of D x + h."""

        def work(start, stop):
            planes = slice(start, stop)
            h, field, laplacian = harmonic[planes], x[planes] * self.model.kernel[planes], self.laplacian[planes]
            h *= self.ratio * laplacian
            h += data[planes]
            h -= field
            h /= 1 + self.ratio * np.square(laplacian)
            np.add(field, h, out=data[planes])

        for_slabs(work, harmonic.shape)

    def _update_split(self, curvature):
        def work(start, stop):
            split = self.split[start:stop]
            split *= np.float32(0.5) * self.mask[start:stop]
            split += curvature[start:stop]

        for_slabs(work, curvature.shape)
