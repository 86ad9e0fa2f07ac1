"""Two scans of one person in the scene, compared: what has changed, where, and in which regions."""

from dataclasses import dataclass

import numpy as np
import slicer

from QSMLogic import QSMError, __version__
from QSMLogic.model.catalogue import CATALOGUE, UNCERTAINTY
from QSMLogic.model.units import PER_PPM

from ..display.charts import LARGEST_LEGEND, Trace, make_chart
from ..display.colors import set_window
from ..scan.geometry import geometry_of
from ..scan.outputs import MAP, SCALAR, SCAN, VERSION, place_beside
from ..scan.sequences import proxy_of
from ..scan.units import set_unit
from . import tables
from .maps import image_of, mask_of
from .sources import can_refer_to, check_regions, region_names, regions_on

FIRST, SECOND, CHANGES, CHART = "QSM.FirstScan", "QSM.SecondScan", "QSM.Changes", "QSM.ChangeChart"
TITLE, HALF_CAP = "Change", 0.15  # half: of the distance between two regions
LEAST_WINDOW_PPM, STEP_PPM, SHOWN_PERCENT = 0.02, 0.01, 99.5


@dataclass(frozen=True)
class ChangeRequest:
    """A comparison to make, as nodes.

    first, second: susceptibility maps, the earlier and the later. first_magnitude, second_magnitude: volumes on their
    grids. regions: a segmentation or label map, drawn on the first scan. reference: the name of the region that is the
    common reference; "" or regions.brain.BRAIN for all voxels in both scans. unit: of the table, "ppm" or "ppb".
    """

    first: object
    first_magnitude: object
    second: object
    second_magnitude: object
    regions: object
    reference: str = ""
    unit: str = "ppm"


def magnitude_of(volume):
    """A volume with the magnitude of the scan that a map is of; None if the map does not refer to it."""
    scan = volume.GetNodeReference(SCAN) if volume else None
    return proxy_of(scan) if scan and scan.IsA("vtkMRMLSequenceNode") else scan


def check(request):
    """QSMError if something is missing or does not match; takes no time."""
    for volume, which in ((request.first, "first"), (request.second, "second")):
        if not volume:
            raise QSMError(f"Choose the {which} map.")
        if (unit := image_of(volume, "ppm").unit) not in PER_PPM:
            raise QSMError(f"{volume.GetName()} is in {unit}. Choose a susceptibility map in ppm.")
    if request.first is request.second:
        raise QSMError(f"{request.first.GetName()} is both the first and the second map. Choose two maps.")
    _check_magnitude(request.first, request.first_magnitude)
    _check_magnitude(request.second, request.second_magnitude)
    check_regions(request.regions)
    names = region_names(request.regions)
    if not can_refer_to(request.reference, names):
        raise QSMError(f"There is no region {request.reference!r} for reference. Choose another one, or none.")


def prepare(folder, request):
    """Write the request into the folder of a job, step by step between other events: for Process.start."""
    from QSMLogic.atlas.follow_up_job import write_comparison

    check(request)
    first = _visit(request.first, request.first_magnitude)
    yield
    second = _visit(request.second, request.second_magnitude)
    yield
    regions = regions_on(request.regions, request.first)
    yield
    yield from write_comparison(folder, first, second, regions, request.reference)


def add_changes(folder, request):
    """Put the result of the job beside the first map: the nodes of the table, of the difference, of its uncertainty.

    Those of an earlier comparison of both maps are overwritten.
    """
    from QSMLogic.atlas.follow_up_job import read_comparison

    table, difference, sigma = read_comparison(folder)
    first, second = request.first, request.second
    if difference.shape != slicer.util.arrayFromVolume(first).shape:
        raise QSMError(f"{first.GetName()} has changed since the comparison started. Compare again.")
    known = _earlier(first, second)
    name, role = f"{second.GetName()} minus {first.GetName()}", CATALOGUE[UNCERTAINTY].role
    change = _volume(difference, known, name, TITLE, first)
    error = _volume(sigma, known and known.GetNodeReference(role), f"{name} uncertainty", f"{TITLE} uncertainty", first)
    node = tables.write_table(
        table.in_unit(request.unit), known and known.GetNodeReference(CHANGES), f"{name} changes", first
    )
    for owner in (change, node):
        owner.SetNodeReferenceID(FIRST, first.GetID())
        owner.SetNodeReferenceID(SECOND, second.GetID())
    change.SetNodeReferenceID(role, error.GetID())
    change.SetNodeReferenceID(CHANGES, node.GetID())
    if not known:
        largest = _largest(difference)
        set_window(change, (-largest, largest))
    return node, change, error


def compare(request, progress=None):
    """Compare in this process, which takes up to a minute; returns what add_changes does. Raises QSMError.

    progress: called as progress(stage, fraction); it may raise Cancelled.
    """
    import tempfile

    from QSMLogic.pipeline import worker

    with tempfile.TemporaryDirectory(prefix="QSM") as folder:
        for _ in prepare(folder, request):
            pass
        worker.work(folder, progress or (lambda stage, fraction: None))
        return add_changes(folder, request)


def change_chart(node):
    """The change of each region with its 95 % confidence interval, from a table node of changes; the chart node."""
    table = read_changes(node)
    placed = [(place, row) for place, row in enumerate(table.rows, 1) if row["low"] is not None]
    if not placed:
        raise QSMError("There is nothing to plot: no region has a change with an uncertainty.")
    traces = [Trace(f"{place} {row['segment']}", *_interval(row, place)) for place, row in placed]
    regions = "Region" if len(placed) <= LARGEST_LEGEND else "Region, in the order of the table"
    return make_chart(node, CHART, node.GetName(), traces, (regions, f"Change [{table.unit}]"))


def read_changes(node):
    """The RegionTable in a table node of changes."""
    from QSMLogic.regions.source_columns import CHANGE_COLUMNS

    return tables.read_table(node, CHANGE_COLUMNS)


def _check_magnitude(volume, magnitude):
    if not magnitude or not magnitude.IsA("vtkMRMLVolumeNode") or not magnitude.GetImageData():
        raise QSMError(f"Choose the magnitude of {volume.GetName()}.")
    if difference := geometry_of(volume).difference(geometry_of(magnitude)):
        raise QSMError(f"{magnitude.GetName()} does not fit {volume.GetName()}: {difference}. Choose that of its scan.")


def _visit(volume, magnitude):
    from QSMLogic.atlas.follow_up import Visit

    image, mask, echoes = image_of(volume, "ppm"), mask_of(volume), slicer.util.arrayFromVolume(magnitude)
    per_ppm = PER_PPM[image.unit]
    ppm = image.array / per_ppm
    sigma = None if image.uncertainty is None else image.uncertainty / per_ppm
    first_echo = echoes if echoes.ndim == 3 else echoes[..., 0]
    return Visit(ppm, ppm != 0 if mask is None else mask, first_echo, geometry_of(volume), sigma)


def _earlier(first, second):
    """The difference of two maps that is in the scene; None if there is none."""
    volumes = slicer.util.getNodesByClass(SCALAR)
    return next(
        (v for v in volumes if (v.GetNodeReference(FIRST), v.GetNodeReference(SECOND)) == (first, second)), None
    )


def _volume(array, node, name, title, neighbor):
    """The volume node (None for a new one) with an array on the grid of its neighbor, in ppm."""
    node = node or slicer.mrmlScene.AddNewNodeByClass(SCALAR, slicer.mrmlScene.GenerateUniqueName(name))
    with slicer.util.NodeModify(node):
        node.CopyOrientation(neighbor)
        slicer.util.updateVolumeFromArray(node, array)
        node.SetAndObserveTransformNodeID(neighbor.GetTransformNodeID())
        node.SetAttribute(VERSION, __version__)
        node.SetAttribute(MAP, title)
        set_unit(node, "ppm")
    node.CreateDefaultDisplayNodes()
    place_beside(node, neighbor)
    return node


def _largest(difference):
    """The end of a window about zero that shows all but a few voxels."""
    inside = np.abs(difference[difference != 0])
    largest = np.percentile(inside, SHOWN_PERCENT) if inside.size else 0
    return max(LEAST_WINDOW_PPM, float(np.ceil(largest / STEP_PPM) * STEP_PPM))


def _interval(row, place):
    """x and y of a change with its confidence interval, as one line."""
    left, right, low, high = place - HALF_CAP, place + HALF_CAP, row["low"], row["high"]
    path = [(left, low), (right, low), (place, low), (place, row["change"]), (left, row["change"])]
    path += [(right, row["change"]), (place, row["change"]), (place, high), (left, high), (right, high)]
    return tuple(zip(*path, strict=True))
