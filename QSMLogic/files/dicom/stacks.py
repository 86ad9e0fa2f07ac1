"""Frames to stacks: sorted along k and in time, and the grid that they lie on. What does not fit is refused."""

from collections import Counter

import numpy as np

from ...model.errors import QSMError
from ..geometry import Geometry

SAME_MM = 0.02  # rounding of positions in headers is below, distances of slices are above
UNEVEN, UNEVEN_MM = 0.02, 0.05  # of the distance of slices
SHEAR_DEGREES = 0.1
FEWEST = 2
SPACING_DIGITS = 6  # of mm: positions are decimal numbers, their differences are not
AGAIN = "Export the series again, complete."


def stacked(frames, what):
    """For each point in time, the frames along k.

    frames: those of one kind and echo, in any order. what: their name, such as "phase of echo 2". k goes along the
    normal of the slices, so that the axes (i, j, k) are right-handed. Raises QSMError that says what is missing.
    """
    heights = np.array([_height(frame) for frame in frames])
    order = np.argsort(heights, kind="stable")
    starts = np.flatnonzero(np.diff(heights[order], prepend=-np.inf) > SAME_MM)
    groups = np.split(order, starts[1:])
    places = [sorted((frames[n] for n in group), key=lambda frame: frame.order) for group in groups]
    levels = heights[order][starts]
    if len(places) < FEWEST:
        raise QSMError(f"The {what} has a single slice: QSM needs a volume.")
    _check_spacing(levels, what)
    _check_counts([len(place) for place in places], what)
    volumes = tuple(zip(*places, strict=True))
    for volume in volumes:
        _check_straight(volume, what)
    return volumes


def geometry_of(stack):
    """The Geometry of the frames along k."""
    plane, (first, last) = stack[0].plane, (np.array(stack[n].position) for n in (0, -1))
    axes = _axes(plane)
    spacing = round(float((last - first) @ axes[:, 2]) / (len(stack) - 1), SPACING_DIGITS)
    sizes = (*plane.size, len(stack))
    return Geometry(sizes, (*plane.spacing, spacing), stack[0].position, tuple(float(x) for x in axes.flat))


def _axes(plane):
    """The unit vectors along i, j and k in columns; right-handed and perpendicular."""
    along_i, along_j = np.reshape(plane.axes, (2, 3))
    along_i = along_i / np.linalg.norm(along_i)
    along_k = np.cross(along_i, along_j)
    along_k /= np.linalg.norm(along_k)
    return np.stack([along_i, np.cross(along_k, along_i), along_k], axis=1)


def _height(frame):
    """Where a frame lies along the normal of its slices, in mm."""
    (ax, ay, az, bx, by, bz), (x, y, z) = frame.plane.axes, frame.position
    return x * (ay * bz - az * by) + y * (az * bx - ax * bz) + z * (ax * by - ay * bx)


def _check_spacing(levels, what):
    gaps = np.diff(levels)
    usual = float(np.median(gaps))
    room = max(UNEVEN * usual, UNEVEN_MM)
    line = levels[0] + (levels[-1] - levels[0]) * np.arange(len(levels)) / (len(levels) - 1)
    if np.abs(gaps - usual).max() <= room and np.abs(levels - line).max() <= max(room, usual / 4):
        return
    smallest = float(gaps.min())
    counts = np.rint(gaps / smallest).astype(int)
    if np.abs(gaps / smallest - counts).max() > 0.1 or counts.max() == 1:
        raise QSMError(
            f"The slices of the {what} are spaced unevenly, by {smallest:.3g} to {gaps.max():.3g} mm. Export a series "
            "with even spacing."
        )
    numbers = np.concatenate([[1], 1 + np.cumsum(counts)])
    missing = sorted(set(range(1, int(numbers[-1]) + 1)) - set(numbers.tolist()))
    raise QSMError(
        f"The {what} lacks {len(missing)} of {int(numbers[-1])} slices: number {_listed(missing)}, counted along the "
        f"stack. {AGAIN}"
    )


def _check_counts(counts, what):
    usual, _ = Counter(counts).most_common(1)[0]
    others = [n for n, count in enumerate(counts, 1) if count != usual]
    if others:
        raise QSMError(
            f"The {what} has {usual} images at most positions, but {counts[others[0] - 1]} at slice "
            f"{_listed(others)}: images are missing, or those of several acquisitions are mixed. {AGAIN}"
        )


def _check_straight(volume, what):
    """QSMError if the slices are not stacked along their normal."""
    first, last = (np.array(volume[n].position) for n in (0, -1))
    normal, step = _axes(volume[0].plane)[:, 2], last - first
    length = np.linalg.norm(step)
    tilt = np.degrees(np.arccos(np.clip(step @ normal / length, -1, 1)))
    if tilt > SHEAR_DEGREES and np.linalg.norm(step - (step @ normal) * normal) > SAME_MM:
        raise QSMError(
            f"The slices of the {what} are shifted against each other, by {tilt:.2g} degrees from their normal (a "
            "tilted gantry, or several stacks). QSM needs slices above each other."
        )
    line = first + step * (np.arange(len(volume)) / (len(volume) - 1))[:, None]
    aside = np.array([frame.position for frame in volume]) - line
    aside -= (aside @ normal)[:, None] * normal
    if np.linalg.norm(aside, axis=1).max() > max(SAME_MM, 0.1 * min(volume[0].plane.spacing)):
        raise QSMError(f"The slices of the {what} do not lie above each other: several stacks are mixed. {AGAIN}")


def _listed(numbers, most=8):
    shown = ", ".join(str(n) for n in numbers[:most])
    return f"{shown} and others" if len(numbers) > most else shown
