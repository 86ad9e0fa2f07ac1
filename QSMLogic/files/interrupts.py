"""Ctrl-C and requests to terminate, put off while files are moved."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def uninterrupted():
    """Put off Ctrl-C and a request to terminate until the block is left."""
    asked, former = [], {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) not in (None, signal.SIG_IGN):
                former[number] = signal.signal(number, lambda number, frame: asked.append(number))
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if asked:
            signal.raise_signal(asked[0])
