"""Scans in DICOM files as arrays."""

import numpy as np

from ...model.acquisition import Acquisition
from ...model.check import DOUBTFUL, OK, Check
from ...model.errors import QSMError
from .echo_times import UNKNOWN
from .frame import PHASE
from .libraries import quiet
from .pixels import stored_pixels


def load(scan, volume=None, b0_direction_ijk=None, echo_times_s=None, field_strength_t=None, progress=None):
    """Read the images of a scan.

    Parameters
    ----------
    scan : DicomScan
    volume : int, optional
        The point in time of a time series, from 0 on. None: the first, which a check reports.
    b0_direction_ijk : sequence of float, optional
        B0 along the image axes (i, j, k). None: the scanner's z axis.
    echo_times_s, field_strength_t : optional
        Instead of those in the files.
    progress : callable, optional
        Called with the fraction done; it may raise Cancelled.

    Returns
    -------
    Acquisition, Geometry
        The scan, with phase in radians where the scaling in the files is known, and the grid of its images.

    Raises
    ------
    QSMError
        Names what cannot be used.
    """
    times, strength = _times(scan, echo_times_s), _strength(scan, field_strength_t)
    volume, checks = _volume(scan, volume)
    parts = [_Part(progress, n / 2, (n + 1) / 2) for n in range(2)]
    one, other = (images(scan, kind, volume, part) for kind, part in zip(scan.kinds, parts, strict=True))
    magnitude, phase = (one, other) if PHASE in scan.kinds else _polar(one, other)
    facts = times, strength, scan.geometry.grid(b0_direction_ijk), (*scan.checks, *checks), scan.reported
    return Acquisition(magnitude, phase, *facts), scan.geometry


def images(scan, kind, volume=0, progress=None):
    """The images of one kind, float32 (echo, k, j, i).

    Phase is in radians where the scaling in the files is known; other values are rescaled as the vendor means it.
    """
    echoes = scan.stacks[kind]
    array = np.empty((len(echoes), *scan.geometry.shape), np.float32)
    by_file = {}
    for e, volumes in enumerate(echoes):
        for k, frame in enumerate(volumes[volume]):
            by_file.setdefault(frame.file, []).append((frame, array[e, k]))
    for done, (path, places) in enumerate(by_file.items(), 1):
        with quiet():
            _fill(path, places)
        if progress:
            progress(done / len(by_file))
    return array


def _fill(path, places):
    """Fill the arrays of [(Frame, array)] from their file."""
    for (frame, out), pixels in zip(places, stored_pixels([frame for frame, _ in places]), strict=True):
        if pixels.shape != out.shape:
            raise QSMError(f"The pixels of {path} are no gray image of {out.shape[1]} x {out.shape[0]}.")
        np.multiply(pixels, np.float32(frame.slope), out=out, casting="unsafe")
        out += np.float32(frame.intercept)


class _Part:
    """Reports progress between two fractions."""

    def __init__(self, progress, start, end):
        self.progress, self.start, self.end = progress, start, end

    def __call__(self, fraction):
        if self.progress:
            self.progress(self.start + (self.end - self.start) * fraction)


def _times(scan, given):
    if given is None and len(set(scan.echo_times_s)) < len(scan.echo_times_s):
        raise QSMError(UNKNOWN)
    return scan.echo_times_s if given is None else given


def _strength(scan, given):
    if given is None and scan.field_strength_t is None:
        raise QSMError("The files do not say the field strength. Give --field-strength in tesla.")
    return scan.field_strength_t if given is None else given


def _volume(scan, volume):
    """(the point in time, checks)"""
    count = scan.volumes
    if count == 1 and volume in (None, 0):
        return 0, ()
    if volume is None:
        sentence = (
            f"The scan has {count} time points: the first is mapped, {count - 1} are left out. Choose --volumes all to "
            "map them all."
        )
        return 0, (Check("volumes", count, 1, DOUBTFUL, sentence),)
    if not 0 <= volume < count:
        raise QSMError(f"The scan has {count} time points; there is no time point {volume + 1}.")
    sentence = f"Time point {volume + 1} of {count} is mapped, {count - 1} are left out."
    return volume, (Check("volumes", count, 1, OK, sentence, corrected=True),)


def _polar(real, imaginary):
    """Magnitude and phase, in the memory of the real and imaginary parts."""
    for x, y in zip(real, imaginary, strict=True):
        for a, b in zip(x, y, strict=True):
            magnitude = np.hypot(a, b)
            np.arctan2(b, a, out=b)
            a[...] = magnitude
    return real, imaginary
