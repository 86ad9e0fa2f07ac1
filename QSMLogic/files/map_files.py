"""The maps of a run, written to a folder."""

from functools import partial
from pathlib import Path

from ..model.catalogue import CATALOGUE
from ..model.maps import Maps
from .atomic import placed_together
from .images import Geometry, write_contents
from .ownership import fingerprint, recorded_files

RECORD = "run.json"


def map_paths(folder):
    """Where `write_maps` writes the maps that a run can yield, {name: path}."""
    return {name: Path(folder) / entry.file for name, entry in CATALOGUE.items()}


def output_paths(folder):
    """Every file that `write_maps` may write of Maps."""
    return [*map_paths(folder).values(), Path(folder) / RECORD]


def map_contents(maps, folder):
    """{path: array} of the Maps, for write_contents."""
    paths = map_paths(folder)
    return {paths[entry.name]: array for entry, array in maps.items()}


def placement(folder, overwrite=False):
    """The options of `placed_together` and `check_writable` for the folder of a run.

    What the run.json of an earlier run vouches for is replaced or removed, and the folder exchanged as a whole.
    overwrite: replace other files, too.
    """
    unlisted = map_paths("") if overwrite else {}
    vouched = partial(recorded_files, Path(folder) / RECORD, [path.name for path in unlisted.values()])
    return {"overwrite": overwrite, "vouched": vouched, "whole": folder}


def write_record(temporary, folder, provenance):
    """Write the run.json of all files that have been written to the temporary paths of `placed_together`."""
    folder = Path(folder)
    files = {path.relative_to(folder).as_posix(): fingerprint(file) for path, file in temporary.items()}
    write_contents(temporary, {folder / RECORD: provenance | {"files": files}}, None)


def write_maps(
    maps: Maps,
    geometry: Geometry,
    folder: str | Path,
    texts: dict[Path, str] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write the maps of a run and its run.json, all of them or none.

    Files of an earlier run that this one does not make are removed. The run.json lists the files with their SHA-256:
    files that have been edited since are the user's own.

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
    overwrite : bool
        Whether to replace files that no earlier run has written.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    QSMError
        If a file cannot be written, or would replace one of the user's own.
    """
    contents = map_contents(maps, folder) | (texts or {})
    with placed_together(contents, **placement(folder, overwrite)) as temporary:
        write_contents(temporary, contents, geometry)
        write_record(temporary, folder, maps.provenance)
    return list(temporary)
