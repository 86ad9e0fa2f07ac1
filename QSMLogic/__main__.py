"""`python -m QSMLogic`, or `python path/to/QSMLogic`; a request to terminate stops it as Ctrl-C does."""

import os
import signal
import sys


def run():
    """Run the command line; it can be interrupted from the beginning to the end. Returns the exit status."""
    signal.signal(signal.SIGINT, _end)
    if not __package__:  # the folder was run: its modules must not hide those of the standard library
        sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from QSMLogic.cli.main import main

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return main()
    except KeyboardInterrupt:
        _end()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(*_):
    """End the process while there is nothing to clean up."""
    os.write(2, b"QSMLogic: interrupted; no incomplete files were written.\n")
    os._exit(1)


if __name__ == "__main__":  # not in the workers of a cohort, which import it, too
    sys.exit(run())
