"""One scan after the other in this process."""

from collections import deque

from .lost import Lost, unexpected


class SerialEngine:
    """Runs `work(scan, plan)` of each scan when its result is asked for.

    Attributes
    ----------
    workers : int
        How many scans are in work at a time.
    name, dashboard : str
        For users; dashboard is the address of a page that shows the work, "" without one.
    """

    workers, dashboard = 1, ""

    def __init__(self, work, advice=""):
        self._work, self._waiting = work, deque()
        self.name = "one scan after the other" + (f". {advice}" if advice else "")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._waiting.clear()

    @property
    def in_flight(self):
        """How many scans have been submitted whose result has not been asked for."""
        return len(self._waiting)

    def submit(self, scan, plan):
        self._waiting.append((scan, plan))

    def next(self):
        """(scan, Outcome) of the next scan that ends; Lost instead of an Outcome if it took its process with it."""
        scan, plan = self._waiting.popleft()
        try:
            return scan, self._work(scan, plan)
        except Exception as error:
            return scan, Lost(unexpected(error))
