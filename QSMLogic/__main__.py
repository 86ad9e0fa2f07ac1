"""`python -m QSMLogic`, or `python path/to/QSMLogic`; a request to terminate stops it as Ctrl-C does."""

import os
import signal
import sys

if not __package__:  # the folder was run: its modules must not hide those of the standard library
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from QSMLogic.cli.main import main

signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
