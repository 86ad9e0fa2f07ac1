"""From what a header says of spacing and axes to a Geometry: refused if it cannot be, doubted if it contradicts."""

import math

import numpy as np

from ..model.check import DOUBTFUL, Check
from ..model.errors import QSMError
from .geometry import Geometry, numbers

B0_DIRECTION, ORIENTATION, SPACING = "b0_direction", "image_orientation", "voxel_spacing"  # names of checks
SMALLEST_MM, LARGEST_MM = 0.00999, 50.01  # 0.01 and 50 mm, and rounding
STRAIGHT = 1e-4  # ITK takes axes for perpendicular up to here
SHEAR_DEGREES = 0.1  # rounding in sforms is below
TURN_DEGREES = 0.5
ROUNDING, GROSS = 0.005, 0.05  # relative deviations of spacings


def geometry_of(header):
    """The Geometry of an image with the checks that are not right; QSMError if it can be that of no scan."""
    with np.errstate(all="ignore"):
        return _geometry(header)


def _geometry(header):
    spacing, checks = _spacing(header)
    if not header.frames:
        return Geometry(header.size, spacing, checks=(*checks, _guessed(header, header.orientation_fields)))
    used, *others = header.frames
    checks += _spacing_doubts(header, used, spacing)
    direction = _direction(header, used)
    checks += tuple(filter(None, (_contradiction(header, used, direction, other) for other in others)))
    if not used.is_scanner:
        checks += (_guessed(header, f"its {used.name} is in the space of a template"),)
    origin = tuple(float(x) for x in used.origin)
    return Geometry(header.size, spacing, origin, tuple(float(x) for x in direction.flat), checks)


def _spacing(header):
    """(spacing, checks)"""
    if header.spacing is None:
        sentence = f"{header.path} does not give its voxel spacing; 1 mm was taken. Correct the header."
        return (1.0, 1.0, 1.0), (Check(SPACING, None, None, DOUBTFUL, sentence),)
    for axis, length in zip("ijk", header.spacing, strict=True):
        if not (math.isfinite(length) and SMALLEST_MM <= length <= LARGEST_MM):
            unit = "" if header.unit in ("mm", "unknown unit") else f" (the unit of the header is {header.unit})"
            raise QSMError(
                f"{header.path} has a voxel spacing of {length:g} mm along {axis}{unit}, which cannot be. "
                "Correct the spacing in its header, or convert it again."
            )
    return tuple(float(length) for length in header.spacing), ()


def _spacing_doubts(header, frame, spacing):
    """Checks of a frame whose steps have another length than the spacing; QSMError if they are far apart."""
    lengths = np.linalg.norm(frame.steps, axis=0)
    deviation = float(np.abs(lengths / spacing - 1).max())
    if deviation <= ROUNDING:
        return ()
    contradiction = (
        f"{header.path} contradicts itself: its voxel spacing is {numbers(spacing)} mm, that of its {frame.name} "
        f"{numbers(lengths)} mm."
    )
    if not deviation <= GROSS:
        raise QSMError(f"{contradiction} Correct the header, or convert it again.")
    sentence = f"{contradiction} The former was taken. Correct the header if it is wrong."
    return (Check(SPACING, deviation, ROUNDING, DOUBTFUL, sentence),)


def _direction(header, frame):
    """The perpendicular unit vectors along i, j and k, in columns."""
    axes = frame.steps / np.sqrt((frame.steps**2).sum(axis=0))
    if np.allclose(axes @ axes.T, np.eye(3), rtol=0, atol=STRAIGHT):
        return axes
    shear = _shear_degrees(axes)
    if shear > SHEAR_DEGREES:
        raise QSMError(
            f"{header.path} has axes that are not perpendicular: its {frame.name} is off by {shear:.2g} degrees. "
            "Resample it to a grid with perpendicular axes, or convert it again."
        )
    left, _, right = np.linalg.svd(axes)
    return left @ right


def _shear_degrees(axes):
    """By how much the angle between two unit vectors in columns differs from 90 degrees at most."""
    cosines = (axes.T @ axes)[np.triu_indices(3, 1)]
    return math.degrees(math.asin(min(float(np.abs(cosines).max()), 1.0)))


def _contradiction(header, used, direction, other):
    """The Check of another frame that does not lie as the used one; None if they agree."""
    lengths = np.linalg.norm(other.steps, axis=0)
    names = f"{header.path} contradicts itself: its {used.name}, which was used, and its {other.name}"
    remedy = "Correct the header, or give the direction of B0, if the former is wrong."
    if not lengths.all():
        return Check(ORIENTATION, None, None, DOUBTFUL, f"{names}, which has an axis of length 0, differ. {remedy}")
    turn = _turn_degrees(direction, other.steps / lengths)
    deviation = float(np.abs(lengths / np.linalg.norm(used.steps, axis=0) - 1).max())
    if turn > TURN_DEGREES:
        return Check(ORIENTATION, turn, TURN_DEGREES, DOUBTFUL, f"{names} differ by {turn:.3g} degrees. {remedy}")
    if deviation > ROUNDING:
        sentence = f"{names} differ in spacing by {100 * deviation:.2g} %. {remedy}"
        return Check(ORIENTATION, deviation, ROUNDING, DOUBTFUL, sentence)
    return None


def _turn_degrees(axes, others):
    """The largest angle between an axis and its counterpart."""
    cosines = np.clip((axes * others).sum(axis=0), -1, 1)
    return math.degrees(math.acos(float(cosines.min())))


def _guessed(header, reason):
    sentence = (
        f"{header.path} does not say how its axes lie in the scanner: {reason}. B0 was taken along the z axis of the "
        "image. Give the direction of B0 (on the command line --b0-direction), or convert the DICOM files again."
    )
    return Check(B0_DIRECTION, None, None, DOUBTFUL, sentence)
