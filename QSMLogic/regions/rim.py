"""Profiles across the surface of lesions, in which a bright or dark rim shows."""

import math

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage
from .region import LabelRegions
from .sample import ALIKE_VOXELS, Sample
from .source_columns import RIM_COLUMNS, RIM_SUMMARY_COLUMNS
from .table import RegionTable

STEP_MM, RIM_MM, OUTER_MM = 1.0, 2.0, 5.0
LEAST_VOXELS = 27  # of a lesion; a smaller one is no more than its edge
MOST_FINE = 20_000_000  # parts of voxels in which distances are measured, a few seconds
PARTS, MOST_PARTS = 3, 15  # of the shortest voxel side by which distances are measured; of a longer one


def rim_profiles(image, regions, grid, *, mask=None, step_mm=STEP_MM, rim_mm=RIM_MM, outer_mm=OUTER_MM):
    """Average a map at each distance from the surface of lesions.

    The rim lies within `rim_mm` inside the surface, the core is deeper, and the surroundings lie outside, from half a
    voxel on, up to `outer_mm`. Voxels of other lesions and outside the mask do not count. The
    uncertainty of rim minus core and of rim minus surroundings is sqrt(a^2 + b^2) of the errors of both means, where
    neighboring voxels count as one value in ALIKE_VOXELS, as the errors of means of maps do.

    Parameters
    ----------
    image : MapImage
        The map.
    regions : sequence of Region
        The lesions on its grid, each drawn up to the outer edge of its rim.
    grid : Grid
    mask : numpy.ndarray, optional
        Reliable voxels, bool (k, j, i).
    step_mm, rim_mm, outer_mm : float
        Width of a step of the profile, of the rim, and reach outside.

    Returns
    -------
    profiles, summary : RegionTable
        RIM_COLUMNS, a row for each step from inside to outside, and RIM_SUMMARY_COLUMNS, a row for each lesion, whose
        note says what it lacks: voxels, a rim or a core, or a part that lies outside the mask.

    Raises
    ------
    QSMError
        If there is no lesion, or a length is not above zero.
    """
    lengths = {"step": step_mm, "rim": rim_mm, "reach outside": outer_mm}
    for name, length in lengths.items():
        if not (math.isfinite(length) and length > 0):
            raise QSMError(f"The {name} must be a length above 0 mm, not {length}.")
    if not len(regions):
        raise QSMError("There is no lesion. Choose a label image or a segmentation with lesions.")
    known = np.isfinite(image.array) if mask is None else np.isfinite(image.array) & mask
    lesions = [region.cropped(grid.shape) for region in regions]
    taken = np.zeros(grid.shape, bool)
    for lesion in lesions:
        taken[lesion.box] |= lesion.inside()
    profiles, summary = [], []
    for lesion in lesions:
        values, distances = _around(image, lesion, taken, known, grid, outer_mm)
        row = {"segment": lesion.name, "map": "susceptibility", "unit": image.unit}
        size = int(np.count_nonzero(distances < 0))
        if size >= LEAST_VOXELS:
            profiles += [row | step for step in _steps(values, distances, step_mm)]
        lost = int(np.count_nonzero(lesion.inside())) - size
        summary.append(row | _summary(values, distances, (size, lost), grid, rim_mm))
    settings = {"step_mm": step_mm, "rim_mm": rim_mm, "outer_mm": outer_mm}
    tables = (tuple(profiles), settings, RIM_COLUMNS), (tuple(summary), settings, RIM_SUMMARY_COLUMNS)
    return tuple(RegionTable(*table) for table in tables)


def separate_lesions(region, grid):
    """The connected parts of a Region as Regions of their own, numbered from the largest."""
    labels, count = ndimage.label(region.filled(grid.shape), np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    order = np.zeros(count + 1, np.int32)
    order[1 + np.argsort(sizes, kind="stable")[::-1]] = np.arange(1, count + 1)
    names = {n: f"{region.name} {n}" for n in range(1, count + 1)} if count > 1 else {1: region.name}
    return list(LabelRegions(order[labels], names))


def signed_distance_mm(inside, spacing_mm):
    """The distance of the center of each voxel to the surface of a region (bool), negative inside.

    The surface is that of the voxels, found on parts of them, so that thick slices count as thick.
    """
    parts = _parts(PARTS, spacing_mm)
    if math.prod(parts) * inside.size > MOST_FINE:  # no lesion is as large; its voxels are small enough
        parts = _parts(1, spacing_mm)
    fine, middle = inside, tuple(slice(n // 2, None, n) for n in parts)
    for axis, n in enumerate(parts):
        fine = fine.repeat(n, axis)
    sides = [mm / n for mm, n in zip(spacing_mm, parts, strict=True)]
    within, without = (ndimage.distance_transform_edt(x, sampling=sides)[middle] for x in (fine, ~fine))
    half = min(sides) / 2
    return np.where(inside, half - within, without - half)


def _parts(parts, spacing_mm):
    """Into how many parts voxels are cut along each axis: `parts` along the shortest, an odd number along each."""
    ratios = [parts * mm / min(spacing_mm) for mm in spacing_mm]
    return [min(2 * math.ceil((ratio - 1) / 2 - 1e-6) + 1, MOST_PARTS) for ratio in ratios]


def _around(image, lesion, taken, known, grid, outer_mm):
    """Values and signed distances of the voxels of a lesion and around it, which count."""
    margin = [math.ceil(outer_mm / mm) + 1 for mm in grid.spacing_mm]
    box = tuple(
        slice(max(s.start - m, 0), min(s.stop + m, n)) for s, m, n in zip(lesion.box, margin, grid.shape, strict=True)
    )
    inside = np.zeros([s.stop - s.start for s in box], bool)
    inside[tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(lesion.box, box, strict=True))] = (
        lesion.inside()
    )
    if not inside.any():
        return np.zeros(0), np.zeros(0)
    distances = _distances(inside, grid.spacing_mm, margin)
    counted = known[box] & (inside | ~taken[box]) & (distances <= outer_mm)
    return image.array[box][counted].astype(np.float64), distances[counted]


def _distances(inside, spacing_mm, margin):
    """signed_distance_mm by connected parts, which may be far apart; infinite beyond the margin (voxels) of all."""
    distances, parts = np.full(inside.shape, np.inf), ndimage.label(inside, np.ones((3, 3, 3)))[0]
    for number, box in enumerate(ndimage.find_objects(parts), 1):
        wide = tuple(
            slice(max(s.start - m, 0), min(s.stop + m, n)) for s, m, n in zip(box, margin, inside.shape, strict=True)
        )
        distances[wide] = np.minimum(distances[wide], signed_distance_mm(parts[wide] == number, spacing_mm))
    return distances


def _steps(values, distances, step_mm):
    """The rows of a profile, without steps that have no voxel."""
    number = np.floor(distances / step_mm).astype(int)
    for n in np.unique(number).tolist():
        sample = Sample(values[number == n])
        row = {"distance_mm": (n + 0.5) * step_mm, "voxels": sample.values.size, "mean": float(sample.mean())}
        yield row | {"sd": sample.sd(), "sem": sample.sem()}


def _summary(values, distances, counts, grid, rim_mm):
    row, (size, lost) = dict.fromkeys((column.key for column in RIM_SUMMARY_COLUMNS[3:]), None), counts
    row |= {"voxels": size, "volume_mm3": size * grid.voxel_volume_mm3}
    notes = [f"{lost} of its voxels are outside the mask"] if lost else []
    if size < LEAST_VOXELS:
        notes.append(f"{size} voxels are too few for a profile; at least {LEAST_VOXELS} are needed")
        return row | {"note": "; ".join(notes)}
    parts = {
        "rim": (distances < 0) & (distances >= -rim_mm),
        "core": distances < -rim_mm,
        "surroundings": distances > grid.voxel_length_mm / 2,
    }
    samples = {name: Sample(values[where]) for name, where in parts.items()}
    row |= {name: float(sample.mean()) if sample.values.size else None for name, sample in samples.items()}
    for name in ("core", "surroundings"):
        if row["rim"] is not None and row[name] is not None:
            row[f"rim_minus_{name}"] = row["rim"] - row[name]
            row[f"rim_minus_{name}_uncertainty"] = _error(samples["rim"], samples[name])
    if row["rim"] is None:
        notes.append(f"no voxel lies within {rim_mm:g} mm of the surface, so that there is no rim; choose a wider rim")
    if row["core"] is None:
        notes.append(f"no voxel lies deeper than {rim_mm:g} mm, so that there is no core; choose a thinner rim")
    return row | {"note": "; ".join(notes)}


def _error(*samples):
    """The standard uncertainty of the difference of two means; None if one has a single voxel."""
    spreads = [sample.sd() for sample in samples]
    if None in spreads:
        return None
    counts = [max(1.0, sample.values.size / ALIKE_VOXELS) for sample in samples]
    return float(math.hypot(*(sd / math.sqrt(n) for sd, n in zip(spreads, counts, strict=True))))
