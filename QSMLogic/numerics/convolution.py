"""Convolution with a kernel that is kept as a real spectrum."""

from .fft import irfftn, rfftn
from .namespace import namespace
from .parallel import for_slabs


def convolve(x, kernel, weight=None):
    """`x` (float32) convolved with `kernel`, a real spectrum in `rfftn` layout, then times `weight` if given."""
    spectrum, shape = rfftn(x), x.shape
    del x  # the memory of a temporary array is free from here on
    multiply(spectrum, kernel)
    result = irfftn(spectrum, shape)
    if weight is not None:
        multiply(result, weight)
    return result


def filtered(spectrum, kernel, shape):
    """The array of `shape` whose spectrum is `spectrum` times the real `kernel`; `spectrum` is left as it is."""
    xp = namespace(spectrum)
    product = xp.empty_like(spectrum)

    def work(start, stop):
        xp.multiply(spectrum[start:stop], kernel[start:stop], out=product[start:stop])

    for_slabs(work, spectrum)
    return irfftn(product, shape)


def multiply(x, y):
    """x *= y."""

    def work(start, stop):
        x[start:stop] *= y[start:stop]

    for_slabs(work, x)
