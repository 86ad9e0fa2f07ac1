"""The mid-sagittal plane of a head, and how alike its two sides are."""

from dataclasses import dataclass

import numpy as np

from ...numerics.lazy import ndimage, optimize
from ...shared.coarse import block_means

BLOCK_MM = 10.0
STEPS = (4.0, 0.08, 0.08)  # of the first simplex: mm, and tangents of the two angles of the plane
LIMITS = (30.0, 0.35, 0.35)
TOLERANCE = 0.01  # of the plane's parameters
BOTH = 0.5  # share of a block that must lie in the mask, on both sides


@dataclass(frozen=True)
class Mirror:
    """A reflection about a plane as an affine transform of the indices of blocks: input = matrix @ output + shift."""

    matrix: np.ndarray
    shift: np.ndarray

    @classmethod
    def at(cls, axes, normal, place):
        """axes: (x, y, z) of steps along (k, j, i). normal: a unit vector. place: of the plane, in mm along it."""
        along = np.linalg.solve(axes, normal)
        return cls(np.eye(3) - 2 * np.outer(along, normal @ axes), 2 * place * along)

    def __call__(self, blocks):
        return ndimage.affine_transform(blocks, self.matrix, self.shift, order=1)


def asymmetries(image, mask, geometry):
    """How unlike the sides of a mask and of an image in it are, two numbers in percent; None if unknown.

    The plane is the one about which the mask is most symmetric, near the sagittal ones: heads may be tilted.

    Parameters
    ----------
    image, mask : numpy.ndarray
        (k, j, i); bool.
    geometry : Geometry

    Returns
    -------
    of_mask : float
        Share of the mask without counterpart.
    of_image : float
        100 times the root mean square difference of the sides over that of two unrelated ones, of means in blocks.
    """
    spacing = geometry.spacing[::-1]
    factors = [max(1, round(BLOCK_MM / mm)) for mm in spacing]
    axes = np.reshape(geometry.direction, (3, 3))[:, ::-1] * np.multiply(factors, spacing)
    share = block_means(mask, factors)
    mirror = _found(share, axes)
    mirrored = mirror(share)
    of_mask = 100 * (1 - float(np.minimum(share, mirrored).sum() / share.sum()))
    both = (share > BOTH) & (mirrored > BOTH)
    if np.count_nonzero(both) < 2:
        return of_mask, None
    total = block_means(np.where(mask, image, 0), factors)
    here, there = total[both] / share[both], mirror(total)[both] / mirrored[both]
    variance = (here.var() + there.var()) / 2
    return of_mask, 100 * float(np.sqrt(np.mean(np.square(here - there)) / (2 * variance))) if variance else None


def _found(share, axes):
    """The Mirror about which the mask is most symmetric. share: of the mask in blocks."""
    middle = axes @ ndimage.center_of_mass(share)

    def mirror(parameters):
        offset, *tangents = parameters
        normal = np.array([1.0, *tangents])
        normal /= np.linalg.norm(normal)
        return Mirror.at(axes, normal, normal @ middle + offset)

    steps = np.vstack([np.zeros(3), np.diag(STEPS)])
    options = {"initial_simplex": steps, "xatol": TOLERANCE, "fatol": 1e-4 * float(np.square(share).sum())}
    limits = [(-most, most) for most in LIMITS]  # or a mask that lacks a quarter is symmetric about its diagonal
    cost = lambda parameters: -float(np.vdot(share, mirror(parameters)(share)))  # noqa: E731
    return mirror(optimize.minimize(cost, np.zeros(3), method="Nelder-Mead", bounds=limits, options=options).x)
