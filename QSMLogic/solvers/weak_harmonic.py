"""A background h that is harmonic in the mask M, found together with the map. Symbols as in admm.py.

It adds G_4 = beta/2 |M lap h|_2^2, with the splitting z_4 = lap h. The z step is voxel by voxel, with t = lap h + u_4:

    in M:     z_4 = mu_4 t / (beta + mu_4),  u_4 = beta t / (beta + mu_4)
    outside:  z_4 = t,                       u_4 = 0

Map and background are solved together. With d = z_2 - u_2, r = mu_4 / mu_2, L the spectrum of -lap (in the code z_4 and
u_4 belong to -lap h, whose G_4 is the same) and S = 1 / (1 + r L^2), the h part of the x step is

    h = h_0 - S D x,    h_0 = S (d + r L (z_4 - u_4)),

and put into the x part it leaves that as it is without a background, but for (1 - S) D^2 in place of D^2 and d - h_0
in place of d. Solving for x and h in turn, as the paper does, took three times as many iterations.

References
----------
Milovic et al., Magn Reson Med 2019;81:1399-1411, doi:10.1002/mrm.27483
"""

import numpy as np

from ..numerics.fft import irfftn, rfftn
from ..numerics.kernels import laplacian_kernel
from ..numerics.parallel import for_slabs
from .penalties import HARMONIC_RATIO


class HarmonicBackground:
    """h and its splitting, to be given to Admm; costs one pair of transforms per iteration.

    Parameters
    ----------
    model : DipoleModel
    mask : ndarray
        M, bool (k, j, i): voxels in which lap h is penalized.
    beta : float
        Weight of the harmonic constraint in voxel lengths^4.
    mu_2 : float
        Penalty of the data splitting, as given to Admm.
    """

    def __init__(self, model, mask, beta, mu_2):
        self.model, self.mask = model, model.padded(mask) > 0
        self.laplacian = laplacian_kernel(model.shape, model.spacing, model.xp)
        self.ratio = np.float32(HARMONIC_RATIO * beta / mu_2)
        self.xp, self.t = model.xp, model.xp.zeros(model.shape, np.float32)

    def squares(self):
        """(1 - S) D^2, the spectrum that takes the place of D^2 in the x step."""
        return self.xp.square(self.model.kernel) * (1 - self._share(slice(None)))

    def eliminate(self, data):
        """Make d - h_0 of the spectrum d, in place; keeps h_0 until `field` is called."""
        self._h = rfftn(self._z_minus_u())

        def work(start, stop):
            planes = slice(start, stop)
            h = self._h[planes]
            h *= self.ratio * self.laplacian[planes]
            h += data[planes]
            h *= self._share(planes)
            data[planes] -= h

        for_slabs(work, data)

    def field(self, spectrum):
        """D x + h for the spectrum of x, which is left as it is; updates t."""
        xp, field, h = self.xp, self.xp.empty_like(spectrum), self._h
        del self._h

        def work(start, stop):
            planes = slice(start, stop)
            out = field[planes]
            xp.multiply(spectrum[planes], self.model.kernel[planes], out=out)
            h[planes] -= self._share(planes) * out
            out += h[planes]
            h[planes] *= self.laplacian[planes]

        for_slabs(work, spectrum)
        field = irfftn(field, self.model.shape)
        self._update(irfftn(h, self.model.shape))
        return field

    def _share(self, planes):
        """S, the share of the background in data that no map explains."""
        return 1 / (1 + self.ratio * self.xp.square(self.laplacian[planes]))

    def _z_minus_u(self):
        xp, result = self.xp, self.xp.empty_like(self.t)

        def work(start, stop):
            inside = np.float32((HARMONIC_RATIO - 1) / (HARMONIC_RATIO + 1)) * self.t[start:stop]
            result[start:stop] = xp.where(self.mask[start:stop], inside, self.t[start:stop])

        for_slabs(work, result)
        return result

    def _update(self, laplacian):
        """t = lap h + u_4."""

        def work(start, stop):
            t = self.t[start:stop]
            t *= np.float32(1 / (1 + HARMONIC_RATIO)) * self.mask[start:stop]
            t += laplacian[start:stop]

        for_slabs(work, laplacian)
