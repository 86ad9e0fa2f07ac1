"""`python -m QSMLogic`; a request to terminate stops it as Ctrl-C does."""

import signal
import sys

from .cli import main

signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
