"""Sources whose field fits a measured one, by preconditioned least squares (Liu et al. 2017)."""

from ..numerics.conjugate_gradients import add, conjugate_gradients
from ..numerics.convolution import convolve


def fitted_sources(field, dipole, weight, strength, stabiliser, iterations, progress=None):
    """Some steps of min |W (f - D P y)|_2^2 + stabiliser |y|_2^2 from zero; returns x = P y, float32 (k, j, i).

    field: f in ppm. dipole: D in `rfftn` layout. weight: W^2 per voxel. strength: P, how strong sources are expected
    to be per voxel. Each step costs two pairs of transforms. doi:10.1002/mrm.26331
    """

    def normal(y):
        result = convolve(convolve(y * strength, dipole, weight), dipole, strength)
        add(result, stabiliser, y)
        return result

    right = convolve(weight * field, dipole, strength)
    sources = conjugate_gradients(normal, right, iterations, progress=progress)
    sources *= strength
    return sources
