"""Susceptibility in regions of interest: a table of exact statistics, from plain arrays."""

import csv
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from .errors import QSMError

# name of each value, and its unit
COLUMNS = (
    ("segment", ""),
    ("voxels", ""),
    ("volume_mm3", "mm3"),
    ("mean_ppm", "ppm"),
    ("sd_ppm", "ppm"),
    ("median_ppm", "ppm"),
    ("p5_ppm", "ppm"),
    ("p95_ppm", "ppm"),
    ("min_ppm", "ppm"),
    ("max_ppm", "ppm"),
)


def region_statistics(map_ppm, regions, voxel_volume_mm3, mask=None):
    """Statistics of a map in each region, as a list of dictionaries with the names in COLUMNS.

    map_ppm: (k, j, i). regions: pairs (name, array), above zero inside; they may overlap. mask: above zero where the
    map is reliable, or None for everywhere. Voxels outside the mask and voxels that are not finite do not count.
    sd_ppm is the sample standard deviation (n - 1). What too few voxels leave undefined is None. Raises QSMError for
    a region or mask of another shape.
    """
    map_ppm = np.asarray(map_ppm)
    valid = np.isfinite(map_ppm)
    if mask is not None:
        valid &= _same_shape("mask", mask, map_ppm)
    rows = []
    for name, region in regions:
        values = map_ppm[_same_shape(f"region {name!r}", region, map_ppm) & valid]
        rows.append(_row(name, values.astype(np.float64), voxel_volume_mm3))
    return rows


def write_csv(rows, path):
    """Write rows of `region_statistics` as CSV; undefined values are left empty. The file appears only when whole.

    Raises QSMError where the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, [name for name, _ in COLUMNS])
            table.writeheader()
            table.writerows(rows)
        os.replace(partial, path)
    except OSError as error:
        raise QSMError(f"Cannot write {path}: {error.strerror}. Choose a writable folder with room.") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def _row(name, values, voxel_volume_mm3):
    count = values.size
    row = dict.fromkeys((column for column, _ in COLUMNS), None)
    row |= {"segment": name, "voxels": count, "volume_mm3": count * voxel_volume_mm3}
    if count:
        low, p5, median, p95, high = np.percentile(values, (0, 5, 50, 95, 100))
        row |= {"median_ppm": median, "p5_ppm": p5, "p95_ppm": p95, "min_ppm": low, "max_ppm": high}
        row["mean_ppm"] = values.mean()
    if count > 1:
        row["sd_ppm"] = values.std(ddof=1)
    return {column: float(value) if isinstance(value, np.floating) else value for column, value in row.items()}


def _same_shape(what, array, map_ppm):
    array = np.asarray(array)
    if array.shape != map_ppm.shape:
        raise QSMError(f"The {what} has shape {array.shape}, the map {map_ppm.shape}; resample it to the map's grid.")
    return array > 0
