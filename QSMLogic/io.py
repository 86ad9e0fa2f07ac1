"""Scans, masks and maps in and out of NIfTI, NRRD and MHA files, through SimpleITK."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .acquisition import Acquisition, Grid, checked_mask
from .errors import QSMError
from .files import check_complete, not_numbers, placed_together
from .lazy import sitk
from .sidecar import ENDINGS, echo_times, field_strength

TOLERANCE = 1e-3  # mm, and components of direction vectors: rounding of headers is far below, other grids far above
MAP_FILES = {
    "mask": "mask.nii.gz",
    "reliable_mask": "reliable_mask.nii.gz",
    "total_field_ppm": "total_field_ppm.nii.gz",
    "local_field_ppm": "local_field_ppm.nii.gz",
    "susceptibility_ppm": "susceptibility_ppm.nii.gz",
    "provenance": "run.json",
}


@dataclass(frozen=True)
class Geometry:
    """Where an image lies in the scanner, in ITK's order and coordinates.

    size, spacing (mm) and origin (mm, LPS) are along the image axes (i, j, k) or (x, y, z); direction is the 3 x 3
    matrix, row by row, whose columns are the image axes in LPS.
    """

    size: tuple
    spacing: tuple = (1.0, 1.0, 1.0)
    origin: tuple = (0.0, 0.0, 0.0)
    direction: tuple = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    @property
    def shape(self):
        """The shape (k, j, i) of this image's array."""
        return tuple(reversed(self.size))

    @property
    def b0_direction_ijk(self):
        """The scanner's z axis along the image axes (i, j, k)."""
        return self.direction[6:9]

    def grid(self, b0_direction_ijk=None):
        """The Grid of this image; B0 is the scanner's z axis unless given along the image axes (i, j, k)."""
        b0 = self.b0_direction_ijk if b0_direction_ijk is None else b0_direction_ijk
        return Grid(self.shape, tuple(reversed(self.spacing)), tuple(reversed(b0)))

    def difference(self, other):
        """What tells `other` apart from this geometry, in words; empty where they are the same grid."""
        if self.size != other.size:
            return f"its size is {_numbers(other.size)} voxels instead of {_numbers(self.size)}"
        for name in ("spacing", "origin", "direction"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if not np.allclose(mine, theirs, rtol=0, atol=TOLERANCE):
                return f"its {name} is {_numbers(theirs)} instead of {_numbers(mine)}"
        return ""


def read_image(path):
    """Read a 3D or 4D image.

    Returns a float32 array (k, j, i), or (e, k, j, i) where the file has several volumes (a fourth axis, or several
    components per voxel), with the header's scaling applied, and its Geometry. Raises QSMError that names the file.
    """
    path = Path(path)
    check_complete(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_kind(path, reader)
        vector = reader.GetNumberOfComponents() > 1
        reader.SetOutputPixelType(sitk.sitkVectorFloat32 if vector else sitk.sitkFloat32)
        image = reader.Execute()
    except RuntimeError as error:
        raise QSMError(_why_unreadable(path, error)) from None
    array = sitk.GetArrayFromImage(image)
    if not vector and (lost := not_numbers(path)) is not None:
        array[lost.reshape(array.shape)] = np.nan
    if vector:
        array = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    dimension = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (dimension, dimension))[:3, :3]
    size, spacing, origin = (values[:3] for values in (image.GetSize(), image.GetSpacing(), image.GetOrigin()))
    return array, Geometry(size, spacing, origin, tuple(float(x) for x in direction.flat))


def write_image(path, array, geometry):
    """Write an array (k, j, i) or (e, k, j, i) as a compressed image: booleans as uint8, real numbers as float32.

    The file appears when it is complete. Raises QSMError where it cannot be written.
    """
    write_files({path: array}, geometry)


def write_files(contents, geometry):
    """Write {path: array or dictionary} as images and JSON files, all of them or none. Returns the paths."""
    with placed_together(contents) as temporary:
        for path, content in zip(temporary, contents.values(), strict=True):
            if isinstance(content, dict):
                text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
                temporary[path].write_text(text + "\n", encoding="utf-8")
            else:
                _write(temporary[path], path, content, geometry)
    return list(temporary)


def check_image_name(path):
    """QSMError where the ending of an output's name is none that images are written with."""
    if not str(path).lower().endswith(ENDINGS):
        raise QSMError(f"{path} must end in one of {', '.join(ENDINGS)}.")


def load_acquisition(
    magnitude_paths,
    phase_paths,
    echo_times_s=None,
    field_strength_t=None,
    b0_direction_ijk=None,
    volume=None,
):
    """Read a scan; returns its Acquisition and Geometry.

    magnitude_paths, phase_paths: one 3D file per echo, or one 4D file with the echoes as volumes. echo_times_s,
    field_strength_t: where None, read from the JSON sidecars beside the files. b0_direction_ijk: B0 along the image's
    own axes (i, j, k); by default the scanner's z axis. volume: where 4D files are time series, the volume of them to
    take. Raises QSMError that names the file at fault.
    """
    if echo_times_s is None:
        echo_times_s = echo_times(magnitude_paths, phase_paths)
    if field_strength_t is None:
        field_strength_t = field_strength(magnitude_paths, phase_paths)
    magnitude, first = _read_echoes(magnitude_paths, volume)
    phase, first = _read_echoes(phase_paths, volume, first)
    geometry = first[1]
    scan = Acquisition(magnitude, phase, echo_times_s, field_strength_t, geometry.grid(b0_direction_ijk))
    return scan, geometry


def load_on_grid(path, geometry):
    """The array (k, j, i) of a 3D image that must lie on the grid of `geometry`; QSMError where it does not."""
    array, own = read_image(path)
    array = array[0] if array.ndim == 4 and len(array) == 1 else array
    difference = geometry.difference(own)
    if array.ndim != 3:
        difference = f"it has {len(array)} volumes instead of one"
    if difference:
        raise QSMError(f"{path} does not fit the scan: {difference}. Resample it to the scan's grid.")
    return array


def load_mask(path, geometry):
    """A boolean mask (k, j, i), true where the image is above zero; QSMError where empty or of another grid."""
    return checked_mask(load_on_grid(path, geometry), geometry.grid())


def map_paths(folder):
    """Where `write_maps` writes, {name: path}."""
    return {name: Path(folder) / file for name, file in MAP_FILES.items()}


def write_maps(maps, geometry, folder):
    """Write the Maps of a run and its run.json into `folder`, all or nothing. Returns the paths."""
    return write_files({path: getattr(maps, name) for name, path in map_paths(folder).items()}, geometry)


def _read_echoes(paths, volume, first=None):
    """The echoes in a list of files, and (path, Geometry) of the file that all of them are held against."""
    echoes = []
    for path in paths:
        image, geometry = read_image(path)
        if volume is not None and image.ndim == 4:
            image = image[volume]
        if image.ndim == 4 and len(paths) > 1:
            raise QSMError(f"{path} has {len(image)} volumes; give one 3D file for each echo, or a single 4D file.")
        first = first or (path, geometry)
        difference = first[1].difference(geometry)
        if difference:
            raise QSMError(f"{path} does not fit {first[0]}: {difference}. All images of a scan must share one grid.")
        echoes.append(image)
    return (echoes[0] if len(echoes) == 1 else np.stack(echoes)), first


def _check_kind(path, reader):
    size = reader.GetSize()
    if len(size) not in (3, 4) or min(size[:3]) < 2:
        raise QSMError(f"{path} is not a 3D image: its size is {_numbers(size)}. QSM needs a stack of slices.")
    if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise QSMError(f"{path} is complex; save its modulus as magnitude and its angle as phase and give those.")
    if len(size) == 4 and reader.GetNumberOfComponents() > 1:
        raise QSMError(f"{path} has vectors in a 4D image; give one volume for each echo.")


def _why_unreadable(path, error):
    if "orthonormal" in str(error):
        return (
            f"{path} has axes that are not perpendicular (a sheared sform). Resample it to a grid with perpendicular "
            "axes or, where only the header is wrong, copy its qform to its sform."
        )
    return f"{path} cannot be read as an image: it is damaged, or neither NIfTI, NRRD nor MHA."


def _write(temporary, path, array, geometry):
    check_image_name(path)
    array = np.asarray(array)
    if array.shape[-3:] != geometry.shape:
        raise QSMError(f"An image of shape {array.shape} does not fit the grid {geometry.shape} of {path}.")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float32, copy=False)
    try:
        sitk.WriteImage(as_image(array, geometry), str(temporary), useCompression=True)
        check_complete(temporary)
    except (RuntimeError, QSMError):
        raise QSMError(f"Cannot write {path}: the disk is full or the folder does not take files.") from None


def as_image(array, geometry):
    """The SimpleITK image of an array; a fourth axis gets unit spacing."""
    image = sitk.GetImageFromArray(array, isVector=False)
    extra = array.ndim - 3
    direction = np.eye(array.ndim)
    direction[:3, :3] = np.reshape(geometry.direction, (3, 3))
    image.SetSpacing((*geometry.spacing, *(1.0,) * extra))
    image.SetOrigin((*geometry.origin, *(0.0,) * extra))
    image.SetDirection(direction.ravel())
    return image


def _numbers(values):
    return " x ".join(f"{v:.6g}" for v in values)
