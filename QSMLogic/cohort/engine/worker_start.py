"""What a worker does first: keep what it prints, and what its libraries print, from the user's terminal."""

import os
import sys
from pathlib import Path


def dask_setup(worker):
    """Send standard output and errors to a file of the engine's folder; Dask calls this when a worker starts."""
    import dask

    folder = dask.config.get("qsm.log-folder", None)
    target = Path(folder) / f"worker-{os.getpid()}.log" if folder else os.devnull
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
