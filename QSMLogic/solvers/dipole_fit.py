"""Sources whose field fits a measured one, by preconditioned least squares."""

from ..numerics.conjugate_gradients import add, conjugate_gradients
from ..numerics.convolution import convolve


def fitted_sources(f, dipole, w, preconditioner, damping, iterations, progress=None):
    """Some iterations of min |W (f - D P y)|_2^2 + damping |y|_2^2 from zero, at two pairs of transforms each.

    Parameters
    ----------
    f : numpy.ndarray
        Field in ppm, float32 (k, j, i).
    dipole : numpy.ndarray
        Spectrum of D in `rfftn` layout.
    w : numpy.ndarray
        W^2 of each voxel.
    preconditioner : numpy.ndarray
        P, the expected magnitude of the source in each voxel.
    damping : float
    iterations : int
    progress : callable, optional
        Takes the fraction done.

    Returns
    -------
    numpy.ndarray
        Sources P y in ppm, float32 (k, j, i).

    References
    ----------
    Liu et al., Magn Reson Med 2017;78:303-315, doi:10.1002/mrm.26331
    """

    def normal(y):
        result = convolve(convolve(y * preconditioner, dipole, w), dipole, preconditioner)
        add(result, damping, y)
        return result

    right = convolve(w * f, dipole, preconditioner)
    sources = conjugate_gradients(normal, right, iterations, progress=progress)
    sources *= preconditioner
    return sources
