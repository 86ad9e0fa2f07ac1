"""The shape of one head: the size of its ventricles, the size and position of its nuclei, and a smooth warp."""

import numpy as np

from ..numerics.lazy import ndimage
from ..numerics.parallel import for_slabs
from .shapes import Noise

WARPS = ((70.0, 2.5), (30.0, 0.8))  # extent of the displacements and their standard deviation along an axis, mm
NUCLEUS_MM, NUCLEUS_SCALE, VENTRICLE_SCALE = 1.0, 0.06, 0.18  # standard deviations of place, size and size
WALL_MM = 4.5  # radius of the lateral ventricles where the caudate lies against them


class Shape:
    """How the shape of a head differs from the standard's.

    deformation: 0 for not at all, 1 for as much as adults differ. rng: drawn from even where nothing differs.
    ventricle: factor on the radius of the lateral ventricles. wall_mm: how much farther out their wall lies.
    """

    def __init__(self, rng, deformation):
        self.deformation = deformation
        self.ventricle = float(np.exp(VENTRICLE_SCALE * deformation * _deviations(rng, ())))
        self.wall_mm = WALL_MM * (self.ventricle - 1)
        self._nuclei = _deviations(rng, (16, 2, 3)) * deformation
        self._warps = [(size_mm, [Noise(rng, extent_mm) for _ in range(3)]) for extent_mm, size_mm in WARPS]

    def nucleus(self, number, center, radii):
        """Center and half axes (s, a, l) in mm of the nucleus with this number, given those of the standard."""
        move, growth = self._nuclei[number]
        return tuple(np.add(center, NUCLEUS_MM * move)), tuple(np.multiply(radii, 1 + NUCLEUS_SCALE * growth))

    def warped(self, image, position, spacing_mm):
        """The image (k, j, i) moved by the warp, each voxel the nearest of the image; itself without deformation."""
        if not self.deformation:
            return image
        moved = np.empty_like(image)

        def work(start, stop):
            planes = slice(start, stop)
            here = (position[0][planes], *position[1:])
            voxels = np.stack([x / mm for x, mm in zip(self._displacement_mm(here), spacing_mm, strict=True)])
            for axis, (first, n) in enumerate(zip((start, 0, 0), voxels.shape[1:], strict=True)):
                voxels[axis] += np.arange(first, first + n).reshape([-1 if a == axis else 1 for a in range(3)])
            ndimage.map_coordinates(image, voxels, moved[planes], order=0, mode="nearest")

        for_slabs(work, image, 16)
        return moved

    def _displacement_mm(self, position):
        """Along each axis, (k, j, i)."""
        for axis in range(3):
            yield sum(
                np.float32(self.deformation * size_mm) * noises[axis](position) for size_mm, noises in self._warps
            )


def _deviations(rng, shape):
    """Normal deviates that stay within two standard deviations."""
    return np.clip(rng.standard_normal(shape), -2, 2)
