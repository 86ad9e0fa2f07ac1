"""Gradient-echo scans among whatever else is in folders of DICOM files."""

import os
import re
from collections import Counter, defaultdict
from dataclasses import replace

from ...model.errors import QSMError
from .echo_times import as_echoes, echo_times_s
from .frames import HEADER_DAMAGED, Unusable, frames_of, read_header, subject_of
from .header import FrameHeader
from .libraries import DAMAGE, pydicom, quiet
from .merging import merged
from .pairing import combined, paired
from .reported import reported_values
from .scan import DicomScan, Found, LeftOut
from .sorting import images_of
from .walking import files_in, is_packed, may_be_dicom

OTHERS, NO_DICOM = "Other files", "They are not DICOM."
PACKED = "They are compressed (such as gzip or zip). Unpack them if they hold DICOM files."
FOLDERS, CLOSED = "Folders that cannot be read", "You may not read them. Give yourself the permission, or copy them."
UNREADABLE = "Files cannot be opened. Check that they are there and may be read."


def find_scans(sources, progress=None):
    """The gradient-echo scans with phase in DICOM files, and what was left out.

    Parameters
    ----------
    sources : path or list of paths
        Folders, which are searched through, files, or a DICOMDIR.
    progress : callable, optional
        Called with the number of files that were looked at; it may raise Cancelled.

    Returns
    -------
    Found

    Raises
    ------
    QSMError
        If a source does not exist, or pydicom is not installed.
    """
    pydicom()
    contents = _Contents()
    with quiet():
        for count, path in enumerate(files_in(sources), 1):
            contents.add(path)
            if progress:
                progress(count)
        return contents.found()


class _Contents:
    """What the files hold, by series; of each frame only what sorting needs."""

    def __init__(self):
        self.frames = defaultdict(list)
        self.left_out = defaultdict(Counter)
        self.series, self.kept, self.uids, self.headers = {}, {}, set(), {}

    def add(self, path):
        """Take up a file."""
        try:
            if not may_be_dicom(path):
                self.left_out[OTHERS][PACKED if is_packed(path) else NO_DICOM] += 1
                return
            series, uid, frames, left_out = frames_of(path, self._known, self.headers)
        except OSError:
            title, reason = (FOLDERS, CLOSED) if os.path.isdir(path) else (OTHERS, UNREADABLE)
            self.left_out[title][reason] += 1
            return
        except Unusable as unusable:
            self.left_out[unusable.series or OTHERS][unusable.reason] += 1
            return
        if uid and (series.person, uid) in self.uids:
            return
        self.uids.add((series.person, uid))
        series = self.series.setdefault((series.person, series.uid) if series.uid else series, series)
        self.frames[series] += frames
        if left_out and not frames:
            self.left_out[series][next(iter(left_out))] += 1

    def found(self):
        """The Found."""
        all_images = []
        for series, frames in self.frames.items():
            images, broken = images_of(series, frames)
            all_images += images
            for group, reason in broken:
                self.left_out[series][reason] += _files(group)
        pairs, left = paired(merged(all_images))
        scans = []
        for pair in pairs:
            try:
                scans.append(_scan(pair, self.headers))
            except (QSMError, *DAMAGE) as error:
                reason = str(error) if isinstance(error, QSMError) else HEADER_DAMAGED
                left += [(images, reason) for images in pair.distinct]
        for images, reason in left:
            frames = (f for e in images.stacks.values() for v in e.values() for stack in v for f in stack)
            self.left_out[images.series][reason] += _files(frames)
        scans.sort(key=lambda pair: pair[0])
        return Found(tuple(_distinct([scan for _, scan in scans])), tuple(_left_out(self.left_out)))

    def _known(self, value):
        return self.kept.setdefault(value, value)


def _scan(pair, known):
    """(the numbers of its series, the DicomScan of a Pair); known: headers that have been read."""
    stacks, times_ms, checks = combined(pair)
    images = next(iter(pair.images.values()))
    stacks, doubts = as_echoes(stacks, _header(_first(stacks)[0][0][0], images.series, known))
    headers = [_header(echo[0][0], images.series, known) for echo in _first(stacks)]
    times, more = echo_times_s(times_ms if len(times_ms) == len(headers) else times_ms * len(headers), headers)
    numbers = pair.numbers
    scan = DicomScan(
        title=_title(numbers, images.series.description, stacks),
        name=_name(numbers[0], images.series.description),
        echo_times_s=times,
        field_strength_t=images.series.field_strength_t,
        geometry=images.geometry,
        stacks=stacks,
        reported=reported_values(headers),
        checks=(*checks, *doubts, *more),
        subject=subject_of(images.series),
    )
    return numbers, scan


def _first(stacks):
    return next(iter(stacks.values()))


def _title(numbers, description, stacks):
    """As users see a scan."""
    echoes = _first(stacks)
    parts = [description, f"{len(echoes)} echo{'es' if len(echoes) > 1 else ''}", " and ".join(stacks)]
    if len(echoes[0]) > 1:
        parts.append(f"{len(echoes[0])} time points")
    return f"Series {', '.join(map(str, numbers))}: {', '.join(filter(None, parts))}"


def _name(number, description):
    words = re.findall(r"[a-z0-9]+", description.lower())
    return "-".join([str(number), *words])


def _distinct(scans):
    """The scans, with names and titles that differ."""
    seen = Counter()
    for scan in scans:
        seen[scan.name] += 1
        count = seen[scan.name]
        yield scan if count == 1 else replace(scan, name=f"{scan.name}-{count}", title=f"{scan.title} ({count})")


def _header(frame, series, known):
    """The complete FrameHeader of a Frame; QSMError if its file cannot be read any more."""
    try:
        return known.get((series, frame.likeness)) or FrameHeader(read_header(frame.file)[0], frame.number)
    except OSError:
        raise QSMError(UNREADABLE) from None


def _left_out(reasons):
    """The LeftOuts, series by series."""
    merged = Counter()
    for series in sorted(reasons.keys() - {OTHERS, FOLDERS}, key=lambda key: (key.number, key.uid)):
        for reason, files in reasons[series].items():
            merged[series.number, series.uid, series.title, reason] += files
    for title in (OTHERS, FOLDERS):
        for reason, files in reasons.get(title, {}).items():
            merged[None, "", title, reason] += files
    return (
        LeftOut(title, count, reason, "folder" if title == FOLDERS else "file")
        for (*_, title, reason), count in merged.items()
    )


def _files(frames):
    return len({frame.file for frame in frames})
