"""Scans on the workers of a Dask cluster, one scan to a worker at a time.

A scan is given to one worker and no other, and no worker has two. So a worker that dies has taken exactly one scan
with it, which comes back as Lost; Dask itself tries nothing again.
"""

import asyncio
import queue
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from ...model.errors import QSMError
from .lost import Lost, unexpected
from .reasons import Reasons

POLL_S = 0.5
TIMEOUTS = TimeoutError, asyncio.TimeoutError  # two classes in Python 3.10
WITHOUT_WORKERS_S = 300.0
GONE = "The Dask scheduler has ended. Start again: only what is missing will be done."


@dataclass(frozen=True)
class _Given:
    scan: object
    plan: object
    future: object


class DaskEngine:
    """The Engine (see `engine_of`) on the workers that a Dask client knows.

    client: distributed.Client. workers: how many there are to be. name, dashboard: for users. renew: called at times
    to replace workers that are gone; None if that is the business of others. logs: folder of the jobs' output, if any.
    """

    def __init__(self, client, work, workers, name, dashboard="", renew=None, logs=None):
        self.client, self.work, self.workers = client, work, workers
        self.name, self.dashboard = name, dashboard
        self._renew, self._logs = renew, logs
        self._waiting, self._ended = deque(), queue.SimpleQueue()
        self._given, self._free = {}, set()  # by the address of the worker
        self._looked_s, self._alive_s = 0.0, time.monotonic()
        self._reasons = Reasons(client)

    @property
    def in_flight(self):
        return len(self._waiting) + len(self._given)

    def submit(self, scan, plan):
        self._waiting.append((scan, plan))
        self._give()

    def next(self):
        while True:
            address = self._next_ended()
            result = None if address is None else self._come_back(address)
            if result is not None:
                return result

    def close(self):
        """Forget the scans that are in work."""
        self._waiting.clear()
        self._given.clear()

    def _next_ended(self):
        """The address of a worker whose scan has ended, one way or another; None if none has for a while."""
        if time.monotonic() - self._looked_s > POLL_S:
            for address in self._look():
                self._ended.put((address, None))
        self._give()
        try:
            address, future = self._ended.get(timeout=POLL_S)
        except queue.Empty:
            return None
        given = self._given.get(address)
        is_news = given is not None and future in (None, given.future)
        return address if is_news else None

    def _give(self):
        while self._waiting and self._free and len(self._given) < self.workers:
            address = self._free.pop()
            scan, plan = self._waiting.popleft()
            future = self._asked(
                lambda address=address, scan=scan, plan=plan: self.client.submit(
                    self.work, scan, plan, workers=[address], allow_other_workers=False, pure=False
                )
            )
            self._given[address] = _Given(scan, plan, future)
            future.add_done_callback(lambda future, address=address: self._ended.put((address, future)))

    def _look(self):
        """See which workers are there. Returns the addresses of those that are gone, and had a scan."""
        self._looked_s = time.monotonic()
        live = set(self._asked(self.client.nthreads))
        self._free = live - self._given.keys()
        gone = self._given.keys() - live
        self._check_alive(live)
        if self._renew and len(live) < self.workers:
            self._renew()
        return gone

    def _check_alive(self, live):
        """QSMError if no worker has been there for long, and none is to be expected."""
        if live or not self.in_flight:
            self._alive_s = time.monotonic()
        elif time.monotonic() - self._alive_s > WITHOUT_WORKERS_S:
            said = _last_words(self._logs)
            if said or not self._logs:  # jobs that have said nothing may wait in the queue
                said = f": {said}" if said else ""
                raise QSMError(f"There are no workers any more{said}. Start again: only what is missing will be done.")

    def _come_back(self, address):
        """(scan, Outcome or Lost) of the scan that a worker had; None if it is given to another worker."""
        given = self._given.pop(address)
        status = given.future.status
        if status == "finished":
            return self._result(address, given)
        if status == "error":
            error = given.future.exception()
            if type(error).__name__ == "KilledWorker":
                return given.scan, Lost(self._reasons.of(address))
            self._free.add(address)
            return given.scan, Lost(unexpected(error))
        if status != "pending":  # cancelled: the client has lost its scheduler
            raise QSMError(GONE)
        self._asked(given.future.cancel)
        return given.scan, Lost(self._reasons.of(address))

    def _result(self, address, given):
        """(scan, Outcome) of a scan that has ended; None if its worker has ended, too, and kept the Outcome."""
        while True:
            for outcome in self._fetched(given.future):
                self._free.add(address)
                return given.scan, outcome
            if address not in self._asked(self.client.nthreads):
                self._waiting.appendleft((given.scan, given.plan))
                return None

    def _fetched(self, future):
        """[Outcome], or [] if it does not come for a while, which `future.result` would print when it is collected."""
        with suppress(*TIMEOUTS):
            return self.client.sync(lambda: self.client.gather([future], errors="skip"), callback_timeout=POLL_S)
        return []

    def _asked(self, question):
        """The scheduler's answer; QSMError if it does not answer any more."""
        try:
            if self.client.status in ("closed", "closing", "connecting"):
                raise QSMError(GONE)
            return question()
        except (OSError, RuntimeError, *TIMEOUTS) as error:
            raise QSMError(f"{GONE} ({error or type(error).__name__})") from None


def _last_words(folder):
    """The last line that a job has written, "" if there is none."""
    if folder is None or not folder.is_dir():
        return ""
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files:
        lines = path.read_text(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return said[-1].rstrip(".")
    return ""
