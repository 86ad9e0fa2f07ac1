"""A folder tree of DICOM files as a BIDS data set in the work folder, which later starts add to."""

import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from ..files.atomic import write_texts
from ..files.data_set import DESCRIPTION
from ..files.dicom.finding import NO_DICOM, find_scans
from ..files.dicom.to_bids import write_bids
from ..files.dicom.walking import files_in, may_be_dicom
from ..files.locks import Unsupported, try_lock_file
from ..files.ownership import read_record
from ..files.sidecar import is_hidden
from ..model.errors import QSMError
from ..version import __version__
from .dicom_people import participants_in, sanitized, unique

FOLDER, DATA, RECORDS, SOURCES, LOCK = "dicom-as-bids", "bids", "records", "sources.tsv", ".lock"
COLUMNS = ("participant_id", "session_id", "folder", "scans")
MOST_LOOKED_AT = 500  # files, to tell whether a folder holds DICOM files
POLL_S = 0.5
NO_FILES = "Its folder is empty or cannot be read. Remove it, or give yourself the permission."
NO_SCAN = "It has no gradient-echo scan with phase."


def is_dicom_tree(folder):
    """Whether a folder is no BIDS data set, but has DICOM files among the first that are found in it."""
    folder = Path(folder)
    if (folder / DESCRIPTION).exists() or not folder.is_dir():
        return False
    return any(_may_be_dicom(path) for path in islice(files_in(folder), MOST_LOOKED_AT))


def as_bids(folder, work_dir, progress=None, participants=()):
    """Convert a tree of DICOM files to a BIDS data set in the work folder.

    Each folder in the tree is a participant, who gets its name; if it holds the scans of several persons, or files lie
    beside the folders, persons are told apart. Several studies of a person are sessions. What has been converted and
    has not changed since stays as it is. sources.tsv beside the data set says what was made of which folder.

    Parameters
    ----------
    folder, work_dir : path
    progress : callable, optional
        Called as progress("converting DICOM: NAME", fraction).
    participants : iterable of str
        Labels of those that are wanted, without "sub-"; empty for all.

    Returns
    -------
    Path
        The BIDS data set.
    list of (str, str)
        The folders that cannot be converted, and why.

    Raises
    ------
    QSMError
        If there is nothing to convert, or the work folder cannot be used.
    """
    folder, progress = Path(folder).absolute(), progress or (lambda step, fraction: None)
    place, problems = _place(folder, Path(work_dir)), []
    units = _units(folder)
    with _alone(place / LOCK, progress):
        conversion = _Conversion(place)
        for done, unit in enumerate(conversion.needed(units, {*participants})):
            progress(f"converting DICOM: {unit.folder.name}", done / len(units))
            if problem := conversion.problem_of(unit):
                problems.append((unit.folder.name, problem))
        conversion.write_sources()
    if not any((place / DATA).glob("sub-*")):
        first = ": ".join(problems[0]) if problems else "It has no folders and no DICOM files."
        raise QSMError(f"No participant could be made of {folder}. {first}")
    return place / DATA, problems


@dataclass(frozen=True)
class _Unit:
    """Files that are converted together.

    Parameters
    ----------
    folder : Path
    source : str
        Its name in the tree.
    files : list of Path
        Files, or the folder.
    alone : bool
        Whether the folder is that of a participant.
    """

    folder: Path
    source: str
    files: list
    alone: bool

    def state(self):
        """(hash of the names, sizes and times of its files, how many there are)"""
        digest, count = sha256(__version__.encode()), 0
        for path in files_in(self.files):
            with suppress(OSError):
                status = os.stat(path)
                text = f"{path.relative_to(self.folder)}\0{status.st_size}\0{status.st_mtime_ns}\n"
                digest.update(text.encode("utf-8", "backslashreplace"))
                count += path.is_file()
        return digest.hexdigest(), count


class _Conversion:
    """What earlier starts have converted into a folder, and this one does.

    A record for each _Unit says what is made of it, and has the stamp of its files once that is complete.
    """

    def __init__(self, place):
        self.place = place
        self.records = {record["source"]: record for record in self._read()}
        self.taken = {p["label"].lower() for record in self.records.values() for p in record["participants"]}

    def needed(self, units, wanted):
        """Yield the units of the wanted participants; others only if some of these have not been found."""
        likely = [unit for unit in units if self._may_hold(unit, wanted)]
        yield from likely
        for unit in units:
            known = {p["label"] for record in self.records.values() for p in record["participants"]}
            if wanted <= known:
                return
            if unit not in likely and unit.source not in self.records:
                yield unit

    def _may_hold(self, unit, wanted):
        known = {p["label"] for p in self.records.get(unit.source, {}).get("participants", ())}
        label = sanitized(unit.folder.name, "sub")
        return not wanted or bool(known & wanted) or not known and any(w.startswith(label) for w in wanted)

    def problem_of(self, unit):
        """Convert a unit unless it is unchanged. Returns why that cannot be done, "" if it can."""
        stamp, count = unit.state()
        record = self.records.get(unit.source, {"participants": []})
        if record.get("stamp") == stamp and all(self._folder(p["label"]).is_dir() for p in record["participants"]):
            return record["problem"]
        if not count:
            return NO_FILES
        try:
            return self._converted(unit, record, stamp)
        except (QSMError, OSError) as error:
            return str(error)
        except Exception as error:
            return f"Unexpected {type(error).__name__}: {error}. Convert it with `dicom --to-bids` and report this."

    def _converted(self, unit, earlier, stamp):
        found = find_scans(unit.files)
        people = participants_in(found.scans, unit.folder, unit.alone)
        entries = [{"label": label, "file": p.files[0], "sessions": []} for p, label in self._labelled(people, earlier)]
        record = {"source": unit.source, "stamp": "", "participants": entries}
        record["problem"] = "" if people else _why(found)
        self._keep(unit, record)
        for entry in (*earlier["participants"], *entries):
            shutil.rmtree(self._folder(entry["label"]), ignore_errors=True)
        for person, entry in zip(people, entries, strict=True):
            entry["sessions"] = self._written(person, entry["label"])
        self._keep(unit, record | {"stamp": stamp})
        return record["problem"]

    def _keep(self, unit, record):
        """Write the record of a unit; without stamp, its participants are not complete."""
        name = sha256(unit.source.encode("utf-8", "backslashreplace")).hexdigest()[:20]
        write_texts({self.place / RECORDS / f"{name}.json": json.dumps(record, indent=1) + "\n"})
        self.records[unit.source] = record

    def _labelled(self, people, earlier):
        """Yield each Participant with the label that it had, or a new one."""
        before = {p["file"]: p["label"] for p in earlier["participants"]}
        known = [next((before[file] for file in person.files if file in before), None) for person in people]
        if len(before) == len(known) == 1:
            known = list(before.values())
        for person, label in zip(people, known, strict=True):
            label = label or unique(person.label, self.taken)
            self.taken.add(label.lower())
            yield person, label

    def _written(self, person, label):
        """Write a Participant. Returns (session, folder, titles of its scans) of each session."""
        sessions = []
        try:
            for session, scans in person.sessions.items():
                write_bids(scans, self.place / DATA, label, session, overwrite=True)
                folder = os.path.commonpath([path.parent for scan in scans for path in scan.files])
                sessions.append([session or "", folder, "; ".join(scan.title for scan in scans)])
        except BaseException:
            shutil.rmtree(self._folder(label), ignore_errors=True)
            raise
        return sessions

    def write_sources(self):
        """Write the table of what was made of which folder."""
        rows = [
            (f"sub-{one['label']}", f"ses-{session}" if session else "n/a", *texts)
            for record in self.records.values()
            for one in record["participants"]
            for session, *texts in one["sessions"]
        ]
        lines = ("\t".join(" ".join(cell.split()) for cell in row) for row in (COLUMNS, *sorted(rows)))
        write_texts({self.place / SOURCES: "\n".join(lines) + "\n"})

    def _folder(self, label):
        return self.place / DATA / f"sub-{label}"

    def _read(self):
        records = map(read_record, (self.place / RECORDS).glob("*.json"))
        return [record for record in records if record.keys() >= {"source", "stamp", "participants", "problem"}]


def _place(folder, work_dir):
    """The folder of the data set and its records; QSMError if it is of something else, or lies in the tree."""
    place = work_dir / FOLDER
    real = Path(os.path.realpath(place))
    if Path(os.path.realpath(folder)) in (real, *real.parents):
        raise QSMError(f"The work folder {work_dir} lies in the folder of the DICOM files. Choose another --work-dir.")
    if (place / DATA).exists() and not (place / RECORDS).exists():
        raise QSMError(f"{place / DATA} is there, but not from an earlier start. Choose another --work-dir.")
    try:
        (place / RECORDS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QSMError(f"Cannot write to {work_dir}: {error.strerror}. Choose another --work-dir.") from None
    return place


@contextmanager
def _alone(path, progress):
    """Wait until no other start converts into the same folder. Where the file system has no locks, do not."""
    descriptor = None
    with suppress(Unsupported):
        while (descriptor := try_lock_file(path)) is None:
            progress("waiting for another start that converts DICOM files into this folder", 0.0)
            time.sleep(POLL_S)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _units(folder):
    """The _Units of a tree: a folder for each participant, and the files that lie beside them."""
    try:
        entries = sorted((e for e in os.scandir(folder) if not is_hidden(e.path)), key=lambda entry: entry.name)
    except OSError as error:
        raise QSMError(f"{folder} cannot be read: {error.strerror}. Give the folder of the DICOM files.") from None
    units = [_Unit(Path(entry.path), entry.name, [Path(entry.path)], True) for entry in entries if entry.is_dir()]
    files = [Path(entry.path) for entry in entries if entry.is_file() and _may_be_dicom(entry.path)]
    return [*units, _Unit(folder, ".", files, False)] if files else units


def _may_be_dicom(path):
    try:
        return may_be_dicom(path)
    except OSError:
        return False


def _why(found):
    """Why no scan was found, with the first reasons; "" if there are no DICOM files."""
    if all(left.reason == NO_DICOM for left in found.left_out):
        return ""
    reasons = dict.fromkeys(f"{left.title}: {left.reason}" for left in found.left_out)
    return " ".join((NO_SCAN, *islice(reasons, 3)))
