"""Pictures of a scan: a small one for the page of a cohort, and larger ones for the page of the scan."""

import math
import tempfile
from pathlib import Path

import numpy as np

from ...model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ...numerics.lazy import ndimage, sitk
from ...report.pictures import Patient, resampled, upright

HEIGHT_PX, GAP_PX, QUALITY = 128, 2, 72  # of the small picture; quality of JPEG, of 100
MARGIN_MM = 4.0
OUTLINE = (255, 140, 0)
DEEP = (0.4, 0.65)  # part of the mask's height, from below, in which the deep nuclei are looked for
NEAR_MM, PERCENT = 30.0, 95  # of the middle of the mask; the percentile of a slice's values


def montage(acquisition, maps, geometry):
    """One small JPEG (bytes) of the susceptibility in three planes, with the outline of its mask.

    Parameters
    ----------
    acquisition : Acquisition
        Not needed, so that pictures of other images can be added.
    maps : Maps
    geometry : Geometry
        Of the images.

    Returns
    -------
    bytes
        Axial, coronal and sagittal, as seen from the feet, the front and the left; HEIGHT_PX high.
    """
    view = View(maps.reliable_mask, maps.susceptibility_ppm, geometry)
    window = CATALOGUE[SUSCEPTIBILITY].window
    planes = [view.plane(maps.susceptibility_ppm, axis, view.middle[axis], window) for axis in range(3)]
    return jpeg(beside(planes))


class View:
    """Slices of a scan, as the patient lies, of what its mask holds.

    mask: bool (k, j, i). image: the susceptibility, which shows where the deep nuclei are. height_px: of the slices.
    """

    def __init__(self, mask, image, geometry, height_px=HEIGHT_PX):
        self._patient, self._height_px = Patient(geometry), height_px
        self._mask = self._patient.turned(mask)
        self._box = self._with_margin(ndimage.find_objects(self._mask.view(np.uint8))[0])
        self.middle = self._middle(self._patient.turned(image))

    def plane(self, image, axis, at, window, outline=True):
        """A slice across an axis (z, y, x) at an index as colors, uint8 (row, column, 3)."""
        gray, inside = (self._slice(a, axis, at) for a in (self._patient.turned(image), self._mask))
        low, high = window
        share = (np.nan_to_num(gray, nan=low) - low) / (high - low)
        colors = np.repeat((255 * np.clip(np.where(gray == 0, 0, share), 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
        if outline:
            colors[inside & ~ndimage.binary_erosion(inside)] = OUTLINE
        return colors

    def heights(self, count):
        """The indices of axial slices that divide the height of the mask."""
        low, high = self._box[0].start, self._box[0].stop
        return [round(low + (high - low) * (n + 1) / (count + 1)) for n in range(count)]

    def _slice(self, image, axis, at):
        box = tuple(part for a, part in enumerate(self._box) if a != axis)
        mm = [mm for a, mm in enumerate(self._patient.spacing_mm) if a != axis]
        plane = upright(np.take(image, at, axis)[box], axis)
        return resampled(plane, mm, self._pixel_mm(axis))

    def _pixel_mm(self, axis):
        """So that slices across all axes have one height: axial ones are smaller than the others."""
        rows = 1 if axis == 0 else 0
        part = self._box[rows]
        return (part.stop - part.start) * self._patient.spacing_mm[rows] / self._height_px

    def _with_margin(self, box):
        margins = [math.ceil(MARGIN_MM / mm) for mm in self._patient.spacing_mm]
        return tuple(
            slice(max(part.start - margin, 0), min(part.stop + margin, size))
            for part, margin, size in zip(box, margins, self._mask.shape, strict=True)
        )

    def _middle(self, image):
        """The slices to show (z, y, x): through the deep nuclei, whose iron is bright, and the middle of the mask."""
        middle = [round(c) for c in ndimage.center_of_mass(self._mask)]
        low, high = self._box[0].start, self._box[0].stop
        near = [round(NEAR_MM / mm) for mm in self._patient.spacing_mm]
        part = tuple(slice(max(c - n, 0), c + n + 1) for c, n in zip(middle[1:], near[1:], strict=True))
        levels = {}
        for z in range(round(low + DEEP[0] * (high - low)), round(low + DEEP[1] * (high - low))):
            inside = self._mask[z][part]
            if inside.any():
                levels[z] = np.percentile(image[z][part][inside], PERCENT)
        middle[0] = max(levels, key=levels.get, default=middle[0])
        return middle


def beside(pictures):
    """Pictures side by side, on black."""
    height = max(len(picture) for picture in pictures)
    padded = [np.pad(p, ((0, height - len(p)), (0, GAP_PX), (0, 0))) for p in pictures]
    return np.concatenate(padded, axis=1)[:, :-GAP_PX]


def jpeg(colors, quality=QUALITY):
    """A picture (row, column, 3), uint8, as the bytes of a JPEG."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        image = sitk.GetImageFromArray(np.ascontiguousarray(colors), isVector=True)
        sitk.WriteImage(image, str(path), True, quality)
        return path.read_bytes()
