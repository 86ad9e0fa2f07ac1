"""Dask's messages, kept from the terminal."""

import logging
import warnings
from contextlib import contextmanager

LOGGERS = (
    *("distributed", "distributed.client", "dask_jobqueue", "tornado", "tornado.application", "asyncio", "bokeh"),
)


@contextmanager
def quiet():
    """Keep what Dask and its libraries log from the terminal while the block runs."""
    import distributed  # noqa: F401  makes the handlers that are exchanged here

    loggers = [logging.getLogger(name) for name in LOGGERS]
    former = [(logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers[:], logger.propagate = [logging.NullHandler()], False
    try:
        with warnings.catch_warnings():
            for package in ("distributed", "dask", "dask_jobqueue", "tornado"):
                warnings.filterwarnings("ignore", module=rf"{package}\b")
            yield
    finally:
        for logger, (handlers, propagate) in zip(loggers, former, strict=True):
            logger.handlers[:], logger.propagate = handlers, propagate
