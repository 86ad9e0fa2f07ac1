"""Long series that are no gradient echoes, known from a few of their files, so that the others need not be read."""

from .frames import Unusable, frames_of
from .walking import may_be_dicom

SAMPLES = 3
SHORT = 8  # files of a series that is not worth it


def may_be_scan(files):
    """Whether the files of a series, a list of paths, may be those of a gradient-echo scan."""
    step = max(1, (len(files) - 1) // (SAMPLES - 1))
    return len(files) <= SHORT or any(_has_frames(path) for path in files[::step])


def _has_frames(path):
    try:
        return may_be_dicom(path) and bool(frames_of(path, lambda value: value, {})[2])
    except (Unusable, OSError):
        return False
