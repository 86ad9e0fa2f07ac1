"""A single source, such as a microbleed or a calcification, measured from one point."""

import math

import numpy as np

from ..model.errors import QSMError
from ..model.units import PER_PPM
from ..numerics.lazy import ndimage
from .region import Region
from .sample import ALIKE_VOXELS, Sample
from .source_columns import SEED_COLUMNS
from .table import RegionTable

SEARCH_MM, LARGEST_MM, SHELL_MM = 2.0, 10.0, 3.0
HALF, ROUNDS, LEAST_SHELL = 0.5, 3, 20
FLANK_VOXELS = 2.0  # by which blur and inversion spread a source beyond half of its maximum
NORMAL, LEAST_CONTRAST = 1.4826, 3.0  # standard deviations of the background


def measure_seeds(image, points_kji, geometry, *, mask=None, search_mm=SEARCH_MM, largest_mm=LARGEST_MM):
    """Measure the sources at points.

    From the voxel within `search_mm` that differs most from its surroundings, the source grows over connected voxels
    that are above half of that difference, of its sign, and within `largest_mm`. The background is the median of a
    shell of 3 mm around the source and its flanks, found again as the source grows. The volume is that of the source
    and depends on blur and echo time (blooming). The total susceptibility does not: it is the sum over source and
    flanks, with the background subtracted, times the volume of a voxel (Liu et al., Radiology 2012;262:269-278,
    doi:10.1148/radiol.11110251). Flanks are connected voxels that differ from the background in the same sense
    by more than its standard deviation, no farther than two voxels and half of the source's radius, and not nearer to
    another source: veins, fluid and streaks beside it do not count.

    Parameters
    ----------
    image : MapImage
        Susceptibility in ppm or ppb.
    points_kji : sequence
        Voxels (k, j, i); see `voxel_at`.
    geometry : Geometry
        Grid of the map.
    mask : numpy.ndarray, optional
        Reliable voxels, bool.
    search_mm, largest_mm : float
        How far the extreme may lie from the point, and the source from the extreme.

    Returns
    -------
    table : RegionTable
        With SEED_COLUMNS, a row for each point.
    regions : list of Region
        The sources, on the grid of the map.

    Raises
    ------
    QSMError
        If the map is in another unit, a point lies outside the map or its mask, or the map is constant around it.

    Notes
    -----
    It fails where a source touches another one of its sign (a vein, a nucleus), which the note says if the source
    reaches `largest_mm`, and is too small where the inversion underestimates the source.
    """
    if image.unit not in PER_PPM:
        raise QSMError(
            f"A source is measured in a map in ppm or ppb, not in {image.unit}. Choose a susceptibility map."
        )
    known = np.isfinite(image.array) if mask is None else np.isfinite(image.array) & mask
    rows, regions = [], []
    for number, point in enumerate(points_kji, 1):
        name = f"Source {number}"
        window = _Window(image, known, point, geometry, search_mm + 2 * largest_mm)
        source = window.grown(search_mm, largest_mm)
        rows.append({"segment": name, "map": "susceptibility", "unit": image.unit} | window.row(source, largest_mm))
        regions.append(Region(name, source.inside, box=window.box))
    settings = {"search_mm": search_mm, "largest_mm": largest_mm, "background_shell_mm": SHELL_MM}
    return RegionTable(tuple(rows), settings, SEED_COLUMNS), regions


def voxel_at(point_ras_mm, geometry):
    """The voxel (k, j, i) at a point in the scanner (right, anterior, superior; mm); QSMError outside the image."""
    lps = np.multiply(point_ras_mm, (-1, -1, 1))
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    index = np.rint(np.linalg.solve(axes, np.subtract(lps, geometry.origin)))
    if not ((index >= 0) & (index < geometry.size)).all():
        listed = ", ".join(f"{mm:g}" for mm in point_ras_mm)
        raise QSMError(f"The point ({listed}) lies outside the image. Give it in mm as right, anterior, superior.")
    return tuple(int(n) for n in index[::-1])


def seed_regions(regions, shape):
    """A label image (uint16) of the sources; later ones win where two overlap."""
    labels = np.zeros(shape, np.uint16)
    for label, region in enumerate(regions, 1):
        labels[region.filled(shape)] = label
    return labels


class _Source:
    """A source in a window: where it is, its flanks and its surroundings, and the background."""

    def __init__(self, inside, flanks, shell, background, noise, peak):
        self.inside, self.flanks, self.shell = inside, flanks, shell
        self.background, self.noise, self.peak = background, noise, peak


class _Window:
    """The part of a map around a point."""

    def __init__(self, image, known, point, geometry, reach_mm):
        self.geometry, self.image, self.spacing = geometry, image, geometry.spacing[::-1]
        point = np.asarray(point)
        if point.shape != (3,) or (point < 0).any() or (point >= geometry.shape).any():
            raise QSMError(f"The voxel {tuple(point.tolist())} (k, j, i) lies outside the map.")
        if not known[tuple(point)]:
            raise QSMError(
                f"The voxel {tuple(point.tolist())} (k, j, i) lies outside the mask. Choose a point inside it."
            )
        self.place = tuple(point.tolist())
        reach = [math.ceil(reach_mm / mm) for mm in self.spacing]
        self.box = tuple(
            slice(max(int(p) - r, 0), min(int(p) + r + 1, n))
            for p, r, n in zip(point, reach, geometry.shape, strict=True)
        )
        self.point = tuple(int(p) - s.start for p, s in zip(point, self.box, strict=True))
        self.known = known[self.box]
        self.values = np.where(self.known, image.array[self.box], 0).astype(np.float64)

    def grown(self, search_mm, largest_mm):
        """The _Source at the point."""
        start = np.zeros(self.known.shape, bool)
        start[self.point] = True
        near = self.known & (self._distance_mm(start) <= search_mm)
        background = np.median(self.values[self.known & (self._distance_mm(start) <= largest_mm)])
        for _ in range(ROUNDS):
            difference = np.where(near, self.values - background, 0)
            peak = np.unravel_index(np.argmax(np.abs(difference)), difference.shape)
            height = difference[peak]
            if not height:
                raise QSMError(
                    f"The map is constant within {search_mm:g} mm of the voxel {self.place} (k, j, i). Choose a point "
                    "in a source."
                )
            at_peak = np.zeros_like(start)
            at_peak[peak] = True
            above = self.known & ((self.values - background) * np.sign(height) >= HALF * abs(height))
            near_peak = above & (self._distance_mm(at_peak) <= largest_mm)
            parts, _count = ndimage.label(near_peak)
            inside = parts == parts[peak] if parts[peak] else at_peak
            source = self._with_surroundings(inside, above & ~inside, peak)
            if source.background == background:
                break
            background = source.background
        return source

    def row(self, source, largest_mm):
        """The values of a source, by the keys of SEED_COLUMNS."""
        voxel_mm3, unit = float(np.prod(self.spacing)), PER_PPM[self.image.unit]
        values = self.values[source.inside] - source.background
        counted = self.known & (source.inside | source.flanks)
        total = (self.values[counted] - source.background).sum() * voxel_mm3 / unit
        count, shell = np.count_nonzero(counted), max(1.0, np.count_nonzero(source.shell) / ALIKE_VOXELS)
        alike = min(count, ALIKE_VOXELS)
        error = source.noise * voxel_mm3 / unit * math.hypot(math.sqrt(count * alike), count / math.sqrt(shell))
        sample = Sample(values, None, voxel_mm3)
        row = {"voxels": sample.voxels(), "volume_mm3": sample.volume_mm3(), "mean": float(sample.mean())}
        row |= {"min": float(values.min()), "max": float(values.max()), "background": float(source.background)}
        row |= {"total_ppm_mm3": float(total), "total_uncertainty_ppm_mm3": float(error)}
        row["kind"] = "paramagnetic" if row["mean"] > 0 else "diamagnetic"
        return row | self._place(source) | {"note": self._note(source, largest_mm)}

    def _with_surroundings(self, inside, others, peak):
        radius_mm = (3 * np.count_nonzero(inside) * np.prod(self.spacing) / (4 * np.pi)) ** (1 / 3)
        reach = FLANK_VOXELS * float(np.prod(self.spacing)) ** (1 / 3) + radius_mm / 2
        away = self._distance_mm(inside)
        nearer = away < self._distance_mm(others) if others.any() else True
        shell = self.known & (away > reach) & (away <= reach + SHELL_MM) & ~others & nearer
        around = self.values[shell if shell.any() else self.known & ~inside]
        background = float(np.median(around)) if around.size else 0.0
        noise = NORMAL * float(np.median(np.abs(around - background))) if around.size else 0.0
        sign = np.sign(self.values[peak] - background)
        flanks = self.known & (away <= reach) & nearer & (sign * (self.values - background) > noise)
        flanks = ndimage.binary_propagation(inside, mask=inside | flanks) & ~inside
        return _Source(inside, flanks, shell, background, noise, peak)

    def _place(self, source):
        weights = np.abs(self.values[source.inside] - source.background) + np.finfo(float).tiny
        kji = (np.argwhere(source.inside) * weights[:, None]).sum(axis=0) / weights.sum() + [s.start for s in self.box]
        axes = np.reshape(self.geometry.direction, (3, 3)) * self.geometry.spacing
        ras = (axes @ kji[::-1] + self.geometry.origin) * (-1, -1, 1)
        return dict(zip(("x_mm", "y_mm", "z_mm"), (float(mm) for mm in ras), strict=True))

    def _note(self, source, largest_mm):
        notes = []
        at_peak = np.zeros_like(source.inside)
        at_peak[source.peak] = True
        if self._distance_mm(at_peak)[source.inside].max() > largest_mm - max(self.spacing):
            notes.append(f"reaches {largest_mm:g} mm: it may continue in a vein or a nucleus")
        if abs(self.values[source.peak] - source.background) < LEAST_CONTRAST * source.noise:
            notes.append("hardly differs from its surroundings")
        if np.count_nonzero(source.shell) < LEAST_SHELL:
            notes.append("there is little background around it in the mask")
        if (ndimage.binary_dilation(source.inside) & ~self.known).any():
            notes.append("at the edge of the mask: the total may be too small")
        return "; ".join(notes)

    def _distance_mm(self, inside):
        return ndimage.distance_transform_edt(~inside, sampling=self.spacing)
