"""Waiting for what happens in Qt's event loop, and for how long it stood still."""

import time

from PySide6 import QtCore, QtWidgets

TICK_MS = 10  # after so long a condition is asked again, if nothing happens


def wait_until(condition, timeout_s=10.0):
    """Handle events until the condition holds; returns whether it did in time.

    Between events the process sleeps, which processEvents does not if it is given a time.
    """
    end, tick = time.monotonic() + timeout_s, QtCore.QTimer()
    tick.start(TICK_MS)
    try:
        while not condition():
            if time.monotonic() > end:
                return False
            QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
        return True
    finally:
        tick.stop()


class EventLoopWatch:
    """Measures for how long a panel does not answer: the longest gap between the ticks of a timer of 20 ms.

    with EventLoopWatch() as watch:
        wait_until(done, 60)
    assert watch.longest_gap_s < 0.2
    """

    TICK_MS = 20

    def __init__(self):
        self.longest_gap_s, self.ticks = 0.0, 0
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.connect("timeout()", self._tick)

    def __enter__(self):
        self._last = time.monotonic()
        self._timer.start(self.TICK_MS)
        return self

    def __exit__(self, *error):
        self._timer.stop()
        self._note()

    def _tick(self):
        self.ticks += 1
        self._note()

    def _note(self):
        now = time.monotonic()
        self.longest_gap_s, self._last = max(self.longest_gap_s, now - self._last), now
