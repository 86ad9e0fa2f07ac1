"""A field from its Laplacian: known inside the mask, to be chosen outside, as in HARPERELLA."""

from ..model.errors import QSMError
from ..numerics.convolution import convolve
from ..numerics.fft import pad, padded_shape
from ..numerics.kernels import laplacian_kernel
from ..numerics.morphology import eroded
from ..numerics.namespace import namespace


class LaplacianSources:
    """Minus the Laplacian of the total field, known at voxels of the mask with all six neighbors in it.

    known: that Laplacian (ppm / mm^2), zero elsewhere. outside: where it is not known. inverse_laplacian: a spectrum.
    All are of the padded `shape`, in which `inside` are the slices of the image.
    Raises QSMError if the Laplacian is known nowhere.
    """

    def __init__(self, total, margin_mm, title):
        spacing_mm, inner = total.grid.spacing_mm, eroded(total.mask)
        if not inner.any():
            raise QSMError(
                f"The mask is too thin for {title}: no voxel of it has all its neighbors in the mask, so that the "
                "field's Laplacian is known nowhere. Use a larger mask, or choose PDF."
            )
        self.shape = padded_shape(total.ppm.shape, spacing_mm, margin_mm)
        self.inside = tuple(slice(n) for n in total.ppm.shape)
        laplacian = laplacian_kernel(self.shape, spacing_mm, namespace(total.ppm))
        self.inverse_laplacian = inverse(laplacian)
        known = pad(inner, self.shape) > 0
        self.outside = ~known
        self.known = convolve(pad(total.ppm, self.shape), laplacian, known)

    def field(self, sources_outside):
        """The field of the known sources and of the given ones outside, on the image's grid."""
        sources = self.known + self.outside * sources_outside
        return convolve(sources, self.inverse_laplacian)[self.inside]


def inverse(laplacian):
    """One over the spectrum of a Laplacian, finite at frequency zero, where it takes the next frequency's value."""
    result = laplacian.copy()
    result[0, 0, 0] = min(float(result[1, 0, 0]), float(result[0, 1, 0]), float(result[0, 0, 1]))
    return namespace(result).reciprocal(result, out=result)
