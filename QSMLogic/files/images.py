"""Read and write scans, masks and maps as NIfTI, NRRD and MHA files; they are written through SimpleITK."""

import json
from pathlib import Path

import numpy as np

from ..model.acquisition import checked_mask
from ..model.errors import QSMError
from ..model.mask_values import mask_values_check
from ..numerics.lazy import sitk
from .atomic import placed_together, write_text
from .geometry import Geometry as Geometry
from .headers import check_complete, read_header, read_voxels
from .orientation import geometry_of
from .sidecar import ENDINGS


def read_image(path):
    """Read a 3D or 4D image.

    Returns a float32 array (k, j, i), or (e, k, j, i) if the file has several volumes (a further axis, or several
    components per voxel), with the scaling of the header applied, and its Geometry. Complex files give complex64.
    What is not finite is NaN. Raises QSMError that names the file.
    """
    return image_of(read_header(path))


def image_of(header):
    """The array and Geometry of the image with a Header, as read_image returns them."""
    geometry = geometry_of(header)
    array = _scaled(read_voxels(header), header)
    if header.volume_axis is not None:
        array = np.ascontiguousarray(np.moveaxis(array, -1 - header.volume_axis, 0))
    return array, geometry


def _scaled(stored, header):
    """The values that are meant by those stored, float32 or complex64."""
    is_complex = stored.dtype.kind == "c"
    with np.errstate(over="ignore", invalid="ignore"):
        if (header.slope, header.intercept) == (1, 0):
            array = stored.astype(np.complex64 if is_complex else np.float32, copy=False)
        else:
            parts = stored.view(f"{stored.dtype.byteorder}f{stored.dtype.itemsize // 2}") if is_complex else stored
            array = np.empty(parts.shape, np.float32)
            for part, out in zip(parts, array, strict=True):
                out[:] = np.multiply(part, header.slope, dtype=np.float64) + header.intercept
            array = array.view(np.complex64) if is_complex else array
    if stored.dtype.kind in "fc" or header.slope != 1:
        for part in array:
            part[~np.isfinite(part)] = np.nan
    return array


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


def write_contents(temporary, contents, geometry, step_s=1.0):
    """Write {path: array, dictionary or text} to the temporary paths that `placed_together` yields.

    step_s: the time from one volume to the next, of arrays of several.
    """
    for path, content in contents.items():
        if isinstance(content, dict):
            content = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if isinstance(content, str):
            write_text(temporary[Path(path)], content)
        else:
            _write(temporary[Path(path)], path, content, geometry, step_s)


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
    """A boolean mask (k, j, i), true where model.mask_values says; QSMError if empty or of another grid."""
    return load_mask_and_check(path, geometry)[0]


def load_mask_and_check(path, geometry):
    """(the mask as load_mask returns it, the Check of its values)"""
    values = load_on_grid(path, geometry)
    return checked_mask(values, geometry.grid()), mask_values_check(values, f"mask {path}")


def _write(temporary, path, array, geometry, step_s):
    check_image_name(path)
    array = np.asarray(array)
    if array.shape[-3:] != geometry.shape:
        raise QSMError(f"An image of shape {array.shape} does not fit the grid {geometry.shape} of {path}.")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float32, copy=False)
    try:
        sitk.WriteImage(as_image(array, geometry, step_s), str(temporary), useCompression=True)
        check_complete(temporary)
    except (RuntimeError, QSMError):
        raise QSMError(
            f"Cannot write {path}: the disk is full, or the folder is not writable. Choose another folder."
        ) from None


def as_image(array, geometry, step_s=1.0):
    """The SimpleITK image of an array; step_s: the spacing along a fourth axis."""
    image = sitk.GetImageFromArray(array, isVector=False)
    extra = array.ndim - 3
    direction = np.eye(array.ndim)
    direction[:3, :3] = np.reshape(geometry.direction, (3, 3))
    image.SetSpacing((*geometry.spacing, *(step_s,) * extra))
    image.SetOrigin((*geometry.origin, *(0.0,) * extra))
    image.SetDirection(direction.ravel())
    return image
