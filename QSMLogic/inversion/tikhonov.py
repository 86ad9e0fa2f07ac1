"""Tikhonov: least squares with a quadratic penalty, in closed form (Bilgic et al. 2014)."""

from dataclasses import dataclass

import numpy as np

from ..dipole import DipoleModel
from ..kernels import laplacian_kernel
from ..method import Citation, method, parameter


@dataclass(frozen=True)
class TikhonovParameters:
    penalty: str = parameter(
        "identity",
        "Penalty",
        choices=("identity", "gradient", "laplacian"),
        help="What is kept small: the values, their gradient, or their Laplacian.",
    )
    strength: float = parameter(
        0.01,
        "Strength",
        low=1e-6,
        high=100,
        help="Weight of the penalty. Higher is smoother, with fewer streaks.",
    )


@method(
    "invert",
    title="Tikhonov",
    parameters=TikhonovParameters,
    citations=[
        Citation("Bilgic et al., J Magn Reson Imaging 2014;40:181-191", "10.1002/jmri.24365"),
    ],
)
def tikhonov(local, parameters, progress):
    """Solve min |D x - f|_2^2 + strength |P x|_2^2 in k-space, in closed form.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    P is the identity, the gradient or the Laplacian, with lengths in voxels (the cube root of their volume), so that
    the strength holds for any voxel size. Costs one pair of transforms.
    """
    model = DipoleModel(local)
    size_mm = local.grid.voxel_volume_mm3 ** (1 / 3)
    penalty = np.ones_like(model.kernel)
    if parameters.penalty != "identity":
        penalty = laplacian_kernel(model.shape, [d / size_mm for d in model.spacing_mm])
    if parameters.penalty == "laplacian":
        np.square(penalty, out=penalty)
    penalty *= np.float32(parameters.strength)
    penalty += np.square(model.kernel)
    inverse = np.divide(model.kernel, penalty, out=np.zeros_like(penalty), where=penalty > 0)
    return model.inverted(local.ppm, inverse, progress)
