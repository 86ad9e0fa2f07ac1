"""The maps of a run, written to a folder."""

from pathlib import Path

from ..model.catalogue import CATALOGUE
from ..model.maps import Maps
from .images import Geometry, write_files

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


def write_maps(maps: Maps, geometry: Geometry, folder: str | Path, texts: dict[Path, str] | None = None) -> list[Path]:
    """Write the maps of a run and its run.json, all of them or none.

    Parameters
    ----------
    maps : Maps
        The result of QSMLogic.run.
    geometry : Geometry
        The grid of the scan, from load_acquisition.
    folder : path
        Output folder, which is created if it does not exist.
    texts : dict, optional
        Further text files to write, {path: text}.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    QSMError
        If a file cannot be written.
    """
    return write_files(map_contents(maps, folder) | (texts or {}), geometry)
