"""Brain masks by programs of others, if they are installed: run on a temporary image, and ended with this process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import sitk

POLL_S, LAST_LINES = 0.2, 3
IMAGE = "image.nii.gz"
# What Slicer's launcher sets for Slicer's own libraries and Python; it keeps what was there before as the second
LAUNCHED, BEFORE = "APPLAUNCHER_LEVEL", "APPLAUNCHER_0_{name}"
OF_LAUNCHER = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE")
# Runs the command in the environment that it reads; ends it, and removes the folder, if standard input closes: with the
# process that started this one
KEEPER = """
import json, os, shutil, subprocess, sys, threading, time
folder, *command = sys.argv[1:]
environment = json.loads(sys.stdin.buffer.readline())
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=environment)
ending = threading.Event()
def end():
    os.read(0, 1)
    ending.set()
    try:
        os.killpg(child.pid, 9)
    except (AttributeError, OSError):
        child.kill()
threading.Thread(target=end, daemon=True).start()
code = child.wait()
for attempt in range(20 * ending.is_set()):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(folder):
        break
    time.sleep(0.1)
os._exit(code if code >= 0 else 1)
"""


def first_installed(names):
    """The path of the first of these commands that is installed, or None."""
    return next(filter(None, map(shutil.which, names)), None)


def environment_of(program):
    """The environment for a program: ours if it belongs to this Python, else that of before Slicer's launcher."""
    ours = dict(os.environ)
    of_this_python = program == sys.executable or Path(sys.prefix).resolve() in Path(program).resolve().parents
    if LAUNCHED not in ours or of_this_python:
        return ours
    before = {name: ours.get(BEFORE.format(name=name)) for name in OF_LAUNCHER}
    return {name: value for name, value in (ours | before).items() if value is not None}


def printed(arguments, timeout_s=120):
    """What a command prints on standard output; QSMError if it does not end in time."""
    options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": timeout_s}
    try:
        return subprocess.run(arguments, env=environment_of(arguments[0]), **options).stdout
    except subprocess.TimeoutExpired:
        name = Path(arguments[0]).name
        raise QSMError(f"{name} gives no answer within {timeout_s} s. {_REMEDY.format(name=name)}") from None


def external_mask(name, command, acquisition, progress):
    """The mask, bool (k, j, i), that a program makes of the combined magnitude.

    Parameters
    ----------
    name : str
        Of the program, for messages.
    command : callable
        Called with the path of the image and the folder for the mask; returns the command line and the mask's path.
    acquisition : Acquisition
    progress : Progress

    Raises
    ------
    QSMError
        If the program fails or writes no mask of the image.
    """
    folder = Path(tempfile.mkdtemp(prefix="QSM-"))
    try:
        sitk.WriteImage(_image(acquisition), str(folder / IMAGE))
        arguments, made = command(folder / IMAGE, folder)
        _run(name, [str(argument) for argument in arguments], folder, progress)
        if not made.is_file():
            raise QSMError(f"{name} has written no mask. {_REMEDY.format(name=name)}")
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(made))) > 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if mask.shape != acquisition.grid.shape or not mask.any():
        raise QSMError(f"{name} has found no brain in the image. Choose another mask method, or provide a mask.")
    return mask


_REMEDY = "Run {name} on the magnitude by itself to see why, or choose another mask method."


def _run(name, arguments, folder, progress):
    """Wait for the command, reporting progress, which may raise Cancelled; QSMError with its last words if it fails."""
    with open(folder / "log", "w+b") as log:
        keeper = [sys.executable, "-c", KEEPER, str(folder), *arguments]
        process = subprocess.Popen(keeper, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        done = 0.1
        try:
            process.stdin.write(json.dumps(environment_of(arguments[0])).encode() + b"\n")
            process.stdin.flush()
            while process.poll() is None:
                progress(done)
                done += 0.01 * (0.9 - done)  # how long it takes is not known
                try:
                    process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.stdin.close()
            process.wait()
        log.seek(0)
        words = log.read().decode("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
    if process.returncode:
        raise QSMError(f"{name} failed: {' '.join(words) or 'it said nothing'}. {_REMEDY.format(name=name)}")


def _image(acquisition):
    """The combined magnitude, oriented as far as B0 tells: it runs from feet to head."""
    image = sitk.GetImageFromArray(np.nan_to_num(acquisition.weight))
    image.SetSpacing([float(d) for d in acquisition.grid.spacing_mm[::-1]])
    along = acquisition.grid.b0_direction[::-1]
    head = int(np.argmax(np.abs(along)))
    direction, others = np.zeros((3, 3)), [axis for axis in range(3) if axis != head]
    direction[2, head] = np.sign(along[head])
    direction[0, others[0]] = direction[1, others[1]] = 1
    image.SetDirection(direction.ravel().tolist())
    return image
