"""Live maps after a full one: its detail, with what settings have changed on the coarse grid since."""

import numpy as np


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

        It is as much of the full map as `new` has of the former coarse one, and the rest of `new`. If the mask has
        shrunk, it ends where `new` ends; blocks that have been added are coarse.
        """
        before, tiny = self.coarse, np.finfo(np.float32).tiny
        part = np.float32(np.clip(np.vdot(before, new) / max(np.vdot(before, before), tiny), 0, 1))
        had, has = before != 0, new != 0
        found = part * self.full
        found += self.grid.enlarged(np.where(had & has, new - part * before, np.float32(0)))
        found *= self.full != 0
        if (had & ~has).any():
            found *= self.grid.enlarged(has)
        if (has & ~had).any():
            found += self.grid.enlarged(np.where(has & ~had, new, np.float32(0))) * (self.full == 0)
        return found
