"""A Python process of its own, which is monitored from Qt's event loop and ends with Slicer."""

import contextlib
import json
import os
import shutil
import signal
import sys

import qt

# The command line, as a process that gives its ID; its first argument is the folder of QSMLogic. No quotes and no
# backslashes: the line passes through Slicer's launcher on every platform
CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from QSMLogic.cli.child import start; start()"
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
KILLED_MS = 2000  # to wait for the end of a process that was killed


class Child:
    """Runs Slicer's Python once.

    on_news(news) is called for each line of its output that is a JSON object, on_log(line) for every other line,
    on_end(status) at its end and on_failure(message) if it cannot be started; all from the event loop. After end(),
    none is called.
    """

    def __init__(self, on_news, on_log, on_end, on_failure):
        self.on_news, self.on_log, self.on_end, self.on_failure = on_news, on_log, on_end, on_failure
        self.process, self.pid, self._unread = None, None, b""

    def start(self, arguments):
        """Begin; the process may print {"pid": ...}, as Slicer's Python is started by a launcher."""
        process = self.process = qt.QProcess()
        process.connect("readyReadStandardOutput()", self._read)
        process.connect("readyReadStandardError()", self._read_log)
        process.connect("finished(int,QProcess::ExitStatus)", self._finished)
        process.connect("errorOccurred(QProcess::ProcessError)", self._not_started)
        process.start(python_executable(), [str(argument) for argument in arguments])
        process.write(b"stay\n")  # it ends when this pipe does: with Slicer, however that ends

    def send(self, message):
        """Write an object to its input, one line of JSON."""
        if self.process is not None:
            self.process.write(json.dumps(message).encode() + b"\n")

    def end(self):
        """End the process at once, the launcher and what it has started."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.state() != qt.QProcess.NotRunning:
            process.closeWriteChannel()
            if self.pid:
                with contextlib.suppress(OSError):
                    os.kill(self.pid, KILL)
            process.kill()
            process.waitForFinished(KILLED_MS)
        process.deleteLater()

    def _read(self):
        if self.process is None:
            return
        *lines, self._unread = (self._unread + _bytes(self.process.readAllStandardOutput())).split(b"\n")
        for line in lines:
            self._hear(line.decode("utf-8", "replace"))

    def _hear(self, line):
        try:
            news = json.loads(line)
            self.pid = news.get("pid", self.pid)
        except (ValueError, AttributeError):
            self.on_log(line)
        else:
            self.on_news(news)

    def _read_log(self):
        if self.process is not None:
            for line in _bytes(self.process.readAllStandardError()).decode("utf-8", "replace").splitlines():
                self.on_log(line)

    def _finished(self, status):
        self._read_log()
        self._read()
        process = self.process
        if process is None:  # ended by what was read
            return
        self.process = None
        try:
            self.on_end(status)
        finally:
            process.deleteLater()

    def _not_started(self):
        if self.process is not None and self.process.error() == qt.QProcess.FailedToStart:
            message = self.process.errorString()
            self.end()
            self.on_failure(message)


def python_executable():
    """Slicer's Python; elsewhere the one that runs this."""
    return shutil.which("PythonSlicer") or sys.executable


def _bytes(data):
    """The bytes in a QByteArray."""
    return bytes(data.data())
