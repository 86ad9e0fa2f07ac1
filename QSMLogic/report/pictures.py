"""Pictures of regions on a map: gray slices with outlines, as the patient lies, in PNG."""

import base64
import itertools
import struct
import zlib

import numpy as np

from ..numerics.lazy import ndimage

PLANES = ("axial", "coronal", "sagittal")
GRAYS, OUTLINE = 255, 255  # the palette: so many grays, then the outline's color
SIDE_PX, MARGIN_MM = 220, 6.0
TOWARDS = ("RL", "AP", "IS")  # where the patient's axes x, y, z (LPS) come from and go to


class Patient:
    """Arrays of a grid turned so that their axes run up, back and left: (z, y, x) from I, A, R to S, P, L.

    geometry: a Geometry. Of an oblique grid, each axis counts as the patient's axis that it is nearest to.
    """

    def __init__(self, geometry):
        axes = np.reshape(geometry.direction, (3, 3))[:, ::-1]  # rows x, y, z in LPS; columns k, j, i
        order = max(itertools.permutations(range(3)), key=lambda p: sum(abs(axes[n, p[n]]) for n in range(3)))
        self._order = order[::-1]
        self._flips = tuple(slice(None, None, -1 if axes[n, order[n]] < 0 else 1) for n in (2, 1, 0))
        self.spacing_mm = tuple(geometry.spacing[::-1][axis] for axis in self._order)
        cosine = min(abs(axes[n, order[n]]) for n in range(3))
        self.degrees_oblique = float(np.degrees(np.arccos(min(cosine, 1.0))))

    def turned(self, array):
        """The array (k, j, i) as (z, y, x), without a copy."""
        return array.transpose(self._order)[self._flips]


def extent(image):
    """The slices of an image that hold all of it but zeros and what is no number; None if there is nothing."""
    found = ndimage.find_objects((np.isfinite(image) & (image != 0)).view(np.uint8))
    return found[0] if found else None


def triptych(patient, image, region, window, color, known=None):
    """{plane: PNG as a data URI} of the slices in which a region is largest.

    image: the map, turned. region: bool, turned. window: values that are black and white. color: 0..1, of the
    outline. known: the `extent` of the image, which the pictures show with the region and a margin.
    """
    view = _field_of_view(region, known or extent(image), patient.spacing_mm)
    pictures = {}
    for axis, plane in enumerate(PLANES):
        others = tuple(a for a in range(3) if a != axis)
        at = int(np.argmax(region.sum(axis=others)))
        gray, inside = (upright(np.take(a[view], at - view[axis].start, axis), axis) for a in (image, region))
        mm = [patient.spacing_mm[a] for a in others]
        pixels = _levels(_square(gray, mm), window)
        shape = _square(inside, mm)
        pixels[shape & ~ndimage.binary_erosion(shape)] = OUTLINE
        pictures[plane] = data_uri(png(pixels, color))
    return pictures


def letters(plane):
    """What is at the left, right, top and bottom of a picture."""
    across, up = {"axial": (0, "AP"), "coronal": (0, "SI"), "sagittal": (1, "SI")}[plane]
    return (*TOWARDS[across], *up)


def png(pixels, color):
    """An indexed PNG of a uint8 image (rows, columns): grays, and OUTLINE in a color (red, green, blue 0..1)."""
    gray = np.linspace(0, 255, GRAYS).round().astype(np.uint8)
    palette = np.concatenate([np.repeat(gray[:, None], 3, axis=1), _byte_rows(color)])
    rows, columns = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1)  # each starts with its filter, none
    header = struct.pack(">2I5B", columns, rows, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(lines.tobytes(), 4)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def data_uri(image, kind="png"):
    """The bytes of a picture, PNG or another kind, as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _field_of_view(region, known, spacing_mm):
    """The slices that hold the region and what is known of the image, with a margin."""
    boxes = [box for box in (*ndimage.find_objects(region.view(np.uint8)), known) if box]
    margins = [round(MARGIN_MM / mm) for mm in spacing_mm]
    return tuple(
        slice(max(min(s.start for s in along) - margin, 0), min(max(s.stop for s in along) + margin, size))
        for along, margin, size in zip(zip(*boxes, strict=True), margins, region.shape, strict=True)
    )


def upright(plane, axis):
    """A plane with the top in its first row; the first axis of coronal and sagittal ones runs upwards."""
    return plane if axis == 0 else plane[::-1]


def _square(plane, spacing_mm):
    """The plane with square pixels, the longer side SIDE_PX or a little less."""
    return resampled(plane, spacing_mm, max(n * mm for n, mm in zip(plane.shape, spacing_mm, strict=True)) / SIDE_PX)


def resampled(plane, spacing_mm, pixel_mm):
    """The plane with square pixels of a size, each of the voxel that it lies in."""
    lengths = [n * mm for n, mm in zip(plane.shape, spacing_mm, strict=True)]
    rows, columns = (
        np.minimum(((np.arange(max(1, round(length / pixel_mm))) + 0.5) * pixel_mm / mm).astype(int), n - 1)
        for length, mm, n in zip(lengths, spacing_mm, plane.shape, strict=True)
    )
    return plane[np.ix_(rows, columns)]


def _levels(values, window):
    """Palette indices of values; exact zeros and what is no number lie outside the map and are black."""
    low, high = window
    share = (np.nan_to_num(values, nan=low) - low) / (high - low)
    return np.where(values == 0, 0, np.clip(share, 0, 1) * (GRAYS - 1)).astype(np.uint8)


def _byte_rows(color):
    return np.array([[round(255 * part) for part in color]], np.uint8)


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
