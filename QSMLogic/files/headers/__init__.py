"""Our own reading of the headers of image files: what they declare is checked before anything else sees the file."""

from .header import Header
from .reading import check_complete, is_dicom, read_header, volumes_in
from .voxels import read_voxels

__all__ = ["Header", "check_complete", "is_dicom", "read_header", "read_voxels", "volumes_in"]
