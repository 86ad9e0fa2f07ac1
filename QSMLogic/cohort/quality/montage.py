"""Pictures of a scan in JPEG: a small one for the page of the cohort, slices for the page of the scan."""

import math
import tempfile
from pathlib import Path

import numpy as np

from ...model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ...numerics.lazy import ndimage, sitk
from ...report.pictures import Patient, resampled, upright

HEIGHT_PX, GAP_PX, QUALITY = 112, 2, 75  # of the small picture; quality of JPEG, of 100
MARGIN_MM = 4.0
WINDOW = CATALOGUE[SUSCEPTIBILITY].window
REMARK = (
    "As seen from the feet, the front and the left: the right side of the patient is on the left. The outline is that "
    "of the susceptibility mask."
)
OUTLINE = (255, 140, 0)
NUCLEI = (0.4, 0.65)  # part of the mask's height, from below, in which the deep gray nuclei are looked for
NEAR_MM, PERCENT = 30.0, 95  # of the middle of the mask; the percentile of a slice's values that nuclei raise


def montage(acquisition, maps, geometry):
    """One small picture of the susceptibility in three planes, with the outline of its mask.

    Parameters
    ----------
    acquisition : Acquisition
        Not needed; given as to all functions that look at the quality of a scan.
    maps : Maps
    geometry : Geometry
        Of the images.

    Returns
    -------
    bytes
        A JPEG of HEIGHT_PX: axial, coronal and sagittal, as seen from the feet, the front and the left.
    """
    view = View(maps.reliable_mask, maps.susceptibility_ppm, geometry)
    planes = [view.plane(maps.susceptibility_ppm, axis, view.middle[axis], WINDOW, HEIGHT_PX) for axis in range(3)]
    return jpeg(_beside(planes), QUALITY)


class View:
    """The part of a scan's images that its mask covers, in slices as the patient lies.

    Parameters
    ----------
    mask : ndarray
        Bool (k, j, i), not empty.
    image : ndarray
        The susceptibility (k, j, i), which shows where the deep gray nuclei are.
    geometry : Geometry

    Attributes
    ----------
    middle : list of int
        The slices (z, y, x) to show: through the deep gray nuclei, and through the middle of the mask.
    """

    def __init__(self, mask, image, geometry):
        self._patient = Patient(geometry)
        self._mask = self._patient.turned(mask)
        self._inner = ndimage.find_objects(self._mask.view(np.uint8))[0]
        margins = [math.ceil(MARGIN_MM / mm) for mm in self._patient.spacing_mm]
        self._box = tuple(
            slice(max(part.start - margin, 0), part.stop + margin)
            for part, margin in zip(self._inner, margins, strict=True)
        )
        self.middle = self._middle(self._patient.turned(image))

    def plane(self, image, axis, at, window, height_px, outline=True):
        """A slice of an image (k, j, i) across an axis (z, y, x) as colors, uint8 (row, column, 3)."""
        gray, inside = (self._slice(array, axis, at, height_px) for array in (self._patient.turned(image), self._mask))
        low, high = window
        level = np.clip((np.nan_to_num(gray, nan=low) - low) / (high - low), 0, 1)
        level = np.where(gray == 0, 0, 255 * level).astype(np.uint8)  # zeros lie outside the map
        colors = np.repeat(level[..., None], 3, axis=2)
        if outline:
            colors[inside & ~ndimage.binary_erosion(inside)] = OUTLINE
        return colors

    def heights(self, count):
        """The indices of axial slices at even distances over the height of the mask."""
        part = self._inner[0]
        return [part.start + (part.stop - part.start) * (2 * n + 1) // (2 * count) for n in range(count)]

    def _slice(self, image, axis, at, height_px):
        box, mm = ([*values[:axis], *values[axis + 1 :]] for values in (self._box, self._patient.spacing_mm))
        plane = upright(np.take(image, at, axis)[tuple(box)], axis)
        return resampled(plane, mm, plane.shape[0] * mm[0] / height_px)

    def _middle(self, image):
        middle = [round(center) for center in ndimage.center_of_mass(self._mask)]
        near = [round(NEAR_MM / mm) for mm in self._patient.spacing_mm]
        around = tuple(slice(max(c - n, 0), c + n + 1) for c, n in zip(middle[1:], near[1:], strict=True))
        part, levels = self._inner[0], {}
        first, last = (round(part.start + share * (part.stop - part.start)) for share in NUCLEI)
        for z in range(first, last):
            values = image[z][around][self._mask[z][around]]
            if values.size:
                levels[z] = np.percentile(values, PERCENT)
        middle[0] = max(levels, key=levels.get, default=middle[0])
        return middle


def percentile_window(values):
    """The levels that are black and white: zero, and the 99th percentile of values that are not negative."""
    return 0.0, float(np.percentile(values[np.isfinite(values)], 99)) or 1.0


def jpeg(colors, quality):
    """A picture, uint8 (row, column, 3), as JPEG. quality: of 100."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        image = sitk.GetImageFromArray(np.ascontiguousarray(colors), isVector=True)
        sitk.WriteImage(image, str(path), True, quality)
        return path.read_bytes()


def _beside(pictures):
    """Pictures of one height side by side, with a black gap between them."""
    gap = np.zeros((len(pictures[0]), GAP_PX, 3), np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1)
