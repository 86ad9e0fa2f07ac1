"""Fields that are known by formula, on voxel grids."""

import numpy as np

from QSMLogic import Grid


def positions_mm(grid):
    """Distances from the middle voxel along each axis (k, j, i), shaped to broadcast."""
    return np.ix_(*((np.arange(n) - n // 2) * d for n, d in zip(grid.shape, grid.spacing_mm, strict=True)))


def coverage(inside, grid, fine=4):
    """The share of each voxel for which `inside(k, j, i)` (positions in mm) holds."""
    steps = (np.arange(fine) + 0.5) / fine - 0.5
    total = np.zeros(grid.shape)
    for shift in np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3):
        total += inside(*(x + s * d for x, s, d in zip(positions_mm(grid), shift, grid.spacing_mm, strict=True)))
    return (total / fine**3).astype(np.float32)


def sphere(grid, radius_mm, center_mm=(0, 0, 0), susceptibility_ppm=1.0):
    """The field (ppm) of a sphere: none inside, a dipole outside. Returns the field and the distance (mm)."""
    offset = [x - c for x, c in zip(positions_mm(grid), center_mm, strict=True)]
    distance = np.sqrt(sum(x**2 for x in offset))
    cosine = sum(x * b for x, b in zip(offset, grid.b0_direction, strict=True)) / np.maximum(distance, 1e-9)
    outside = susceptibility_ppm / 3 * (radius_mm / np.maximum(distance, 1e-9)) ** 3 * (3 * cosine**2 - 1)
    return np.where(distance > radius_mm, outside, 0).astype(np.float32), distance


def cylinder(grid, radius_mm, axis, susceptibility_ppm=1.0):
    """The field (ppm) of an endless cylinder along an array axis. Returns the field and the distance from it (mm)."""
    b0 = np.asarray(grid.b0_direction)
    along = b0[axis]
    across = b0.copy()
    across[axis] = 0
    offset = [0 * x if a == axis else x for a, x in enumerate(positions_mm(grid))]
    distance = np.sqrt(sum(x**2 for x in offset))
    sine_squared = 1 - along**2
    if sine_squared > 1e-12:
        across /= np.sqrt(sine_squared)
    cosine = sum(x * b for x, b in zip(offset, across, strict=True)) / np.maximum(distance, 1e-9)
    outside = sine_squared / 2 * (radius_mm / np.maximum(distance, 1e-9)) ** 2 * (2 * cosine**2 - 1)
    field = np.where(distance > radius_mm, outside, (along**2 - 1 / 3) / 2)
    return (susceptibility_ppm * field).astype(np.float32), distance + np.zeros(grid.shape)


def ball(grid, radius_mm):
    """A ball-shaped mask around the middle voxel."""
    return sum(x**2 for x in positions_mm(grid)) < radius_mm**2


GRIDS = {
    "isotropic": Grid((64, 64, 64), (1, 1, 1), (1, 0, 0)),
    "anisotropic": Grid((40, 64, 72), (2, 1.2, 1), (1, 0, 0)),
    "B0 along j": Grid((64, 60, 56), (1, 1, 1), (0, 1, 0)),
    "B0 along i": Grid((56, 64, 60), (1, 1, 1), (0, 0, 1)),
    "oblique": Grid((64, 64, 48), (1, 1, 1.5), (0.8, 0.36, -0.48)),
}
