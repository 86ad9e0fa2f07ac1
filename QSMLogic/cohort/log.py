"""The log of a scan: its stages, warnings and errors with the time since its start."""

import time
import traceback


class ScanLog:
    """Lines of text; `progress` is a progress callback of a run."""

    def __init__(self):
        self._began, self._lines, self._stage = time.perf_counter(), [], ""

    def progress(self, stage, fraction):
        if stage != self._stage:
            self._stage = stage
            self.add(stage)

    def add(self, text):
        self._lines.append(f"{self.seconds:8.1f} s  {text}")

    def add_error(self, error):
        """An error that was not foreseen, with its traceback."""
        self.add("".join(traceback.format_exception(error)).rstrip())

    @property
    def seconds(self):
        return time.perf_counter() - self._began

    @property
    def text(self):
        return "\n".join(self._lines) + "\n"
