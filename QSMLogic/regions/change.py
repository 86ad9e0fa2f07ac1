"""What has changed between two maps of one person, and which regions did beyond the uncertainty of their change."""

import math
from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage
from .source_columns import CHANGE_COLUMNS
from .table import RegionTable

# Errors of the changes of deep gray nuclei between two scans of ten unchanged simulated heads (3 T, voxels of 2 mm,
# turned by 6 to 10 degrees) over those of copies elsewhere in the brain; root mean square
NUCLEI = 1.25
NUCLEI_WITHOUT_UNCERTAINTY = 1.6
COPIES, LEAST_COPIES, TRIES = 400, 40, 20
LEAST_INSIDE = 0.9  # of a copy
NORMAL = 1.4826  # standard deviation over median absolute deviation
LEVEL, NORMAL_95 = 0.05, 1.959964
PASSES, OUTLIER = 5, 1.5  # of the robust fit of sharpness
LEAST_PPM = 1e-5  # of an uncertainty: maps that are equal but for their zero differ by rounding, which is no change
MOST_BLUR = 1 / 12  # of linear interpolation, in squared voxel lengths


@dataclass(frozen=True)
class Difference:
    """A second map minus a first one on the grid of the first; arrays (k, j, i).

    Attributes
    ----------
    ppm, uncertainty_ppm : numpy.ndarray
        Difference and its standard uncertainty, float32, zero outside the mask.
    mask : numpy.ndarray
        Where both maps are reliable, bool.
    first_ppm : numpy.ndarray
        The first map relative to the common reference.
    sharpness : float
        By how much the second map was blurrier, in squared voxel lengths of half a Gaussian's variance; removed.
    factor : float
        By which the errors of nuclei exceed those of copies of them elsewhere.
    """

    ppm: np.ndarray
    uncertainty_ppm: np.ndarray
    mask: np.ndarray
    first_ppm: np.ndarray
    sharpness: float
    factor: float


def difference(first, second, mask, uncertainties=(None, None), error_voxels=0.0, reference=None):
    """Subtract two maps that lie on one grid.

    Both are made relative to the mean of the same voxels. The second has been interpolated, and is blurrier: the
    difference is fitted by the Laplacian of the mean of both maps, and that part removed, so that small bright nuclei
    do not seem to fade. The uncertainty of a voxel is that of both maps, and the gradient times the error of the
    registration, scaled so that two thirds of the differences in the mask lie within it: errors that both maps share
    cancel.

    Parameters
    ----------
    first, second : numpy.ndarray
        Susceptibility in ppm (k, j, i).
    mask : numpy.ndarray
        Where both are reliable, bool.
    uncertainties : tuple
        Their standard deviations; None if unknown, which takes all voxels as equally uncertain.
    error_voxels : float
        Of the registration, in voxel lengths.
    reference : numpy.ndarray, optional
        The region in which both are zero on average, bool; by default the mask.

    Returns
    -------
    Difference

    Raises
    ------
    QSMError
        If mask and reference have no voxel in common.
    """
    zero = mask if reference is None else mask & reference
    if not zero.any():
        raise QSMError("The reference lies outside what both scans show. Choose another one, or none.")
    first, second = (np.where(mask, x - np.float64(x[zero].mean(dtype=np.float64)), 0) for x in (first, second))
    sharpness, change = _at_same_sharpness(second - first, (first + second) / 2, mask)
    change -= change[zero].mean() * mask
    known = all(sigma is not None for sigma in uncertainties)
    variance = sum(np.square(sigma, dtype=np.float64) for sigma in uncertainties) if known else mask.astype(float)
    if known and error_voxels:
        variance = variance + error_voxels**2 * sum(g**2 for g in np.gradient((first + second) / 2))
    sigma = np.where(mask, np.sqrt(np.maximum(variance, np.finfo(np.float32).tiny)), 0)
    sigma *= NORMAL * np.median(np.abs(change[mask]) / sigma[mask])
    sigma = np.where(mask, np.maximum(sigma, LEAST_PPM), 0)
    arrays = (array.astype(np.float32) for array in (change, sigma))
    factor = NUCLEI if known else NUCLEI_WITHOUT_UNCERTAINTY
    return Difference(*arrays, mask, first.astype(np.float32), sharpness, factor)


def change_table(found, regions, names_of_reference=""):
    """The changes of regions, with uncertainties and a test that allows for their number.

    The standard uncertainty of a region's mean is that of the map in it, times the ratio of error and uncertainty in
    400 copies of the region at other places of the brain, whose change should be zero: errors of neighbors, which do
    not average out, are counted as they are in these two scans. The median of the copies is taken, so that changes
    elsewhere do not matter.

    Parameters
    ----------
    found : Difference
    regions : iterable of Region
        On the grid of the difference.
    names_of_reference : str
        Name of the region that is the common reference; it is not tested, and its uncertainty is added to all others.

    Returns
    -------
    RegionTable
        With CHANGE_COLUMNS.

    Notes
    -----
    The p values are corrected by Holm, Scand J Stat 1979;6:65-70. Copies are drawn from a fixed seed.
    """
    regions = [region.cropped(found.mask.shape) for region in regions]
    rows = [_row(found, region) for region in regions]
    reference = next((row for row in rows if row["segment"] == names_of_reference), None)
    for row in rows:
        if (
            reference
            and row is not reference
            and None not in (row["change_uncertainty"], reference["change_uncertainty"])
        ):
            row["change_uncertainty"] = math.hypot(row["change_uncertainty"], reference["change_uncertainty"])
    tested = [row for row in rows if row["change_uncertainty"] and row is not reference]
    for row in tested:
        reach = NORMAL_95 * row["change_uncertainty"]
        row |= {"low": row["change"] - reach, "high": row["change"] + reach}
        row["z"] = row["change"] / row["change_uncertainty"]
    for row, p in zip(tested, holm([math.erfc(abs(row["z"]) / math.sqrt(2)) for row in tested]), strict=True):
        row |= {"p_holm": p, "changed": "yes" if p < LEVEL else ""}
    if reference:
        reference["note"] = "; ".join(filter(None, ("reference", reference["note"])))
    return RegionTable(tuple(rows), {"reference": names_of_reference}, CHANGE_COLUMNS)


def holm(p_values):
    """p values corrected by Holm's step-down method, in the order given."""
    order, corrected, largest = np.argsort(p_values), [0.0] * len(p_values), 0.0
    for rank, n in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[n]))
        corrected[n] = float(largest)
    return corrected


def _at_same_sharpness(change, mean, mask):
    """(coefficient, the change without what follows the Laplacian of the mean)"""
    curvature, inner = ndimage.laplace(mean), ndimage.binary_erosion(mask)
    x, y = curvature[inner], change[inner]
    if not x.size or not x.any():
        return 0.0, change
    weight = np.ones_like(y)
    for _ in range(PASSES):
        slope = (weight * x * y).sum() / (weight * x * x).sum()
        rest = np.abs(y - slope * x)
        limit = max(OUTLIER * NORMAL * np.median(rest), np.finfo(np.float32).tiny)
        weight = 1 / np.maximum(1, rest / limit)
    slope = min(max(slope, 0.0), MOST_BLUR)
    return float(slope), np.where(inner, change - slope * curvature, change)


def _row(found, region):
    inside, mask = region.inside(), found.mask[region.box]
    included = inside & mask
    row = dict.fromkeys((column.key for column in CHANGE_COLUMNS), None)
    count, lost = np.count_nonzero(included), np.count_nonzero(inside & ~mask)
    row |= {"segment": region.name, "map": "susceptibility", "unit": "ppm", "voxels": int(count), "changed": ""}
    row["note"] = f"{lost} voxels are not in both scans" if lost else ""
    if not count:
        return row | {"note": row["note"] or region.note or "empty"}
    first, change, sigma = (
        float(x[region.box][included].mean(dtype=np.float64))
        for x in (found.first_ppm, found.ppm, found.uncertainty_ppm)
    )
    row |= {"first_mean": first, "change": change, "second_mean": first + change}
    ratio = _ratio_of_copies(found, inside)
    if ratio is None:
        note = "too large for copies elsewhere in the brain, so that the uncertainty is not known"
        return row | {"note": "; ".join(filter(None, (row["note"], note)))}
    return row | {"change_uncertainty": max(found.factor * ratio * sigma, LEAST_PPM)}


def _ratio_of_copies(found, inside):
    """Error over uncertainty of the means of copies of a region (bool, cut to its box); None if too few fit."""
    shape, box = np.array(found.mask.shape), np.array(inside.shape)
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    middles = np.argwhere(found.mask)
    chosen = np.random.default_rng(0).integers(len(middles), size=COPIES * TRIES)
    corners = middles[chosen] - box // 2
    corners = corners[((corners >= 0) & (corners + box <= shape)).all(axis=1)] @ strides
    voxels = np.argwhere(inside) @ strides
    mask, change, sigma = (x.ravel() for x in (found.mask, found.ppm, found.uncertainty_ppm))
    ratios = []
    for corner in corners:
        places = voxels + corner
        known = mask[places]
        if known.mean() >= LEAST_INSIDE:
            ratios.append(change[places][known].sum(dtype=np.float64) / sigma[places][known].sum(dtype=np.float64))
            if len(ratios) == COPIES:
                break
    return NORMAL * float(np.median(np.abs(ratios))) if len(ratios) >= LEAST_COPIES else None
