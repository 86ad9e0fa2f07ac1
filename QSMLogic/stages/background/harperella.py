"""HARPERELLA: harmonic phase removal using the Laplacian operator (Li et al. 2014)."""

from dataclasses import dataclass

from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.kernels import sphere_kernel
from ...numerics.namespace import namespace
from ...registry.method import Citation, method, parameter
from ...shared.laplacian_sources import LaplacianSources


@dataclass(frozen=True)
class HarperellaParameters:
    radius_mm: float = parameter(
        10.0, "Radius", unit="mm", low=0.01, high=100, help="Radius of the sphere, at least one voxel."
    )
    iterations: int = parameter(20, "Iterations", low=1, high=1000, help="CG iterations.")


@method(
    "background",
    title="HARPERELLA",
    parameters=HarperellaParameters,
    citations=[Citation("Li et al., NMR Biomed 2014;27:219-227", "10.1002/nbm.3056")],
    on_gpu=True,
)
def harperella(total, parameters, progress):
    """Invert the Laplacian of the field, chosen outside the mask so that its spherical mean vanishes there.

    total: FieldMap of the total field. Returns the FieldMap of the local field; the mask is not eroded.
    Raises QSMError if the mask is too thin for a Laplacian. Harmonic fields have none; the sources of the local
    field are dipoles, whose Laplacian has no mean over a sphere that holds them. Solves min |O S (l + O u)|_2, with S
    the spherical mean, l the Laplacian in the mask and O all the rest, at two pairs of transforms a step. The paper
    takes the Laplacian of the wrapped phase, here it is that of the unwrapped field. More than 20 steps lowered the
    error on one simulated head and raised it on another.
    """
    radius_mm = max(parameters.radius_mm, *total.grid.spacing_mm)
    sources = LaplacianSources(total, radius_mm, "HARPERELLA")
    mean = sphere_kernel(sources.shape, total.grid.spacing_mm, radius_mm, namespace(total.ppm))
    mean_outside = lambda x: convolve(x, mean, sources.outside)  # noqa: E731
    mean_outside_twice = lambda x: mean_outside(mean_outside(x))  # noqa: E731
    right = -mean_outside_twice(sources.known)
    outside = conjugate_gradients(mean_outside_twice, right, parameters.iterations, progress=progress)
    return total.with_field(sources.field(outside))
