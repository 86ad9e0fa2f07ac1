"""A request to map a scan, and the scan, ready to run."""

from dataclasses import dataclass, field, replace

import numpy as np

from QSMLogic import Acquisition, Grid, QSMError, Settings
from QSMLogic.files.sidecar_values import same_strength, same_time
from QSMLogic.model.check import DOUBTFUL, Check
from QSMLogic.model.scan_checks import checked_echo_times, checked_field_strength

from . import metadata
from .checks import kept_checks
from .geometry import grid_of, require_same_geometry
from .inputs import Series, read_series
from .masks import check_mask, map_array, mask_array, values_check
from .outputs import require_output


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to map, and how; the arguments of QSM.QSMLogic.process."""

    magnitude_nodes: object
    phase_nodes: object
    echo_times_s: tuple | None = None
    field_strength_t: float | None = None
    b0_direction_ijk: tuple | None = None
    mask_node: object = None
    output_volume: object = None
    settings: dict | Settings | None = None
    intermediate: bool = False
    reference_node: object = None
    curve: bool = False
    given_maps: dict = field(default_factory=dict)


@dataclass(frozen=True)
class SceneScan:
    """A scan of the scene that can be mapped: its images are views of the nodes' voxels, nothing is copied yet.

    mask, reference: bool (k, j, i) or None. names: of the input nodes, for the provenance. checks: what was found in
    the headers of the images and in the values of the masks, and given values that the images contradict. reported:
    what is to be reported of the acquisition. given_maps: {name: array (k, j, i)}, as in GIVEN_MAPS.
    """

    magnitude: Series
    phase: Series
    echo_times_s: tuple
    field_strength_t: float
    grid: Grid
    mask: np.ndarray | None
    names: dict
    reference: np.ndarray | None = None
    checks: tuple = ()
    reported: dict = field(default_factory=dict)
    given_maps: dict = field(default_factory=dict)

    @property
    def source(self):
        """The Echo whose grid the maps have."""
        return self.magnitude.echoes[0]

    @property
    def facts(self):
        """All but the images."""
        return {
            "echo_times_s": [float(time) for time in self.echo_times_s],
            "field_strength_t": float(self.field_strength_t),
            "grid": self.grid,
            "checks": self.checks,
            "reported": self.reported,
        }

    def images(self, kind):
        """The voxels of "magnitude" or "phase", an array (k, j, i) for each echo."""
        return [echo.image for echo in getattr(self, kind).echoes]

    def acquisition(self):
        """An Acquisition with copies of the images; QSMError if they cannot be a scan."""
        magnitude, phase = (_stacked(self.images(kind)) for kind in ("magnitude", "phase"))
        facts = self.echo_times_s, self.field_strength_t, self.grid, self.checks, self.reported
        return Acquisition(magnitude, phase, *facts)


def read_scan(request):
    """The SceneScan of a Request; missing values are looked up in the metadata of the nodes.

    Raises QSMError if nodes are missing or of the wrong type, the grids of the images differ, echo times or field
    strength are unknown or contradictory, or the mask cannot be used.
    """
    scan = check_scan(request)
    where = scan.source.volume, scan.source.holder
    masks = {"mask": request.mask_node, "reference mask": request.reference_node}
    found = [values_check(node, *where, name) for name, node in masks.items()]
    return replace(
        scan,
        mask=mask_array(request.mask_node, *where),
        reference=mask_array(request.reference_node, *where),
        checks=(*scan.checks, *(check for check in found if check)),
        given_maps={name: map_array(node, *where) for name, node in request.given_maps.items()},
    )


def check_scan(request):
    """Like read_scan, but the mask is only checked and not made, so that it takes no time."""
    magnitude = read_series(request.magnitude_nodes, "magnitude")
    phase = read_series(request.phase_nodes, "phase")
    first = magnitude.echoes[0]
    require_output(request.output_volume, _nodes(magnitude, phase, request.mask_node, request.reference_node))
    for echo in (*magnitude.echoes[1:], *phase.echoes):
        require_same_geometry(first.volume, first.holder, echo.volume, echo.holder)
    for node in (request.mask_node, request.reference_node):
        check_mask(node, first.volume, first.holder)
    for node in request.given_maps.values():
        map_array(node, first.volume, first.holder)
    names = {"magnitude": magnitude.names, "phase": phase.names, "mask": _mask_name(request.mask_node)}
    if request.reference_node:
        names["reference"] = _mask_name(request.reference_node)
    names |= {name: node.GetName() for name, node in request.given_maps.items()}
    times, strength = request.echo_times_s, request.field_strength_t
    times = metadata.echo_times_s(magnitude, phase) if times is None else times
    strength = metadata.field_strength_t(magnitude, phase) if strength is None else strength
    times = checked_echo_times(times, len(magnitude.echoes), len(phase.echoes))
    strength = checked_field_strength(strength)
    return SceneScan(
        magnitude,
        phase,
        times,
        strength,
        grid_of(first.volume, first.holder, request.b0_direction_ijk),
        None,
        names,
        checks=(
            *kept_checks(_sources(magnitude, phase), request.b0_direction_ijk),
            *_contradictions(times, strength, magnitude, phase),
        ),
        reported=metadata.reported(magnitude, phase),
    )


def _contradictions(given_times, given_strength, magnitude, phase):
    """The Checks of echo times (s) and field strength (T) that were given although the images have others."""
    times, strength = (
        _found(find, magnitude, phase) for find in (metadata.find_echo_times, metadata.find_field_strength)
    )
    if times and len(times.value) == len(given_times) and not all(map(same_time, given_times, times.value)):
        one, other = (", ".join(f"{1000 * time:g}" for time in listed) for listed in (given_times, times.value))
        yield _doubt("echo_times", one, other, f"Echo times of {one} ms were given, but {times.source} has {other} ms.")
    if strength and not same_strength(given_strength, strength.value):
        sentence = (
            f"A field strength of {given_strength:g} T was given, but {strength.source} has {strength.value:g} T."
        )
        yield _doubt("field_strength", given_strength, strength.value, sentence)


def _found(find, magnitude, phase):
    """The result of a finder; None, too, if the images contradict each other, which the given value decides."""
    try:
        return find(magnitude, phase)
    except QSMError:
        return None


def _doubt(name, given, found, sentence):
    return Check(name, given, found, DOUBTFUL, f"{sentence} Check which is right.")


def _sources(*series):
    """Every node that may know something of the images."""
    return [node for one in series for group in one.sources for node in group]


def _nodes(magnitude, phase, *mask_nodes):
    """Every node that is read."""
    echoes = (*magnitude.echoes, *phase.echoes)
    masks = [mask[0] if isinstance(mask, list | tuple) and mask else mask for mask in mask_nodes]
    return [node for echo in echoes for node in (echo.volume, echo.holder)] + masks


def _mask_name(mask_node):
    if isinstance(mask_node, list | tuple):
        return f"{mask_node[0].GetName()}, segment {mask_node[1]}"
    return mask_node and mask_node.GetName()


def _stacked(images):
    """The images as one float32 array (echo, k, j, i)."""
    stacked = np.empty((len(images), *images[0].shape), np.float32)
    for target, image in zip(stacked, images, strict=True):
        target[...] = image
    return stacked
