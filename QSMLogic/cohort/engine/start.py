"""Choose and start the engine of a cohort."""

import importlib.util
from contextlib import contextmanager

from ...model.errors import QSMError
from ...numerics.threads import cores
from ...pipeline.memory import computer_memory
from .options import share_of_machine
from .serial import SerialEngine

NEEDS = {"cluster": ("distributed", "dask_jobqueue"), "scheduler": ("distributed",)}
INSTALL = "pip install dask distributed dask-jobqueue"


@contextmanager
def engine_of(options, work):
    """An Engine that calls `work(scan, plan)` for every scan that it is given.

    Parameters
    ----------
    options : EngineOptions
    work : callable
        A function of a module, so that other processes can import it; it returns an Outcome.

    Yields
    ------
    Engine
        It has `workers` (scans at a time), `name` (text for users), `dashboard` (address or ""), `in_flight` (scans
        that were submitted and have not come back), `submit(scan, plan)`, and `next()`, which waits for a scan and
        returns it with its Outcome, or with Lost if it has taken its process with it.

    Raises
    ------
    QSMError
        If the workers cannot be started or, from `next`, if all of them are gone for good.
    """
    for option, packages in NEEDS.items():
        lacking = [name for name in packages if not importlib.util.find_spec(name)]
        if getattr(options, option) and lacking:
            raise QSMError(f"--{option} needs Dask, and {lacking[0]} is not there. Install it ({INSTALL}), or omit it.")
    if _is_serial(options):
        with SerialEngine(work, _advice(options)) as engine:
            yield engine
        return
    from .clusters import dask_engine

    with dask_engine(options, work) as engine:
        yield engine


def _is_serial(options):
    if options.cluster or options.scheduler:
        return False
    return 1 in (options.nprocs, options.workers, options.scans) or not importlib.util.find_spec("distributed")


def _advice(options):
    """What would help, for users."""
    share = share_of_machine(options, cores(), computer_memory()[0])
    if share.workers == 1 or importlib.util.find_spec("distributed"):
        return ""
    return f"With Dask, {share.workers} at a time: {INSTALL}"
