"""Reference to cerebrospinal fluid, which is found by its slow decay (Liu et al. 2018)."""

from dataclasses import dataclass

from ...numerics.namespace import namespace
from ...registry.method import Citation, method, parameter
from ...shared.csf import R2STAR_HZ, RADIUS_MM, find_fluid, volume_and_limit_ml


@dataclass(frozen=True)
class CsfParameters:
    r2star_hz: float = parameter(
        R2STAR_HZ, "Maximum R2*", unit="1/s", low=0.1, high=1000, help="Voxels with a lower R2* are taken to be CSF."
    )
    radius_mm: float = parameter(
        RADIUS_MM,
        "Search radius",
        unit="mm",
        low=1,
        high=1000,
        help="CSF is searched within this distance of the center of the brain; scaled down for small brains.",
    )


@method(
    "reference",
    title="CSF",
    parameters=CsfParameters,
    citations=[Citation("Liu et al., Magn Reson Med 2018;79:2795-2803", "10.1002/mrm.26946")],
    on_gpu=True,
)
def csf(unreferenced, parameters, progress):
    """Shift the map so that its mean in the ventricular CSF is zero; CSF is found by low R2* near the brain's center.

    unreferenced: UnreferencedMap. Returns float32 in ppm (k, j, i), zero outside the mask. The fluid is the three
    largest connected parts of slow decay, without their surface. If there is none, or there are too few echoes for R2*,
    the reference is the mean of the mask, and a warning says so. The checks of a run say how much fluid it was.
    """
    scan = unreferenced.magnitude, unreferenced.echo_times_s, unreferenced.mask, unreferenced.grid
    fluid, why = find_fluid(*scan, parameters.r2star_hz, parameters.radius_mm)
    if fluid is None:
        fluid = unreferenced.mask
    progress.note(region="mask" if why else "CSF", voxels=int(namespace(fluid).count_nonzero(fluid)))
    volume_ml, limit_ml = volume_and_limit_ml(fluid, unreferenced.mask, unreferenced.grid)
    if not why:
        progress.note(volume_ml=round(volume_ml, 6), reliable_from_ml=round(limit_ml, 6))
        progress.note(**unreferenced.in_brain(fluid))
    else:
        progress.note(warning=f"CSF was not found ({why}); the map is relative to the mean of the mask.")
    return unreferenced.shifted(fluid)
