"""How much memory of a GPU a method needs, and what of its inputs stays there."""

import math
import weakref
from dataclasses import dataclass

import numpy as np

from .moving import moved
from .voxels import MARGIN_VOXELS

WORK = 1.5  # what is allocated over what is measured: work areas of transforms, and blocks that do not fit exactly
BASE_BYTES = 1e8  # whatever the size: code of CuPy, plans of transforms, samples of a scan


@dataclass(frozen=True)
class Need:
    """What a method needs at its peak, about, with its inputs; measured on arrays of another library on the CPU.

    Attributes
    ----------
    per_voxel : float
        Bytes per voxel of the images and of the margin that transforms have.
    per_echo : float
        Bytes per voxel and echo of the images.
    """

    per_voxel: float = 90.0
    per_echo: float = 15.0

    def bytes_of(self, shape):
        """The bytes for images of (echoes,) k, j, i voxels."""
        with_margin = math.prod(n + MARGIN_VOXELS for n in shape[-3:])
        of_echoes = math.prod(shape) if len(shape) > 3 else 0
        return self.per_voxel * with_margin + self.per_echo * of_echoes


USUAL = Need()  # of most methods, and of checks


def needed_bytes(inputs, need=USUAL):
    """About the memory that a function needs on a GPU for these inputs, that of the largest; 0 without arrays."""
    shapes = []
    moved(inputs, lambda x: shapes.append(x.shape) or x)
    return BASE_BYTES + WORK * max(map(need.bytes_of, shapes)) if shapes else 0.0


class Uploads:
    """The arrays on a GPU of numpy arrays that nobody can change, as long as those exist. upload: makes one."""

    def __init__(self, upload):
        self._upload, self._kept = upload, {}  # {id: (weak reference to the numpy array, array on the GPU)}

    def __len__(self):
        return len(self._kept)

    def of(self, x):
        """The array on the GPU of a numpy array."""
        if not _is_constant(x):
            return self._upload(x)
        source, there = self._kept.get(id(x), (lambda: None, None))
        if source() is not x:
            there = self._upload(x)
            self._kept[id(x)] = weakref.ref(x, self._forgetting(id(x))), there
        return there

    def clear(self):
        self._kept.clear()

    def _forgetting(self, key):
        """What forgets an array, and does not keep the others alive."""
        uploads = weakref.ref(self)

        def forget(_reference):
            found = uploads()
            if found is not None:
                found._kept.pop(key, None)

        return forget


def _is_constant(x):
    """Whether nobody can write into a numpy array, nor into what it is a view of."""
    while isinstance(x, np.ndarray):
        if x.flags.writeable:
            return False
        x = x.base
    return x is None
