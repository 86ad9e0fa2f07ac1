"""A job (QSMLogic.pipeline.worker) in a separate process, monitored from Qt's event loop."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import qt
import slicer

from .service import Service
from .turns import in_turns

PREFIX, LEFT_OVER_S, RETRY_MS = "QSM-", 2 * 86400, 3000
ENDED = (
    "The computation ended unexpectedly: it was stopped from outside, or there was not enough memory. "
    "Close other programs, or crop the images."
)


class Process:
    """Runs one job after the other, each in a folder of its own.

    on_progress(stage, fraction), on_log(line), on_done(folder) and on_failed(message) are called from the event loop,
    and so is on_news(news) for what a job says beyond that.
    The folder is removed when on_done returns, and after a failure or stop.

    service: the Service whose process does the jobs, shared with others; None: a process for each job.
    """

    def __init__(self, on_progress, on_log, on_done, on_failed, on_news=None, service=None):
        self.on_progress, self.on_log, self.on_done, self.on_failed = on_progress, on_log, on_done, on_failed
        self.on_news, self.service = on_news, service or Service()
        self._folder = self._steps = None

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
        steps = self._steps = prepare(self._folder)
        in_turns(steps, lambda: steps is self._steps, self._launch, self._not_prepared)

    def send(self, command):
        """Send a command, a dict of plain values, to the job that is running."""
        if self._folder:
            self.service.send(self._folder, command)

    def stop(self):
        """End the job and forget it, at once; a process that is shared stays warm if it obeys soon."""
        folder, self._folder, self._steps = self._folder, None, None
        if folder:
            self.service.end(folder, lambda: _remove(folder))

    def hear(self, news):
        """Take news of the job."""
        if "stage" in news:
            self.on_progress(news["stage"], news["fraction"])
        elif "log" in news:
            for line in news["log"].splitlines():
                self.on_log(line)
        elif "update" in news:  # of a live session, which goes on after an error
            self.on_news(news)
        elif "error" in news:
            self._fail(news["error"])
        elif "done" in news:
            self._finish()
        elif "began" not in news and self.on_news:
            self.on_news(news)

    def log(self, line):
        """Take a line that the process has printed."""
        self.on_log(line)

    def lost(self):
        """The process has ended before the job."""
        self._fail(ENDED)

    def not_started(self, reason):
        """There is no process."""
        self._fail(f"The computation could not be started: {reason}")

    def _not_prepared(self, error):
        self._fail(f"The scan cannot be passed to the computation: {error}")

    def _launch(self):
        self._steps = None
        self.service.begin(self._folder, self)

    def _finish(self):
        folder, self._folder = self._folder, None
        try:
            self.on_done(folder)
        finally:
            _remove(folder)

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
