"""A job (QSMLogic.pipeline.worker) in a separate process, monitored from Qt's event loop."""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import qt
import slicer

import QSMLogic

from .turns import in_turns

# no quotes, no backslashes: the line passes through Slicer's launcher on every platform
CODE = "import sys; sys.path.insert(0, sys.argv[1]); from QSMLogic.pipeline.worker import start; start(sys.argv[2])"
PREFIX, LEFT_OVER_S, RETRY_MS = "QSM-", 2 * 86400, 3000
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
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
        self._folder = self._process = self._steps = self._pid = None
        self._error, self._done, self._unread = "", False, ""

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
        self._error, self._done, self._unread, self._pid = "", False, "", None
        steps = self._steps = prepare(self._folder)
        in_turns(steps, lambda: steps is self._steps, self._launch, self._not_prepared)

    def stop(self):
        """End the job at once, with every process that belongs to it, and forget what it has done."""
        process, self._process, self._steps = self._process, None, None
        if process:
            self._end(process)
        folder, self._folder = self._folder, None
        if folder:
            _remove(folder)

    def _not_prepared(self, error):
        self._fail(f"The scan cannot be passed to the computation: {error}")

    def _launch(self):
        process = self._process = qt.QProcess()
        process.connect("readyReadStandardOutput()", lambda: self._read(process))
        process.connect("readyReadStandardError()", lambda: self._read_log(process))
        process.connect("finished(int,QProcess::ExitStatus)", lambda: self._finished(process))
        process.connect("errorOccurred(QProcess::ProcessError)", lambda: self._not_started(process))
        process.start(python_executable(), ["-c", CODE, str(Path(QSMLogic.__file__).parents[1]), str(self._folder)])
        process.write(b"stay\n")  # the job ends when this pipe does: with Slicer, however that ends

    def _read(self, process):
        if process is not self._process:
            return
        *lines, self._unread = (self._unread + _text(process.readAllStandardOutput())).split("\n")
        for line in lines:
            self._hear(line)

    def _hear(self, line):
        try:
            news = json.loads(line)
        except ValueError:
            self.on_log(line)
            return
        self._pid = news.get("pid", self._pid)
        self._error, self._done = news.get("error", self._error), news.get("done", self._done)
        if "stage" in news:
            self.on_progress(news["stage"], news["fraction"])

    def _read_log(self, process):
        for line in _text(process.readAllStandardError()).splitlines():
            self.on_log(line)

    def _finished(self, process):
        if process is not self._process:
            return
        self._read_log(process)
        self._read(process)
        if process is not self._process:  # stopped by what was read
            return
        if not self._done:
            self._fail(self._error or ENDED)
            return
        folder, self._folder, self._process = self._folder, None, None
        try:
            self.on_done(folder)
        finally:
            process.deleteLater()
            _remove(folder)

    def _not_started(self, process):
        if process is self._process and process.error() == qt.QProcess.FailedToStart:
            self._fail(f"The computation could not be started: {process.errorString()}")

    def _fail(self, message):
        self.stop()
        self.on_failed(message)

    def _end(self, process):
        """Slicer's Python is started by a launcher: end both, the process that it has started by its ID."""
        if process.state() != qt.QProcess.NotRunning:
            process.closeWriteChannel()
            if self._pid:
                with contextlib.suppress(OSError):
                    os.kill(self._pid, KILL)
            process.kill()
            process.waitForFinished(500)
        process.deleteLater()


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


def python_executable():
    """Slicer's Python; elsewhere the one that runs this."""
    return shutil.which("PythonSlicer") or sys.executable


def _text(data):
    """The text in a QByteArray."""
    return bytes(data.data()).decode("utf-8", "replace")
