"""Maps of other scans that a run may be given, declared once; options, panel and stages follow from it."""

from dataclasses import dataclass

import numpy as np

from .errors import QSMError


@dataclass(frozen=True)
class GivenMap:
    """A map on the grid of the scan that the user has from elsewhere.

    Attributes
    ----------
    name : str
        With its unit.
    title : str
        As users see it.
    option : str
        Of the command line.
    meaning : str
        What it is, for help texts.
    """

    name: str
    title: str
    option: str
    meaning: str


GIVEN_MAPS = {
    given.name: given
    for given in (
        GivenMap("r2_hz", "R2", "r2", "R2 in 1/s, as from spin echoes"),
        GivenMap("r2prime_hz", "R2'", "r2prime", "R2' in 1/s, the difference of R2* and R2; it comes before R2"),
    )
}


def checked_given(maps, grid):
    """{name: float32 array} of the maps that were given; QSMError for an unknown one or another shape."""
    checked = {}
    for name, array in (maps or {}).items():
        if name not in GIVEN_MAPS:
            raise QSMError(f"There is no map {name!r} to be given. The maps are {', '.join(GIVEN_MAPS)}.")
        if array is None:
            continue
        array = np.asarray(array, np.float32)
        if array.shape != grid.shape:
            raise QSMError(
                f"The {GIVEN_MAPS[name].title} map has shape {array.shape}, the scan {grid.shape}. Resample it to the "
                "scan's grid."
            )
        checked[name] = array
    return checked
