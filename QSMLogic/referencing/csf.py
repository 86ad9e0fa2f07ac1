"""Reference to cerebrospinal fluid, which is found by its slow decay (Liu et al. 2018)."""

from dataclasses import dataclass

import numpy as np

from ..lazy import ndimage
from ..method import Citation, method, parameter

LARGEST_PARTS = 3
SMALLEST_MM3 = 100.0  # less fluid tells no mean; of a head, of smaller ones in proportion
DARK = 0.3  # of the median signal: noise does not decay either
HEAD_MM = 70.0  # radius of the ball that holds as much as a human brain


@dataclass(frozen=True)
class CsfParameters:
    r2star_hz: float = parameter(
        5.0, "R2* up to", unit="1/s", low=0.1, high=1000, help="Voxels whose signal decays no faster are fluid."
    )
    radius_mm: float = parameter(
        30.0,
        "Radius",
        unit="mm",
        low=1,
        high=1000,
        help="Fluid is looked for so far from the brain's middle; in a brain smaller than a human one, less.",
    )


@method(
    "reference",
    title="CSF",
    parameters=CsfParameters,
    citations=[Citation("Liu et al., Magn Reson Med 2018;79:2795-2803", "10.1002/mrm.26946")],
)
def csf(unreferenced, parameters, progress):
    """Shift the map so that its mean in the fluid of the ventricles is zero, found by R2* in the brain's middle.

    unreferenced: UnreferencedMap. Returns float32 in ppm (k, j, i), zero outside the mask. The fluid is the three
    largest connected parts of slow decay, without their surface. Where there is none, or too few echoes tell R2*, the
    reference is the mean of the mask, and a note says so.
    """
    fluid, why = _fluid(unreferenced, parameters)
    progress.note(region="mask" if why else "CSF", voxels=int(np.count_nonzero(fluid)))
    if why:
        progress.note(warning=f"CSF was not found ({why}); the map is relative to the mean of the mask.")
    return unreferenced.shifted(fluid)


def _fluid(unreferenced, parameters):
    """Where the fluid is, and ""; or the mask, and why there is none."""
    mask = unreferenced.mask
    if unreferenced.magnitude is None or len(unreferenced.magnitude) < 2:
        return mask, "R2* needs the magnitude of two echoes or more"
    scale = min(1.0, (0.75 / np.pi * np.count_nonzero(mask) * unreferenced.grid.voxel_volume_mm3) ** (1 / 3) / HEAD_MM)
    rate_hz = _r2star_hz(unreferenced.magnitude, unreferenced.echo_times_s)
    slow = mask & _near_the_middle(mask, unreferenced.grid, parameters.radius_mm * scale)
    first = np.nan_to_num(unreferenced.magnitude[0])
    slow &= first > DARK * np.median(first[mask])
    slow &= ndimage.median_filter(rate_hz, 3) <= parameters.r2star_hz
    parts, count = ndimage.label(slow)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    fluid = np.isin(parts, 1 + np.argsort(sizes)[::-1][:LARGEST_PARTS]) & (parts > 0)
    inner = ndimage.binary_erosion(fluid)
    least = max(SMALLEST_MM3 * scale**3 / unreferenced.grid.voxel_volume_mm3, 3)
    for found in (inner, fluid):
        if np.count_nonzero(found) >= least:
            return found, ""
    return mask, f"hardly a voxel in the middle of the mask decays at less than {parameters.r2star_hz:g}/s"


def _r2star_hz(magnitude, times):
    """The slope of the logarithm of the magnitude, weighted by its square; infinite where there is no signal."""
    times = np.reshape(np.asarray(times, np.float32), (-1, 1, 1, 1))
    signal = np.maximum(np.nan_to_num(magnitude), np.finfo(np.float32).tiny)
    weight = np.square(signal / max(float(signal.max()), np.finfo(np.float32).tiny))
    total = np.maximum(weight.sum(axis=0), np.finfo(np.float32).tiny)
    logarithm = np.log(signal)
    time_mean, mean = (weight * times).sum(axis=0) / total, (weight * logarithm).sum(axis=0) / total
    spread = (weight * np.square(times - time_mean)).sum(axis=0)
    slope = (weight * (times - time_mean) * (logarithm - mean)).sum(axis=0)
    return np.divide(-slope, spread, out=np.full_like(spread, np.inf), where=spread > 0)


def _near_the_middle(mask, grid, radius_mm):
    axes = np.ix_(*(np.arange(n) * d for n, d in zip(mask.shape, grid.spacing_mm, strict=True)))
    middle = [mean * d for mean, d in zip(ndimage.center_of_mass(mask), grid.spacing_mm, strict=True)]
    return sum(np.square(x - m) for x, m in zip(axes, middle, strict=True)) <= radius_mm**2
