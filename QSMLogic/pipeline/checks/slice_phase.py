"""Phase offsets of slices, the same at all echoes: half turns of every other slice (GE), and those of 2D sequences.

Two-dimensional (multiband) EPI, which smooth phase offsets do not describe, has steps of 0.16 to 0.20 rad (median
change from slice to slice) between slices and 0.01 in them; 3D scans, simulated and measured, have at most 0.01.
"""

from dataclasses import replace

import numpy as np

from ...model.check import DOUBTFUL, OK, Check
from ...numerics.namespace import like
from ...shared.phase_quality import wrapped

NAME = "slice_phase"
HALF_TURN_RAD, MOST_HALF_TURNS = 2.2, 0.8  # steps beyond, in this share of slices: every other slice is turned
UNEVEN_RAD, SINGLE_ECHO_RAD = 0.1, 1.0  # changes of steps between slices, of which a single echo's field has some, too
UNLIKE_OTHERS = 4  # times those along other axes
LEAST_VOXELS, LEAST_SLICES = 25, 5
SINGLE_ECHO = (
    "The phase jumps from slice to slice, and a single echo does not show whether by offsets of the slices or by a "
    "field. Use a scan of several echoes, or a three-dimensional one."
)


def without_slice_offsets(tissue):
    """The Tissue of the scan without offsets of its slices, and the Checks: at most one for each kind of offset."""
    checks, steps = [], {axis: tissue.slice_steps(axis) for axis in range(3)}
    turned = next((axis for axis, pair in steps.items() if _is_turned(*pair)), None)
    if turned is not None:
        half_turns = np.pi * (np.arange(tissue.mask.shape[turned]) % 2)
        tissue = tissue.with_scan(_without(tissue.scan, half_turns, turned))
        steps[turned] = tissue.slice_steps(turned)
        checks.append(_corrected(1.0, MOST_HALF_TURNS, "Every other slice was turned by pi, as GE scanners store it"))
    uneven = {axis: value for axis, pair in steps.items() if (value := _unevenness(*pair)) is not None}
    if len(uneven) < 2:
        return tissue, checks or [Check(NAME, None, UNEVEN_RAD, OK, "There are too few slices to check this.")]
    axis = max(uneven, key=uneven.get)
    value, others = uneven[axis], max(v for a, v in uneven.items() if a != axis)
    limit = UNEVEN_RAD if tissue.scan.echoes > 1 else SINGLE_ECHO_RAD
    if value < limit or value < UNLIKE_OTHERS * others:
        return tissue, checks or [Check(NAME, value, limit, OK, "The phase does not jump between slices.")]
    if tissue.scan.echoes == 1:
        return tissue, [*checks, Check(NAME, value, limit, DOUBTFUL, SINGLE_ECHO)]
    offsets = np.concatenate([[0.0], np.cumsum(np.where(steps[axis][1] > 0, steps[axis][0], 0.0))])
    tissue = tissue.with_scan(_without(tissue.scan, offsets, axis))
    return tissue, [*checks, _corrected(value, limit, "The slices had phase offsets of their own")]


def _is_turned(steps, voxels):
    """Whether every other slice is turned by half a turn."""
    steps = steps[voxels > LEAST_VOXELS]
    return steps.size >= LEAST_SLICES and np.mean(np.abs(steps) > HALF_TURN_RAD) > MOST_HALF_TURNS


def _unevenness(steps, voxels):
    """The median change of the step from one pair of slices to the next, rad; None if there are too few slices."""
    steps = steps[voxels > LEAST_VOXELS].astype(np.float32)
    return float(np.median(np.abs(wrapped(np.diff(steps))))) if steps.size >= LEAST_SLICES else None


def _without(scan, offsets_rad, axis):
    shape = [-1 if a == axis else 1 for a in range(3)]
    offsets_rad = like(offsets_rad.astype(np.float32).reshape(shape), scan.phase)
    return replace(scan, phase=wrapped(scan.phase - offsets_rad))


def _corrected(value, limit, what):
    return Check(NAME, value, limit, OK, f"{what}; this has been corrected.", corrected=True)
