"""Why a worker has ended."""

import signal
import threading

ENDED = "qsm-worker-ended"  # the topic of the nannies of this machine
OUT_OF_MEMORY = "worker-restart-memory"  # the topic of Dask's nannies
PATIENCE_S = 1.0
MEMORY = "its worker needed more than its share of the memory (it had {} MB). Raise --mem-mb, or use fewer workers."
KILLED = "its worker was killed: the system may have run out of memory. Use fewer workers."
CRASHED = "its worker crashed ({})."
EXITED = "its worker ended with status {}."
UNKNOWN = "its worker is gone: it crashed, was killed, or its computer or its job has ended."


class Reasons:
    """Listens to what is said of workers that end, by nannies of this machine and of others."""

    def __init__(self, client):
        self._said, self._news = {}, threading.Condition()
        client.subscribe_topic(OUT_OF_MEMORY, self._note_memory)
        client.subscribe_topic(ENDED, self._note_end)

    def of(self, address):
        """A sentence on the end of the worker that had this address; waits for it for a moment."""
        with self._news:
            self._news.wait_for(lambda: address in self._said, PATIENCE_S)
            reason = self._said.pop(address, UNKNOWN)
        return f"The scan was lost: {reason}"

    def _note_memory(self, event):
        self._note(event[1]["worker"], MEMORY.format(round(event[1]["rss"] / 1e6)))

    def _note_end(self, event):
        self._note(event[1]["worker"], _in_words(event[1]["exitcode"]))

    def _note(self, address, reason):
        with self._news:
            self._said.setdefault(address, reason)
            self._news.notify_all()


def _in_words(status):
    """The exit status of a process as multiprocessing gives it: negative for a signal."""
    if status == -getattr(signal, "SIGKILL", 9):
        return KILLED
    if status < 0:
        names = {number.value: number.name for number in signal.Signals}
        return CRASHED.format(names.get(-status, f"signal {-status}"))
    return EXITED.format(status)
