"""Convolution with a kernel that is kept as a real spectrum."""

from .fft import irfftn, rfftn
from .parallel import for_slabs


def convolve(x, kernel, shape=None):
    """`x` (float32) convolved with `kernel`, a real spectrum in `rfftn` layout; one pair of transforms."""
    return filtered(rfftn(x), kernel, shape or x.shape, overwrite=True)


def filtered(spectrum, kernel, shape, overwrite=False):
    """The array of `shape` whose spectrum is `spectrum` times the real `kernel`."""
    product = spectrum if overwrite else spectrum.copy()

    def multiply(start, stop):
        product[start:stop] *= kernel[start:stop]

    for_slabs(multiply, kernel.shape)
    return irfftn(product, shape)
