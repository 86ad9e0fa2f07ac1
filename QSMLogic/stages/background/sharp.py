"""SHARP: sophisticated harmonic artifact reduction for phase data (Schweser et al. 2011)."""

from dataclasses import dataclass

from ...numerics.convolution import convolve
from ...numerics.fft import pad
from ...registry.method import Citation, method, parameter
from ...shared.spherical_mean import SphericalMean, truncated_inverse


@dataclass(frozen=True)
class SharpParameters:
    radius_mm: float = parameter(
        6.0,
        "Radius",
        unit="mm",
        low=0.01,
        high=100,
        help="Radius of the sphere, at least one voxel. The mask is eroded by this radius.",
    )
    threshold: float = parameter(
        0.025,
        "Threshold",
        low=1e-4,
        high=1,
        help="Truncate the inverse filter where the filter is below this. Higher is smoother at the boundary.",
    )


@method(
    "background",
    title="SHARP",
    parameters=SharpParameters,
    citations=[Citation("Schweser et al., NeuroImage 2011;54:2789-2807", "10.1016/j.neuroimage.2010.10.070")],
    erodes_mask=True,
    on_gpu=True,
)
def sharp(total, parameters, progress):
    """Subtract the spherical mean, which removes harmonic fields, and deconvolve by the truncated inverse filter.

    total: FieldMap of the total field. Returns the FieldMap of the local field, its mask eroded by the radius.
    Raises QSMError if nothing would be left of the mask. The paper truncates the inverse of the filter at 0.05;
    on two simulated heads, half of that kept more of the broad local fields and lowered the error.
    """
    mean = SphericalMean(total, parameters.radius_mm, "SHARP")
    progress(0.3)
    filtered = convolve(pad(total.ppm, mean.shape), mean.highpass, mean.core)
    progress(0.6)
    local = convolve(filtered, truncated_inverse(mean.highpass, parameters.threshold))[mean.inside]
    progress(0.9)
    return total.with_field(local, mean.core_mask)
