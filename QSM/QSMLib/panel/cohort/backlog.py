"""Work that is done piece by piece between the events of Qt, so that thousands of rows do not block them."""

import time
from collections import deque

import qt

TURN_MS, BUDGET_S = 2, 0.015  # between two turns; for the pieces of one


class Backlog:
    """Takes pieces of work in the order in which they were added. close() must be called at the end.

    on_turn(): called when some pieces are done, before other events.
    """

    def __init__(self, on_turn):
        self._works, self._on_turn = deque(), on_turn
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._turn)

    @property
    def is_empty(self):
        return not self._works

    def add(self, work, first=False):
        """Add an iterator: each of its steps is a piece of work. first: take it before all others."""
        (self._works.appendleft if first else self._works.append)(iter(work))
        if not self._timer.active:
            self._timer.start(TURN_MS)

    def clear(self):
        """Forget what has not been done."""
        self._works.clear()

    def close(self):
        self.clear()
        self._timer.stop()
        self._timer.disconnect("timeout()", self._turn)

    def _turn(self):
        end = time.perf_counter() + BUDGET_S
        try:
            while self._works and time.perf_counter() < end:
                self._step()
        finally:
            if self._works:
                self._timer.start(TURN_MS)
        self._on_turn()

    def _step(self):
        work = self._works[0]
        try:
            next(work)
        except StopIteration:
            self._drop(work)
        except BaseException:
            self._drop(work)
            raise

    def _drop(self, work):
        """Take a work that is over out, unless it has cleared the backlog itself."""
        if self._works and self._works[0] is work:
            self._works.popleft()
