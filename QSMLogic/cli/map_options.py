"""The map, its unit and its mask, as several commands take them."""

from pathlib import Path

from ..files.images import load_mask, read_image
from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.errors import QSMError
from ..regions.region import MapImage
from ..regions.units import PER_PPM


def add_map_options(parser):
    """The options for a susceptibility map."""
    parser.add_argument("--map", required=True, metavar="FILE", help="susceptibility map")
    parser.add_argument("--map-unit", default="ppm", choices=PER_PPM, help="unit of the map (default: %(default)s)")
    parser.add_argument(
        "--mask", metavar="FILE", help="mask of reliable voxels (default: reliable_mask beside the map, if any)"
    )


def read_map(arguments):
    """(MapImage, mask or None, Geometry)"""
    array, geometry = read_image(arguments.map)
    array = array[0] if array.ndim == 4 and len(array) == 1 else array
    if array.ndim != 3:
        raise QSMError(f"{arguments.map} must hold a single 3D image; it has {len(array)} volumes.")
    path = _mask_path(arguments)
    return MapImage(array, arguments.map_unit), load_mask(path, geometry) if path else None, geometry


def map_inputs(arguments):
    """The files that are read."""
    return [path for path in (arguments.map, _mask_path(arguments)) if path]


def _mask_path(arguments):
    beside = Path(arguments.map).with_name(CATALOGUE["reliable_mask"].file)
    is_of_run = Path(arguments.map).name == CATALOGUE[SUSCEPTIBILITY].file and beside.is_file()
    return arguments.mask or (beside if is_of_run else None)
