"""The forward model of every dipole inversion: the field of a susceptibility map, in a padded volume."""

import numpy as np

from ..numerics.convolution import convolve
from ..numerics.fft import frequencies, next_fast_shape, pad
from ..numerics.kernels import dipole_kernel
from ..numerics.namespace import namespace, to_host


class DipoleModel:
    """f = D x with D the unit dipole, for maps x and fields f (ppm) on the padded grid of a FieldMap.

    Parameters
    ----------
    local : FieldMap
        Gives grid, mask and margin.

    Attributes
    ----------
    shape : tuple of int
        Of padded arrays.
    kernel : ndarray
        Spectrum of D in `rfftn` layout.
    xp : module
        The namespace of its arrays, that of the field.
    spacing : tuple of float
        Distances between voxels in voxel lengths, for gradients: D has no unit of length, so nor may the rest.
    """

    def __init__(self, local):
        self.shape = next_fast_shape(n + local.margin_voxels for n in local.ppm.shape)
        self.spacing = tuple(d / local.grid.voxel_length_mm for d in local.grid.spacing_mm)
        self.xp = namespace(local.ppm)
        self.kernel = dipole_kernel(self.shape, local.grid.spacing_mm, local.grid.b0_direction, self.xp)
        self._mask = local.mask

    def squared_frequency(self):
        """|k|^2 of the spectrum in (cycles per voxel)^2, whatever the spacing, in `rfftn` layout."""
        return sum(self.xp.square(k) for k in frequencies(self.shape, (1, 1, 1), self.xp))

    def padded(self, x):
        """`x`, on the grid of the FieldMap, as a float32 array of `shape`."""
        return pad(x, self.shape)

    def field(self, x, weight=None):
        """D x, then times `weight` if given. D is its own transpose."""
        return convolve(x, self.kernel, weight)

    def result(self, x):
        """`x` on the grid of the FieldMap, zero outside the mask."""
        return self.xp.where(self._mask, x[tuple(slice(n) for n in self._mask.shape)], np.float32(0))

    def inverted(self, field, inverse, progress):
        """The result of multiplying the spectrum of `field`, on the grid of the FieldMap, by the real `inverse`."""
        progress(0.3)
        padded = self.padded(field)
        progress(0.4)
        x = convolve(padded, inverse)
        progress(0.9)
        return self.result(x)


def correction_factor(kernel, inverse, shape):
    """The factor by which an inverse kernel underestimates susceptibility: the peak of its point-spread function.

    Parameters
    ----------
    kernel, inverse : numpy.ndarray
        D and its approximate inverse in `rfftn` layout; the peak is the mean of their product.
    shape : tuple of int
        Of the arrays that they filter.

    References
    ----------
    Schweser et al., Magn Reson Med 2013;69:1581-1593, doi:10.1002/mrm.24405
    """
    return np.float32(spectral_mean(kernel, inverse, shape))


def spectral_mean(a, b, shape):
    """The mean of the product of two real spectra in `rfftn` layout, of arrays of `shape`, over all frequencies."""
    product = to_host(namespace(a).einsum("kji,kji->i", a, b, dtype=np.float64))
    twice = np.full(len(product), 2.0)  # a half-spectrum stands for both signs of its last frequency, but for these:
    twice[0] = 1
    if shape[2] % 2 == 0:
        twice[-1] = 1
    return product @ twice / np.prod(shape)
