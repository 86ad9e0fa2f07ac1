"""iHARPERELLA: HARPERELLA with the smallest field in the mask (Li et al. 2015)."""

from dataclasses import dataclass

from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.fft import pad
from ...numerics.kernels import laplacian_kernel
from ...numerics.namespace import namespace
from ...registry.method import Citation, method, parameter
from ...shared.laplacian_sources import LaplacianSources

MARGIN_VOXELS = 5.0


@dataclass(frozen=True)
class IharperellaParameters:
    iterations: int = parameter(10, "Iterations", low=1, high=1000, help="CG iterations.")


@method(
    "background",
    title="iHARPERELLA",
    parameters=IharperellaParameters,
    citations=[
        Citation("Li et al., NMR Biomed 2014;27:219-227", "10.1002/nbm.3056"),
    ],
    on_gpu=True,
)
def iharperella(total, parameters, progress):
    """Invert the Laplacian of the field, chosen outside the mask so that the field inside it has minimum norm.

    total: FieldMap of the total field. Returns the FieldMap of the local field; the mask is not eroded.
    Raises QSMError if the mask is too thin for a Laplacian. Solves min |M G (l + O u)|_2, with G the inverse
    Laplacian, l the Laplacian in the mask M and O all the rest (Li, Wu and Liu, Proc. ISMRM 2015, p. 3313).
    Conjugate gradients, preconditioned by the Laplacian outside, do in 10 steps of three pairs of transforms what
    takes 30 steps of two without. The Laplacian is that of the unwrapped field, not of the wrapped phase.
    """
    sources = LaplacianSources(total, MARGIN_VOXELS * total.grid.voxel_length_mm, "iHARPERELLA")
    mask = pad(total.mask, sources.shape) > 0
    laplacian = laplacian_kernel(sources.shape, total.grid.spacing_mm, namespace(total.ppm))
    in_mask = lambda x: convolve(x, sources.inverse_laplacian, mask)  # noqa: E731
    normal = lambda x: convolve(in_mask(x), sources.inverse_laplacian, sources.outside)  # noqa: E731
    precondition = lambda x: convolve(x, laplacian, sources.outside)  # noqa: E731
    right = -normal(sources.known)
    outside = conjugate_gradients(normal, right, parameters.iterations, precondition=precondition, progress=progress)
    return total.with_field(sources.field(outside))
