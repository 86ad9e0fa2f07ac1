"""The images of the echoes as arrays, with numbers that can be squared and multiplied in single precision."""

import numpy as np

from ..numerics.namespace import namespace
from .errors import QSMError

ABSURD = {"phase": 1e12, "magnitude": 1e9}  # beyond it, a value is unknown: no scanner stores it
DARK, BRIGHT = 1e-6, 1e7  # between them, magnitude stays in its scale
SAMPLE = 100_000


def echo_images(images, name):
    """Images of the echoes as float32 (echo, k, j, i); what no scanner stores is NaN. Raises QSMError for others."""
    if namespace(images) is not np:  # those of a scan, as numpy arrays have been looked at
        return images.astype(np.float32, copy=False)
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[None]
    if images.ndim != 4:
        raise QSMError(
            f"{name} must be one 3D image per echo, but it has {images.ndim} dimensions. Give (echo, k, j, i)."
        )
    if np.iscomplexobj(images):
        raise QSMError(f"{name} is complex. Pass its modulus as magnitude and its angle as phase, or use of_signal.")
    scale = _scale(images) if name == "magnitude" else 1
    if scale != 1:
        images = images * images.dtype.type(scale) if images.dtype.kind == "f" else images * scale
    with np.errstate(over="ignore"):
        images = np.ascontiguousarray(images, np.float32)
    if images.size and max(np.fmax.reduce(images, axis=None), -np.fmin.reduce(images, axis=None)) > ABSURD[name]:
        images = np.where(np.abs(images) > ABSURD[name], np.float32(np.nan), images)
    return images


def _scale(magnitude):
    """1, or the power of two that brings magnitude into a range whose squares are no overflow."""
    sample = magnitude.reshape(-1)[:: max(magnitude.size // SAMPLE, 1)]
    sample = np.abs(sample[np.isfinite(sample)]).astype(float)
    typical = np.percentile(sample, 99) if sample.size else 0
    return 1 if typical == 0 or DARK < typical < BRIGHT else 2.0 ** (10 - round(np.log2(typical)))
