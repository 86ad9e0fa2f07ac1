"""What the plug-in for Slicer's DICOM module does on import: find scans among the selected series, and load them."""

from pathlib import Path

import slicer

from QSMLogic import QSMError
from QSMLogic.model.check import DOUBTFUL

from .dicom_nodes import add_scan
from .outputs import place_beside

CONFIDENCE = 1.1  # Slicer's own plug-ins go up to 1.05
TAG_MODALITY = "0008,0060"


def loadables(file_lists):
    """DICOMLoadables for the scans in the files of the selected series, a list of files for each series.

    Slicer lets the most confident plug-in have a series, and goes by the first file of a loadable. A scan of several
    series therefore has a loadable for each of them, with the same files in another order.
    """
    try:
        lists = [files for files in file_lists if _may_be_scan(files)]
        series = {Path(file): (file, n) for n, files in enumerate(lists) for file in files}
        return [loadable for scan in _scans(series) for loadable in _of_scan(scan, series)]
    except QSMError:  # there is no pydicom
        return []


def is_twin(loadable):
    """Whether a loadable has nothing to load, because the first one of its scan is selected, too."""
    return loadable.first is not None and loadable.first.selected


def load(loadable, place):
    """Put the scan of a loadable into the scene; returns the nodes to choose for it, magnitude first.

    place(loadable, node): puts a node into the subject hierarchy, under the study of the loadable's files.
    """
    from QSMLogic.files.dicom.loaded import loaded

    scan = loaded(loadable.scan)
    nodes = _at_once(add_scan(scan))
    for node, echoes in zip(nodes, scan.sources.values(), strict=True):
        paths = dict.fromkeys(path for echo in echoes for path in echo)
        place(_loadable(scan.title, [loadable.paths[path] for path in paths]), node)
    for node in nodes[1:]:
        place_beside(node, nodes[0])  # of two nodes of one series, Slicer places only the first
    return nodes


def _may_be_scan(files):
    """Whether a series may be one of a scan, as its modality and a few of its files say."""
    from QSMLogic.files.dicom.samples import may_be_scan

    is_mr = bool(files) and slicer.dicomDatabase.fileValue(files[0], TAG_MODALITY) in ("MR", "")
    return is_mr and may_be_scan(files)


def _scans(series):
    """The DicomScans in files."""
    from QSMLogic.files.dicom.finding import find_scans

    return find_scans(list(series)).scans if series else ()


def _of_scan(scan, series):
    """The loadables of a DicomScan. series: {path: (file as Slicer has it, number of its series)}."""
    paths = {path: series[path][0] for path in scan.files}
    numbers = sorted({series[path][1] for path in paths})
    found = []
    for number in numbers:
        files = sorted(paths, key=lambda path, number=number: series[path][1] != number)
        loadable = _loadable(scan.title, [paths[path] for path in files])
        loadable.tooltip = "Magnitude and phase of a gradient-echo scan, for the module QSM"
        loadable.warning = " ".join(check.sentence for check in scan.checks if check.verdict == DOUBTFUL)
        loadable.selected, loadable.confidence = True, CONFIDENCE
        loadable.scan, loadable.paths, loadable.first = scan, paths, found[0] if found else None
        found.append(loadable)
    return found


def _loadable(name, files):
    from DICOMLib import DICOMLoadable

    loadable = DICOMLoadable()
    loadable.name, loadable.files = name, files
    return loadable


def _at_once(steps):
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
