"""The command line as a process of another program, such as Slicer: it gives its ID, and ends with that program."""

import json
import os
import sys
import threading

from ..pipeline.service import end_with_parent
from .main import main


def start():
    """Run the command line on sys.argv, after one JSON object {"pid": ...} on stdout.

    The process ends when its standard input, once written to, is closed, and so with the process that started it.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")
    print(json.dumps({"pid": os.getpid()}), flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.exit(main(sys.argv[1:]))
