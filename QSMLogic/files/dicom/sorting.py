"""The frames of a series, sorted into images that belong together: by grid and processing, kind, echo and time."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ..geometry import Geometry
from .frame import PAIRS, PHASE, Series
from .stacks import geometry_of, stacked

AXIS_DIGITS, SPACING_DIGITS = 4, 4


@dataclass(frozen=True)
class Images:
    """Images of one series, one grid and one processing.

    Parameters
    ----------
    series : Series
    flavor : frozenset of str
    acquired : str
        When the acquisition began.
    stacks : dict
        {kind: {(echo time in ms, number): for each volume, the Frames along k}}, echoes in order of their times.
    geometry : Geometry
    numbers : tuple of int
        Those of all series, if the echoes are series of their own.
    """

    series: Series
    flavor: frozenset
    acquired: str
    stacks: dict
    geometry: Geometry
    numbers: tuple

    @property
    def pair(self):
        """The two kinds of image that make a scan of it; None if it has none."""
        return next((pair for pair in PAIRS if all(kind in self.stacks for kind in pair)), None)

    @property
    def times(self):
        """The echo times, in ms."""
        return tuple(sorted({time for echoes in self.stacks.values() for time, _ in echoes}))


def images_of(series, frames):
    """(list of Images, list of (number of files, reason)) of the frames of a series."""
    groups = {}
    for frame in frames:
        groups.setdefault(_likeness(frame), []).append(frame)
    if reason := _several_grids(groups):
        return [], [(frames, reason)]
    found, left_out = [], []
    for group in groups.values():
        try:
            found.append(_sorted(series, group))
        except QSMError as error:
            left_out.append((group, str(error)))
    return found, left_out


def check_alike(one, other, what):
    """QSMError if two stacks do not lie on the same grid; what: names of both."""
    if difference := geometry_of(one).difference(geometry_of(other)):
        raise QSMError(f"The {what[1]} does not fit the {what[0]}: {difference}.")


def _likeness(frame):
    """What the frames of one image share."""
    plane = frame.plane
    axes = tuple(round(x, AXIS_DIGITS) + 0.0 for x in plane.axes)
    spacing = tuple(round(x, SPACING_DIGITS) for x in plane.spacing)
    return plane.size, spacing, axes, (frame.flavor, frame.number is None)


def _several_grids(groups):
    """Why echoes on grids of their own are no scan, a sentence; None if there is nothing of the kind."""
    echoes = {}
    for (*_, form), frames in groups.items():
        echoes.setdefault(form, []).append({frame.echo for frame in frames})
    if any(len(sets) > 1 and sum(map(len, sets)) == len(set().union(*sets)) for sets in echoes.values()):
        return "Its echoes have different matrices, spacings or orientations. QSM needs all echoes on one grid."
    return None


def _sorted(series, frames):
    """The Images of alike frames; QSMError if they do not fit together."""
    short = [frame for frame in frames if frame.is_short]
    if short:
        raise QSMError(
            f"{len({frame.file for frame in short})} of its files are cut short, such as {short[0].path.name}. Copy "
            "or export them again."
        )
    if len({frame.in_radians for frame in frames if frame.kind == PHASE}) > 1:
        raise QSMError("Its phase images are scaled in different ways. Export all of them in the same way.")
    groups = {}
    for frame in frames:
        groups.setdefault(frame.kind, {}).setdefault(frame.echo, []).append(frame)
    stacks = {
        kind: {echo: stacked(echoes[echo], _name(kind, n, len(echoes))) for n, echo in enumerate(sorted(echoes), 1)}
        for kind, echoes in groups.items()
    }
    _check_coils(stacks)
    _check_together(stacks)
    acquired = min(frame.acquired for frame in frames)
    first = next(iter(next(iter(stacks.values())).values()))[0]
    return Images(series, frames[0].flavor, acquired, stacks, geometry_of(first), (series.number,))


def _check_coils(stacks):
    """QSMError if what looks like points in time are the images of single coils."""
    volumes = next(iter(next(iter(stacks.values())).values()))
    coils = {volume[0].coil for volume in volumes}
    if len(volumes) > 1 and len(coils) == len(volumes):
        raise QSMError(f"It holds the images of {len(coils)} single coils. Export the combined images.")


def _check_together(stacks):
    """QSMError if the echoes of a kind do not lie on the same grid or differ in volumes."""
    for kind, echoes in stacks.items():
        first, *others = list(echoes.values())
        for n, volumes in enumerate(others, 2):
            names = (_name(kind, 1, 2), _name(kind, n, 2))
            check_alike(first[0], volumes[0], names)
            if len(volumes) != len(first):
                raise QSMError(
                    f"The {names[0]} has {len(first)} time points, the {names[1]} {len(volumes)}. Export the series "
                    "again, complete."
                )


def _name(kind, number, count):
    return f"{kind} of echo {number}" if count > 1 else f"{kind}"
