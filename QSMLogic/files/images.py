"""Read and write scans, masks and maps as NIfTI, NRRD and MHA files, through SimpleITK."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..model.acquisition import Grid, checked_mask
from ..model.errors import QSMError
from ..numerics.lazy import sitk
from .atomic import placed_together, write_text
from .headers import check_complete, not_numbers
from .sidecar import ENDINGS

TOLERANCE = 1e-3  # mm, and components of direction vectors: rounding of headers is far below, other grids far above


@dataclass(frozen=True)
class Geometry:
    """The grid of an image in the scanner, in ITK's order and coordinates.

    Parameters
    ----------
    size : tuple of int
        Voxels along the image axes (i, j, k).
    spacing : tuple of float
        In mm, along the image axes.
    origin : tuple of float
        Center of the first voxel (x, y, z) in mm, LPS.
    direction : tuple of float
        The 3 x 3 matrix, row by row, whose columns are the image axes in LPS.
    checks : tuple of Check
        What was found of the header; it does not count in comparisons.
    """

    size: tuple
    spacing: tuple = (1.0, 1.0, 1.0)
    origin: tuple = (0.0, 0.0, 0.0)
    direction: tuple = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    checks: tuple = field(default=(), compare=False)

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
        """How `other` differs from this geometry, in words; empty if they are the same grid."""
        if self.size != other.size:
            return f"its size is {_numbers(other.size)} voxels instead of {_numbers(self.size)}"
        for name in ("spacing", "origin", "direction"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if not np.allclose(mine, theirs, rtol=0, atol=TOLERANCE):
                return f"its {name} is {_numbers(theirs)} instead of {_numbers(mine)}"
        return ""


def read_image(path):
    """Read a 3D or 4D image.

    Returns a float32 array (k, j, i), or (e, k, j, i) if the file has several volumes (a fourth axis, or several
    components per voxel), with the scaling of the header applied, and its Geometry. Complex files give complex64.
    Raises QSMError that names the file.
    """
    path = Path(path)
    check_complete(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_kind(path, reader)
        compound = "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID())
        vector = reader.GetNumberOfComponents() > 1 and not compound
        real = sitk.sitkVectorFloat32 if vector else sitk.sitkFloat32
        reader.SetOutputPixelType(sitk.sitkComplexFloat32 if compound else real)
        image = reader.Execute()
    except RuntimeError as error:
        raise QSMError(_why_unreadable(path, error)) from None
    array = sitk.GetArrayFromImage(image)
    if not (vector or compound) and (lost := not_numbers(path)) is not None:
        array[lost.reshape(array.shape)] = np.nan
    if vector:
        array = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    dimension = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (dimension, dimension))[:3, :3]
    size, spacing, origin = (values[:3] for values in (image.GetSize(), image.GetSpacing(), image.GetOrigin()))
    return array, Geometry(size, spacing, origin, tuple(float(x) for x in direction.flat))


def write_image(path, array, geometry):
    """Write a compressed image; the file appears when it is complete.

    Parameters
    ----------
    path : str or Path
        Ends in .nii.gz, .nii, .nrrd or .mha.
    array : numpy.ndarray
        Image (k, j, i) or (e, k, j, i). Booleans are written as uint8, real numbers as float32.
    geometry : Geometry

    Raises
    ------
    QSMError
        If the file cannot be written.
    """
    write_files({path: array}, geometry)


def write_files(contents, geometry, **options):
    """Write {path: array, dictionary or text} as images, JSON and text, all of them or none. Returns the paths.

    options: as for `placed_together`.
    """
    with placed_together(contents, **options) as temporary:
        write_contents(temporary, contents, geometry)
    return list(temporary)


def write_contents(temporary, contents, geometry):
    """Write {path: array, dictionary or text} to the temporary paths that `placed_together` yields."""
    for path, content in contents.items():
        if isinstance(content, dict):
            content = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if isinstance(content, str):
            write_text(temporary[Path(path)], content)
        else:
            _write(temporary[Path(path)], path, content, geometry)


def check_image_name(path):
    """QSMError if the ending of an output's name is none that images are written with."""
    if not str(path).lower().endswith(ENDINGS):
        raise QSMError(f"{path} must end in one of {', '.join(ENDINGS)}.")


def load_on_grid(path, geometry):
    """The array (k, j, i) of a 3D image on the grid of `geometry`; QSMError if its grid differs."""
    array, own = read_image(path)
    if np.iscomplexobj(array):
        raise QSMError(f"{path} is complex, but a real image is needed. Choose another image.")
    array = array[0] if array.ndim == 4 and len(array) == 1 else array
    difference = geometry.difference(own)
    if array.ndim != 3:
        difference = f"it has {len(array)} volumes instead of one"
    if difference:
        raise QSMError(f"{path} does not fit the scan: {difference}. Resample it to the scan's grid.")
    return array


def load_mask(path, geometry):
    """A boolean mask (k, j, i), true where the image is above zero; QSMError if empty or of another grid."""
    return checked_mask(load_on_grid(path, geometry), geometry.grid())


def _check_kind(path, reader):
    size = reader.GetSize()
    if len(size) not in (3, 4) or min(size[:3]) < 2:
        raise QSMError(f"{path} is not a 3D image: its size is {_numbers(size)}. QSM needs several slices.")
    compound = "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID())
    if len(size) == 4 and reader.GetNumberOfComponents() > 1 and not compound:
        raise QSMError(f"{path} is a 4D image of vectors. Give one volume per echo.")


def _why_unreadable(path, error):
    if "orthonormal" in str(error):
        return (
            f"{path} has axes that are not perpendicular (a sheared sform). Resample it to a grid with perpendicular "
            "axes or, if only the header is wrong, copy its qform to its sform."
        )
    return f"{path} cannot be read as an image: it is damaged, or not NIfTI, NRRD or MHA. Convert it to NIfTI."


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
        raise QSMError(
            f"Cannot write {path}: the disk is full, or the folder is not writable. Choose another folder."
        ) from None


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
