"""How much energy maps and fields have near the zero cone of the dipole kernel, where no map makes a field."""

import numpy as np

from ...model.acquisition import bounding_box, cropped_grid
from ...numerics.fft import frequencies, next_fast_shape, pad, rfftn
from ...numerics.kernels import dipole_kernel

CONE, FAR = 0.1, 0.2  # |D| up to which frequencies lie in the cone, and from which on they lie outside
BANDS = (0.06, 0.1, 0.15, 0.2, 0.28)  # cycles per voxel: finer than the shape of the mask, coarser than noise


class Cone:
    """The frequencies in and around the zero cone on the grid of a mask."""

    def __init__(self, mask, grid):
        self.box = bounding_box(mask, margin=0)
        self.mask = mask[self.box]
        grid = cropped_grid(grid, self.box)
        self.shape = next_fast_shape(grid.shape)
        size = np.abs(dipole_kernel(self.shape, grid.spacing_mm, grid.b0_direction))
        k = np.sqrt(sum(np.square(f) for f in frequencies(self.shape, (1, 1, 1))))
        band = np.digitize(k, BANDS).astype(np.uint8)  # 1: the first; 0 and the last lie outside
        self.code = np.where(size < CONE, 2 * band, np.where(size > FAR, 2 * band + 1, 0)).ravel()

    def energy(self, image):
        """The mean energy of an image in the cone over that outside, at the same frequencies; None if it is flat.

        About 1 if the energy is the same in all directions; the median over the BANDS.
        """
        values = image[self.box]
        values = np.where(self.mask, values - np.median(values[self.mask]), np.float32(0))
        spectrum = rfftn(pad(values, self.shape)).ravel()
        energy = np.square(spectrum.real) + np.square(spectrum.imag)
        count = 2 * len(BANDS)
        sums, sizes = (np.bincount(self.code, w, count + 2)[2:count].reshape(-1, 2) for w in (energy, None))
        known = (sizes > 0).all(axis=1) & (sums[:, 1] > 0)
        ratios = (sums[known, 0] / sizes[known, 0]) / (sums[known, 1] / sizes[known, 1])
        return float(np.median(ratios)) if known.any() else None
