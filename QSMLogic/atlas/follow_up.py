"""Two scans of one person compared: registration by magnitude, common mask and reference, difference, changes."""

from dataclasses import dataclass, replace

import numpy as np

from ..files.geometry import Geometry
from ..model.errors import QSMError
from ..regions.brain import BRAIN
from ..regions.change import Difference, change_table, difference
from ..regions.table import RegionTable
from .rigid import RigidRegistration, register_rigidly

INSIDE = 0.99  # of the interpolated mask: all neighbors are inside
LEAST_ERROR_VOXELS = 0.05  # of the registration, measured on simulated heads; what forth and back agree in is not seen
LEAST_SHARED = 0.5  # of the smaller mask
MOST_UNLIKE = 20  # ratio of the spreads of two maps of one person; in ppm and ppb it is a thousand


@dataclass(frozen=True)
class Visit:
    """A scan of a person, arrays (k, j, i).

    Parameters
    ----------
    susceptibility_ppm, mask, magnitude : numpy.ndarray
        Map, reliable voxels (bool) and magnitude of one echo or of all echoes combined. Voxels whose susceptibility or
        uncertainty is not finite do not count as reliable.
    geometry : Geometry
        Their grid.
    uncertainty_ppm : numpy.ndarray, optional
        Standard deviation of the map.
    """

    susceptibility_ppm: np.ndarray
    mask: np.ndarray
    magnitude: np.ndarray
    geometry: Geometry
    uncertainty_ppm: np.ndarray | None = None


@dataclass(frozen=True)
class Comparison:
    """The registration, the Difference on the grid of the first scan, and the RegionTable of changes."""

    registration: RigidRegistration
    difference: Difference
    table: RegionTable


def compare_visits(first, second, regions, reference="", progress=None):
    """Compare two scans of one person.

    Parameters
    ----------
    first, second : Visit
        The earlier and the later scan; grids may differ.
    regions : sequence of Region
        On the grid of the first scan.
    reference : str
        Name of the region that is the common reference; "" or `BRAIN` for all voxels that both scans show.
    progress : callable, optional
        Called as progress(stage, fraction); it may raise Cancelled.

    Returns
    -------
    Comparison

    Raises
    ------
    QSMError
        If the scans cannot be registered, share too little, have no such reference, are in different units, or are one
        scan.
    """
    progress, reference = progress or (lambda stage, fraction: None), "" if reference == BRAIN else reference
    first, second = _finite(first), _finite(second)
    zero = _region(regions, reference, first.geometry.shape) if reference else None
    if np.array_equal(first.susceptibility_ppm, second.susceptibility_ppm):
        raise QSMError("Both maps have the same values, so that there is no change to find. Choose maps of two scans.")
    _check_spreads(first, second)
    progress("register", 0.0)
    scans = [(visit.magnitude, visit.geometry, visit.mask) for visit in (first, second)]
    registration = register_rigidly(*scans, lambda done: progress("register", 0.8 * done))
    progress("compare", 0.8)
    grids = second.geometry, first.geometry
    mask = first.mask & (registration.resampled(second.mask, *grids) > INSIDE)
    if mask.sum() < LEAST_SHARED * min(first.mask.sum(), second.mask.sum()):
        raise QSMError(
            "The scans show different parts of the head: less than half of the smaller map is in both. Choose scans of "
            "the same region, and check their masks."
        )
    moved = registration.resampled(_centered(second), *grids, "cubic")
    uncertainties = first.uncertainty_ppm, second.uncertainty_ppm
    if uncertainties[1] is not None:
        uncertainties = uncertainties[0], registration.resampled(uncertainties[1], *grids)
    error = max(registration.error_mm / np.prod(first.geometry.spacing) ** (1 / 3), LEAST_ERROR_VOXELS)
    found = difference(first.susceptibility_ppm, moved, mask, uncertainties, error, zero)
    table = change_table(found, regions, reference)
    table = replace(table, settings=table.settings | _settings(registration, found))
    progress("compare", 1.0)
    return Comparison(registration, found, table)


def _finite(visit):
    """The scan without values that are not finite, in its mask or out of it."""
    arrays = {name: getattr(visit, name) for name in ("susceptibility_ppm", "uncertainty_ppm")}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    mask = np.logical_and.reduce([visit.mask, *map(np.isfinite, arrays.values())])
    return replace(visit, mask=mask, **{name: np.nan_to_num(x, posinf=0, neginf=0) for name, x in arrays.items()})


def _check_spreads(*visits):
    spreads = [np.diff(np.percentile(v.susceptibility_ppm[v.mask], (10, 90))).item() for v in visits if v.mask.any()]
    if len(spreads) == 2 and max(spreads) > MOST_UNLIKE * min(spreads) > 0:
        raise QSMError(
            f"The values of one map spread {max(spreads) / min(spreads):.0f} times as much as those of the other. "
            "Check that both are susceptibility maps in ppm."
        )


def _centered(visit):
    """The map with mean zero in its mask, so that it has no edge there that interpolation would spread."""
    mean = visit.susceptibility_ppm[visit.mask].mean(dtype=np.float64)
    return np.where(visit.mask, visit.susceptibility_ppm - np.float32(mean), np.float32(0))


def cautions(records, uncertainties_known):
    """Sentences why a comparison may not hold. records: the provenance of the maps, as far as it is known."""
    settings = [record.get("settings") for record in records]
    if len(settings) == 2 and settings[0] != settings[1]:
        yield "The scans were mapped with different settings, which changes values. Map both with the same settings."
    if not uncertainties_known:
        yield "The uncertainty of a map is not known, so that all voxels are taken as equally uncertain."


def summary(table):
    """What was found, in words, from the table of changes."""
    moved = table.settings
    changed = [f"{row['segment']} {row['change']:+.3g} {row['unit']}" for row in table.rows if row["changed"]]
    return (
        f"Registered by {moved['rotation_deg']:.2f} degrees and {moved['translation_mm']:.2f} mm (correlation of the "
        f"magnitude {moved['magnitude_correlation']:.2f}). Changed beyond the uncertainty: "
        f"{', '.join(changed) or 'no region'}."
    )


def _region(regions, name, shape):
    found = next((region for region in regions if region.name == name), None)
    if found is None:
        known = ", ".join(region.name for region in regions)
        raise QSMError(f"There is no region {name!r} for reference; the regions are: {known}.")
    return found.cropped(shape).filled(shape)


def _settings(registration, found):
    return {
        "rotation_deg": round(registration.rotation_deg, 3),
        "translation_mm": round(registration.translation_mm, 3),
        "registration_error_mm": round(registration.error_mm, 4),
        "magnitude_correlation": round(registration.correlation, 4),
        "sharpness_voxels2": round(found.sharpness, 4),
        "common_voxels": int(np.count_nonzero(found.mask)),
    }
