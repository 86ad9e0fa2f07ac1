"""The results of a cohort, as the command `bids` writes them: rows of a table, and a scan's maps as nodes."""

from pathlib import Path

import slicer

from QSMLogic import QSMError
from QSMLogic.files.sidecar import ENDINGS, sidecar
from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY
from QSMLogic.model.check import OK

from .loading import all_or_nothing, load_files, load_first
from .outputs import adopt_map

DESCRIPTION = "dataset_description.json"


def rows_in(output):
    """The rows of all scans in an output folder, one at a time, sorted by name. See row_of."""
    from QSMLogic.cohort.record import read_records

    return map(row_of, read_records(output))


def row_of(record):
    """What a table shows of a scan, from its record.

    A dictionary with name, state, reason, doubts (the sentences of doubtful checks), maps (their names) and the values
    of quality that the record has.
    """
    checks = record.get("checks") or ()
    values = {name: record.get(name) for name in ("seconds", "memory_mb")} | (record.get("quality") or {})
    return values | {
        "name": record["name"],
        "state": record["state"],
        "reason": record.get("reason", ""),
        "doubts": [check["sentence"] for check in checks if check["verdict"] != OK],
        "maps": list(record.get("maps") or ()),
    }


def record_of(output, name):
    """The record of a scan, {} if there is none."""
    from QSMLogic.cohort import record

    return record.record_of(output, name)


def load_scan(output, name, map_name=SUSCEPTIBILITY, root=None):
    """Load a map of a scan, and its first magnitude if it is found; returns both nodes, the second may be None.

    Parameters
    ----------
    output : path
        The output folder of the cohort.
    name : str
        Of the scan, such as sub-01_MEGRE.
    map_name : str
        As in the catalogue.
    root : path, optional
        The BIDS folder. None: as the output folder names it.

    Raises
    ------
    QSMError
        If there is no such map, or a file cannot be read; the scene stays as it was.
    """
    from QSMLogic.cohort.scan import DONE

    record = record_of(output, name)
    if record.get("state") != DONE:
        raise QSMError(f"{name} has no map. {record.get('reason') or 'It has not been mapped yet.'}")
    entry, maps = CATALOGUE[map_name], record.get("maps") or {}
    if map_name not in maps:
        raise QSMError(f"{name} has no map {entry.title}. Choose another map, or add it to the maps and start again.")
    magnitude = magnitude_file(record, filter(None, (root, raw_folder(output))))
    with all_or_nothing():
        [volume] = load_files([Path(output) / maps[map_name]])
        below = load_first(magnitude, "magnitude") if magnitude else None
        adopt_map(volume, entry, _provenance(record, Path(output)), below)
    return volume, below


def magnitude_file(record, roots):
    """The file with the first magnitude of a scan that is in one of the BIDS folders, or None."""
    images = [name for name in record.get("inputs") or () if name.lower().endswith(ENDINGS) and "_coil-" not in name]
    named = [name for name in images if "_part-mag" in name] or [n for n in images if not ("_part-" in n or "_ph" in n)]
    first = min(named, key=lambda name: (len(name), name), default=None)
    paths = (Path(root) / first for root in roots if first)
    return next((path for path in paths if path.is_file()), None)


def raw_folder(output):
    """The BIDS folder that an output folder was made from, as it says itself; None if it does not."""
    from QSMLogic.files.ownership import read_record

    links = read_record(Path(output) / DESCRIPTION).get("DatasetLinks")
    raw = links.get("raw") if isinstance(links, dict) else None
    return Path(output) / raw.removeprefix("file://") if isinstance(raw, str) else None


def load_inputs(output, name, root=None):
    """Load the images of a scan; returns nodes as loading.load_files does. output, root: as for load_scan.

    Raises QSMError if they are not found.
    """
    from QSMLogic.files.bids import find_runs

    from .loading import load_bids

    participant = name.split("_")[0]
    for folder in filter(None, (root, raw_folder(output))):
        if (Path(folder) / participant).is_dir():
            runs = {run.name: run for run in find_runs(folder, [participant])}
            if name in runs:
                return load_bids(runs[name])
    raise QSMError(f"The images of {name} were not found. Choose the BIDS folder that they are in as input folder.")


def remove(nodes):
    """Remove nodes that were loaded, if they are still in the scene."""
    for node in nodes:
        if slicer.mrmlScene.IsNodePresent(node):
            slicer.mrmlScene.RemoveNode(node)


def _provenance(record, output):
    """How the maps of a scan were made, as in run.json."""
    map_file = record["maps"].get(SUSCEPTIBILITY)
    kept = sidecar(output / map_file).get("Provenance") if map_file else None
    return kept or {key: record[key] for key in ("scan", "settings", "software", "checks") if key in record}
