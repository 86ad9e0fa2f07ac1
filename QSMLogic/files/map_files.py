"""The maps of a run, written to a folder."""

from pathlib import Path

from ..model.catalogue import CATALOGUE
from .images import write_files

RECORD = "run.json"


def map_paths(folder):
    """Where `write_maps` writes the maps that a run can yield, {name: path}."""
    return {name: Path(folder) / entry.file for name, entry in CATALOGUE.items()}


def output_paths(folder):
    """Every file that `write_maps` may write of Maps."""
    return [*map_paths(folder).values(), Path(folder) / RECORD]


def map_contents(maps, folder):
    """{path: array or record} of the Maps, for write_files."""
    paths = map_paths(folder)
    return {paths[entry.name]: array for entry, array in maps.items()} | {Path(folder) / RECORD: maps.provenance}


def write_maps(maps, geometry, folder, texts=None):
    """Write the maps of a run into a folder, all or nothing.

    Parameters
    ----------
    maps : Maps
    geometry : Geometry
        Of the scan's images.
    folder : path
        Made if it does not exist.
    texts : dict, optional
        {path: text} of further files.

    Returns
    -------
    list of Path
        Of the files.

    Raises
    ------
    QSMError
        If they cannot be written.
    """
    return write_files(map_contents(maps, folder) | (texts or {}), geometry)
