"""Live maps after a full one: its detail, with what settings have changed on the coarse grid since."""

import numpy as np

TINY = np.finfo(np.float32).tiny


class LiveDetail:
    """A map at full resolution, as the start of those that follow.

    Parameters
    ----------
    full : ndarray
        The map in the box of a CoarseGrid, 0 where there is none.
    coarse : ndarray
        That of the same settings on the blocks of the entire scan, 0 where there is none.
    grid : CoarseGrid
    """

    def __init__(self, full, coarse, grid):
        self.full, self.coarse, self.grid = full, coarse, grid

    def changed(self, new):
        """The map in the box for the coarse map `new`.

        It is as much of the full map as `new` has of the former coarse one, and the rest of `new`. If the mask is
        another one, it lies where `new` does, and is `new` alone where there was no map.
        """
        before, had, has = self.coarse, self.coarse != 0, new != 0
        part = np.float32(np.clip(np.vdot(before, new) / max(np.vdot(before, before), TINY), 0, 1))
        is_same = (had == has).all()
        found = part * self.full
        if not is_same:
            found *= self.grid.enlarged(had)
        found += self.grid.enlarged(np.where(has, new - part * before, np.float32(0)))
        found *= self.full != 0 if is_same else self.grid.enlarged(has)
        return found
