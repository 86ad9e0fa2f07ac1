"""The run of the panel as Python code for Slicer's console and as a command line."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import slicer

import QSMLogic
from QSMLogic.model.given_maps import GIVEN_MAPS
from QSMLogic.registry.settings import DEVICE

from ..scan.loading import file_of
from ..scan.request import read_scan
from ..scan.sequences import sequence_of
from .child import python_executable


def as_python(request):
    """Lines for Slicer's Python console that do what the Request asks for."""
    arguments = [_nodes(request.magnitude_nodes), _nodes(request.phase_nodes)]
    optional = {
        "echoTimes": request.echo_times_s,
        "fieldStrength": request.field_strength_t,
        "maskNode": request.mask_node and _nodes(request.mask_node),
        "outputVolume": request.output_volume and _nodes(request.output_volume),
        "settings": request.settings,
        "b0Direction": request.b0_direction_ijk,
        "intermediateMaps": request.intermediate,
        "referenceNode": request.reference_node and _nodes(request.reference_node),
        "strengthCurve": request.curve,
        "givenMaps": {name: _nodes(node) for name, node in request.given_maps.items()},
    }
    return _call("susceptibility", "process", arguments, optional)


def measurement_as_python(measurement, left_right=False):
    """Lines for Slicer's Python console that measure as a region_measure.Measurement says."""
    arguments = [_nodes(measurement.regions), _nodes(list(measurement.maps))]
    optional = {
        "unit": measurement.unit,
        "reference": measurement.reference,
        "erosionMm": measurement.erosion_mm,
        "edges": measurement.edges,
        "leftRight": left_right,
    }
    return _call("table", "regionTable", arguments, optional)


def _call(result, function, arguments, optional):
    """The call of a function of QSMLogic, less the optional arguments that are not set."""
    arguments = arguments + [f"{name}={value!r}" for name, value in optional.items() if value]
    lines = ",\n".join(f"    {argument}" for argument in arguments)
    return f"from QSM import QSMLogic\n\n{result} = QSMLogic().{function}(\n{lines},\n)\n"


def missing_files(request):
    """Names of the images and mask that no file on disk holds as they are, which a command line would need."""
    nodes = _input_nodes(request)
    return [n.GetName() for n in nodes if _segmented(n) or sequence_of(n) or file_of(n) is None]


def as_command_line(request, folder):
    """The command that writes the maps of the Request to `folder`; what no file holds is saved there first.

    Raises QSMError for a Request that cannot be run.
    """
    scan, folder = read_scan(request), Path(folder)
    words = [python_executable(), str(Path(QSMLogic.__file__).parent), "run"]
    words += ["--magnitude", *_files(request.magnitude_nodes, scan, "magnitude", folder)]
    words += ["--phase", *_files(request.phase_nodes, scan, "phase", folder)]
    words += ["--echo-times", *(f"{time!r}" for time in scan.facts["echo_times_s"])]
    words += ["--field-strength", f"{scan.facts['field_strength_t']!r}"]
    words += ["--b0-direction", *(f"{float(x)!r}" for x in reversed(scan.grid.b0_direction))]
    if scan.mask is not None:
        words += ["--mask", _mask_file(request.mask_node, scan.mask, scan, folder, "given_mask")]
    if scan.reference is not None:
        words += ["--reference-mask", _mask_file(request.reference_node, scan.reference, scan, folder, "reference")]
    for name, node in request.given_maps.items():
        words += [f"--{GIVEN_MAPS[name].option}", _map_file(node, scan.given_maps[name], scan, folder, name)]
    choices = {stage: choice for stage, choice in request.settings.items() if stage != DEVICE}
    if choices:
        words += ["--settings", _settings_file(choices, folder)]
    if DEVICE in request.settings:
        words += ["--device", request.settings[DEVICE]]
    words += ["--curve"] * request.curve
    words += ["--output", str(folder)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


class _Code(str):
    """Text that stands for itself in a snippet."""

    __repr__ = str.__str__


def _nodes(nodes):
    """Code for a node, a list of nodes, or a pair of a segmentation and a segment."""
    if isinstance(nodes, list):
        return _Code(f"[{', '.join(_nodes(node) for node in nodes)}]")
    if isinstance(nodes, tuple):
        return _Code(f"({_nodes(nodes[0])}, {nodes[1]!r})")
    name = nodes.GetName()
    if slicer.mrmlScene.GetNodesByName(name).GetNumberOfItems() == 1 and not re.search(r"[][*?]", name):
        return _Code(f"slicer.util.getNode({name!r})")
    return _Code(f"slicer.mrmlScene.GetNodeByID({nodes.GetID()!r})")


def _input_nodes(request):
    nodes = []
    for given in (request.magnitude_nodes, request.phase_nodes):
        nodes += given if isinstance(given, list) else [given]
    mask = request.mask_node
    return nodes + ([mask[0] if isinstance(mask, tuple) else mask] if mask else [])


def _segmented(node):
    return node.IsA("vtkMRMLSegmentationNode")


def _files(nodes, scan, kind, folder):
    """The files of the images, saved into the folder if there are none."""
    from QSMLogic.files.images import write_image

    nodes = nodes if isinstance(nodes, list) else [nodes]
    paths = [file_of(node) for node in nodes]
    as_in_file = len(nodes) == len(scan.images(kind))  # the volumes of a 4D file may have been put in order
    if all(paths) and as_in_file:
        return [str(path) for path in paths]
    path = folder / f"{kind}.nii.gz"
    write_image(path, np.stack(scan.images(kind)), _geometry(scan.source.volume))
    return [str(path)]


def _mask_file(mask_node, mask, scan, folder, name):
    from QSMLogic.files.images import write_image

    path = None if isinstance(mask_node, tuple) or _segmented(mask_node) else file_of(mask_node)
    if path is None:
        path = folder / f"{name}.nii.gz"
        write_image(path, mask, _geometry(scan.source.volume))
    return str(path)


def _map_file(node, array, scan, folder, name):
    from QSMLogic.files.images import write_image

    path = file_of(node)
    if path is None:
        path = folder / f"{name}.nii.gz"
        write_image(path, array, _geometry(scan.source.volume))
    return str(path)


def _settings_file(settings, folder):
    """A file, because no quotes pass through every shell."""
    from QSMLogic.files.images import write_files

    path = folder / "settings.json"
    write_files({path: settings}, None)
    return str(path)


def _geometry(volume):
    """The Geometry for files of a volume node, in ITK's coordinates (LPS)."""
    import vtk

    from QSMLogic.files.images import Geometry

    directions = vtk.vtkMatrix4x4()
    volume.GetIJKToRASDirectionMatrix(directions)
    ras_to_lps = np.diag((-1.0, -1.0, 1.0))
    direction = ras_to_lps @ slicer.util.arrayFromVTKMatrix(directions)[:3, :3]
    size = volume.GetImageData().GetDimensions()
    origin = ras_to_lps @ volume.GetOrigin()
    return Geometry(size, volume.GetSpacing(), tuple(map(float, origin)), tuple(float(x) for x in direction.flat))
