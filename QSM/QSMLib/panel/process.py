"""A job (QSMLogic.pipeline.worker) in a separate process, monitored from Qt's event loop."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import qt
import slicer

import QSMLogic

from .child import Child
from .turns import in_turns

# no quotes, no backslashes: the line passes through Slicer's launcher on every platform
CODE = "import sys; sys.path.insert(0, sys.argv[1]); from QSMLogic.pipeline.worker import start; start(sys.argv[2])"
PREFIX, LEFT_OVER_S, RETRY_MS = "QSM-", 2 * 86400, 3000
ENDED = (
    "The computation ended unexpectedly: it was stopped from outside, or there was not enough memory. "
    "Close other programs, or crop the images."
)


class Process:
    """Runs one job after the other, each in a folder of its own.

    on_progress(stage, fraction), on_log(line), on_done(folder) and on_failed(message) are called from the event loop.
    The folder is removed when on_done returns, and after a failure or stop.
    """

    def __init__(self, on_progress, on_log, on_done, on_failed):
        self.on_progress, self.on_log, self.on_done, self.on_failed = on_progress, on_log, on_done, on_failed
        self._folder = self._child = self._steps = None
        self._error, self._done = "", False

    @property
    def running(self):
        return self._folder is not None

    @property
    def folder(self):
        """Where the job that is running writes its results."""
        return self._folder

    def start(self, prepare):
        """Begin a job. prepare(folder) is a generator that writes its input, step by step between other events."""
        self.stop()
        _remove_left_overs()
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=slicer.app.temporaryPath))
        self._error, self._done = "", False
        steps = self._steps = prepare(self._folder)
        in_turns(steps, lambda: steps is self._steps, self._launch, self._not_prepared)

    def stop(self):
        """End the job at once, with every process that belongs to it, and forget what it has done."""
        child, self._child, self._steps = self._child, None, None
        if child:
            child.end()
        folder, self._folder = self._folder, None
        if folder:
            _remove(folder)

    def _not_prepared(self, error):
        self._fail(f"The scan cannot be passed to the computation: {error}")

    def _launch(self):
        self._child = Child(self._hear, self.on_log, self._ended, self._not_started)
        self._child.start(["-c", CODE, Path(QSMLogic.__file__).parents[1], self._folder])

    def _hear(self, news):
        self._error, self._done = news.get("error", self._error), news.get("done", self._done)
        if "stage" in news:
            self.on_progress(news["stage"], news["fraction"])

    def _ended(self, status):
        self._child = None
        if not self._done:
            self._fail(self._error or ENDED)
            return
        folder, self._folder = self._folder, None
        try:
            self.on_done(folder)
        finally:
            _remove(folder)

    def _not_started(self, reason):
        self._fail(f"The computation could not be started: {reason}")

    def _fail(self, message):
        self.stop()
        self.on_failed(message)


def _remove(folder):
    """Remove a folder, once more later if files are still held (on Windows, by a process that is just ending)."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        qt.QTimer.singleShot(RETRY_MS, lambda: shutil.rmtree(folder, ignore_errors=True))


def _remove_left_overs():
    """Remove what a Slicer that has crashed days ago has left."""
    for folder in Path(slicer.app.temporaryPath).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFT_OVER_S:
                shutil.rmtree(folder, ignore_errors=True)
