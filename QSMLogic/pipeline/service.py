"""Jobs in a process of their own, one after the other: `python -m QSMLogic.pipeline.service`.

The process stays between jobs, so that a job need not wait for imports and can use what earlier ones have kept.
It reads one JSON object per line from its standard input. {"job": FOLDER} asks for the job in a folder (see worker);
it is begun when those before it have ended. Any other object is a command to the job that was asked for last, or to
that in the folder "to", such as {"live": {...}} for a live session; {"end": true} asks any job to end soon.
It writes one JSON object per line to its standard output: {"pid": ...} when it is ready, then news of a job, all with
"job": FOLDER: {"began": true} first, {"stage": ..., "fraction": ...} while it works, {"log": ...} for the log, whatever
a job has to say, and {"done": true} or {"error": ...} as the last.
The process ends when its standard input, once written to, is closed, and so with the process that started it. It also
ends when the folder of the job that is running is removed.
"""

import gc
import json
import os
import sys
import tempfile
import threading
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

from ..model.errors import Cancelled, QSMError
from .talk import Talk

ABANDONED = 3  # exit status
POLL_S = 0.5
NO_MEMORY = "There is not enough memory for this scan. Close other programs, or crop the images."


def serve():
    """Run the jobs that are asked for on standard input until it is closed.

    What takes long to import is imported when the process can be ended already.
    """
    jobs, told = SimpleQueue(), threading.Lock()

    def tell(news):
        with told:
            sys.stdout.write(json.dumps(news) + "\n")
            sys.stdout.flush()

    threading.Thread(target=_listen, args=(jobs, tell), daemon=True).start()
    tell({"pid": os.getpid()})
    from .kept_results import KeptResults

    kept = KeptResults()
    while True:
        _do(*jobs.get(), kept)


def _do(folder, talk, kept):
    """Do the job in a folder and tell how it ended. Its temporary files are in the folder, and so leave with it."""
    talk.kept = kept
    talk.say(began=True)
    tempfile.tempdir = str(folder)
    with _ending_with(folder):
        news = _outcome(folder, talk)
    gc.collect()  # what the job has left of a GPU's memory goes back
    tempfile.tempdir = None
    talk.say(**news)


def _outcome(folder, talk):
    """The last news of a job."""
    from .worker import take

    try:
        take(folder, talk)
    except Cancelled:
        return {"error": "Canceled."}
    except QSMError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": NO_MEMORY}
    except Exception as error:
        talk.say(log=traceback.format_exc())
        return {"error": f"Unexpected {type(error).__name__}: {error}. See the log for details."}
    return {"done": True}


def _listen(jobs, tell):
    """Put what standard input asks for in the queue, (folder, Talk) each; the process ends with its input."""
    last, talks, unread = Talk(), {}, b""
    for text in _input():
        *lines, unread = (unread + text).split(b"\n")
        for line in lines:
            asked = _parsed(line)
            folder = asked.get("job")
            if folder:
                last = talks[folder] = Talk(lambda news, folder=folder: tell({"job": folder, **news}))
                jobs.put((Path(folder), last))
            elif asked:
                talks.get(asked.get("to"), last).hear(asked)
    os._exit(ABANDONED)


def _parsed(line):
    """The object in a line; {} if it holds none, as that by which a process says that it holds this one's input."""
    with suppress(ValueError):
        asked = json.loads(line)
        if isinstance(asked, dict):
            return asked
    return {}


def _input():
    """The bytes of standard input as they come; not by sys.stdin, whose lock would be in the way at the end."""
    with suppress(OSError):
        while text := os.read(0, 1 << 16):
            yield text


def end_with_parent():
    """Wait for the end of standard input; if it ends before any input, nobody holds it and it means nothing."""
    if sum(len(text) for text in _input()):
        os._exit(ABANDONED)


@contextmanager
def _ending_with(folder):
    """While this is open, the process ends if the folder is removed."""
    ended = threading.Event()

    def watch():
        while not ended.wait(POLL_S):
            if not (folder / "job.json").exists() and not ended.is_set():
                os._exit(ABANDONED)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


if __name__ == "__main__":
    serve()
