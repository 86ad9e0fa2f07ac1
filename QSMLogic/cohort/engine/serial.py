"""One scan after the other, in this process."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Lost:
    """Says that a scan has come back without an Outcome: it has taken its process with it, or met a bug.

    reason: one sentence for users.
    """

    reason: str


class SerialEngine:
    """The Engine (see `engine_of`) that needs nothing but this process."""

    workers, dashboard = 1, ""

    def __init__(self, work, advice=""):
        self.work, self._waiting = work, deque()
        self.name = "one scan after the other" + (f" ({advice})" if advice else "")

    @property
    def in_flight(self):
        return len(self._waiting)

    def submit(self, scan, plan):
        self._waiting.append((scan, plan))

    def next(self):
        scan, plan = self._waiting.popleft()
        try:
            return scan, self.work(scan, plan)
        except MemoryError:
            return scan, Lost("There is not enough memory for this scan. Close other programs, or crop the images.")
        except Exception as error:
            return scan, Lost(unexpected(error))


def unexpected(error):
    """The sentence for an exception that no code was to raise."""
    return f"Unexpected {type(error).__name__}: {error}"
