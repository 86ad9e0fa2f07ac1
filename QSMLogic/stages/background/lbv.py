"""LBV: the background field as the solution of a Laplacian boundary value problem (Zhou et al. 2014)."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.fft import next_fast_shape, pad
from ...numerics.kernels import laplacian_kernel
from ...numerics.lazy import ndimage
from ...registry.method import Citation, method, parameter
from ...shared.laplacian_sources import inverse

NEIGHBOURS = {"faces": 1, "edges": 2, "corners": 3}


@dataclass(frozen=True)
class LbvParameters:
    rim: str = parameter(
        "edges",
        "Rim",
        choices=tuple(NEIGHBOURS),
        help="Voxels that share a face, an edge or a corner with one outside the mask are its rim.",
    )
    peel: int = parameter(
        0,
        "Layers to peel",
        low=0,
        high=20,
        help="Take so many layers of voxels off the mask first, where the field at its rim is not to be trusted.",
    )
    tolerance: float = parameter(
        1e-3, "Tolerance", low=0, high=0.5, help="Stop when the residual has fallen to this part of its first value."
    )
    iterations: int = parameter(50, "Iterations", low=1, high=1000, help="At most so many steps.")


@method(
    "background",
    title="LBV",
    parameters=LbvParameters,
    citations=[Citation("Zhou et al., NMR Biomed 2014;27:312-319", "10.1002/nbm.3064")],
    erodes_mask=True,
)
def lbv(total, parameters, progress):
    """Take the field at the mask's rim for background, continue it harmonically inside, and subtract it.

    total: FieldMap of the total field. Returns the FieldMap of the local field; its mask loses the rim, one voxel,
    where the local field is zero by assumption. Raises QSMError where nothing would be left of the mask.
    The paper solves for the background by multigrid. Here conjugate gradients solve for the local field, which has
    the Laplacian of the total field inside and is zero at the rim; their preconditioner, the inverse of the Laplacian
    without a rim, leaves errors near the rim only, and about 13 steps do on any grid, at two pairs of transforms each.
    A rim of edge neighbours was the best compromise on two simulated heads.
    """
    neighbours = ndimage.generate_binary_structure(3, NEIGHBOURS[parameters.rim])
    mask = total.mask
    if parameters.peel:
        mask = ndimage.binary_erosion(mask, iterations=parameters.peel)
    core_mask = ndimage.binary_erosion(mask, neighbours)
    if not core_mask.any():
        raise QSMError(
            "The mask is too thin for LBV: every voxel of it belongs to the rim. Give a larger mask, peel fewer layers "
            "off, or choose a method that keeps the rim, such as PDF."
        )
    shape = next_fast_shape(n + 1 for n in total.ppm.shape)
    core, laplacian = pad(core_mask, shape), laplacian_kernel(shape, total.grid.spacing_mm)
    inverse_laplacian = inverse(laplacian)
    apply = lambda x: convolve(x, laplacian, core)  # noqa: E731
    precondition = lambda x: convolve(x, inverse_laplacian, core)  # noqa: E731
    local = conjugate_gradients(
        apply,
        apply(pad(total.ppm, shape)),
        parameters.iterations,
        tolerance=parameters.tolerance,
        precondition=precondition,
        progress=progress,
    )
    return total.with_field(local[tuple(slice(n) for n in total.ppm.shape)], core_mask)
