"""LBV: the background field as the solution of a Laplacian boundary value problem (Zhou et al. 2014)."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.fft import next_fast_shape, pad
from ...numerics.kernels import laplacian_kernel
from ...numerics.morphology import eroded
from ...numerics.namespace import library
from ...registry.method import Citation, method, parameter
from ...shared.laplacian_sources import inverse

NEIGHBORS = {"faces": 1, "edges": 2, "corners": 3}


@dataclass(frozen=True)
class LbvParameters:
    rim: str = parameter(
        "edges",
        "Boundary connectivity",
        choices=tuple(NEIGHBORS),
        help="Boundary voxels share a face, an edge or a corner with a voxel outside the mask (6, 18 or 26 neighbors).",
    )
    peel: int = parameter(
        0,
        "Layers to peel",
        low=0,
        high=20,
        help="Erode the mask by this many voxels first, if the field at its boundary is unreliable.",
    )
    tolerance: float = parameter(
        1e-3,
        "Tolerance",
        low=0,
        high=0.5,
        varies=False,
        help="Stop when the residual relative to its initial value is below this.",
    )
    iterations: int = parameter(50, "Iterations", low=1, high=1000, help="Maximum number of iterations.")


@method(
    "background",
    title="LBV",
    parameters=LbvParameters,
    citations=[Citation("Zhou et al., NMR Biomed 2014;27:312-319", "10.1002/nbm.3064")],
    erodes_mask=True,
    on_gpu=True,
)
def lbv(total, parameters, progress):
    """Subtract the harmonic field that equals the total field at the mask boundary (Laplacian boundary value problem).

    total: FieldMap of the total field. Returns the FieldMap of the local field; its mask is eroded by one voxel,
    because the local field is assumed to be zero at the boundary. Raises QSMError if nothing would be left of the mask.
    The paper solves for the background by multigrid. Here conjugate gradients solve for the local field, which has
    the Laplacian of the total field inside and is zero at the boundary. Their preconditioner, the inverse of the
    Laplacian without a boundary, leaves errors near the boundary only, so that about 13 steps suffice on any grid, at
    two pairs of transforms each. A boundary of edge neighbors was the best compromise on two simulated heads.
    """
    of = library(total.mask)
    mask = eroded(total.mask, parameters.peel) if parameters.peel else total.mask
    neighbors = of.ndimage.generate_binary_structure(3, NEIGHBORS[parameters.rim])
    core_mask = of.ndimage.binary_erosion(mask, neighbors)
    if not core_mask.any():
        raise QSMError(
            "The mask is too thin for LBV: it consists of boundary voxels only. Use a larger mask, peel fewer layers, "
            "or choose a method that does not erode the mask, such as PDF."
        )
    shape = next_fast_shape(n + 1 for n in total.ppm.shape)
    core, laplacian = pad(core_mask, shape), laplacian_kernel(shape, total.grid.spacing_mm, of.xp)
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
