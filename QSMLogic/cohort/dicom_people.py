"""Whose scans DICOM files are, and in which session: names for BIDS that never are those of patients."""

import os
import re
import unicodedata
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ..files.dicom.frames import PERSON, read_header

SHORTEST_NAME = 3  # letters; shorter parts of a name are found in many words
NUMBERED = "p"  # precedes the number of a participant whose folder has the name of a patient


@dataclass(frozen=True)
class Participant:
    """Scans of one person.

    Parameters
    ----------
    label : str
        A proposal, letters and digits; others may have the same.
    sessions : dict
        {label of the session, None if there is one: list of DicomScan}
    """

    label: str
    sessions: dict

    @property
    def files(self):
        """The paths of all files, in order."""
        return sorted(str(path) for scans in self.sessions.values() for scan in scans for path in scan.files)


def participants_in(scans, folder, alone):
    """The Participants of scans, named after folders.

    Parameters
    ----------
    scans : list of DicomScan
    folder : Path
        Where they were found; its name is that of a single participant.
    alone : bool
        Whether the folder is that of one participant if the files do not say whose they are; otherwise each study is
        taken as another person.
    """
    persons = {}
    for scan in scans:
        person, name = _person(scan)
        persons.setdefault(person or (() if alone else scan.subject), (name, []))[1].append(scan)
    places = _places([own for _, own in persons.values()]) if len(persons) > 1 else [folder.name] * len(persons)
    found = []
    for place, (name, own) in zip(places, persons.values(), strict=True):
        label = sanitized(place or folder.name, "sub")
        found.append(Participant(NUMBERED if is_name_in(name, label) else label, _sessions(own, name)))
    return found


def sanitized(text, key):
    """A label of BIDS made of the name of a folder, with or without a prefix such as "sub-"."""
    return re.sub("[^A-Za-z0-9]", "", text.removeprefix(f"{key}-")) or "x"


def unique(label, taken):
    """The label if it is free, or one with a number. taken: labels in small letters."""
    if label != NUMBERED and label.lower() not in taken:
        return label
    base, first = f"{label}n" if label[-1].isdigit() else label, 1 if label == NUMBERED else 2
    return next(made for number in count(first) if (made := f"{base}{number}").lower() not in taken)


def is_name_in(name, label):
    """Whether a label contains a part of a patient's name. A name with digits is a pseudonym, which may be shown."""
    if any(character.isdigit() for character in name):
        return False
    parts = re.findall("[a-z]+", _plain(name))
    return any(len(part) >= SHORTEST_NAME and part in _plain(label) for part in parts)


def _plain(text):
    """Small letters without accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _person(scan):
    """(what tells persons apart, () if the files do not say it; the name)"""
    dataset, _ = read_header(scan.files[0], is_brief=True)
    known = tuple(str(dataset.get(name, "")).strip() for name in PERSON)
    return known if any(known[:2]) else (), known[1]


def _sessions(scans, name):
    """{label or None: scans} by study, or by folders that are called ses-...; name: of the patient."""
    studies = {}
    for scan in scans:
        studies.setdefault(scan.subject, []).append(scan)
    groups = list(studies.values()) if len(studies) > 1 else _by_session_folder(scans)
    if len(groups) == 1:
        return {None: scans}
    sessions = {}
    for number, (place, group) in enumerate(zip(_places(groups), groups, strict=True), 1):
        label = sanitized(place, "ses")
        label = str(number) if not place or is_name_in(name, label) else label
        sessions[unique(label, {taken.lower() for taken in sessions})] = group
    return sessions


def _by_session_folder(scans):
    """The scans in groups, one for each folder called ses-..., or in one if they do not lie in such folders."""
    groups = {}
    for scan, place in zip(scans, _places([[scan] for scan in scans], shared=True), strict=True):
        groups.setdefault(place, []).append(scan)
    return list(groups.values()) if all(place.lower().startswith("ses") for place in groups) else [scans]


def _places(groups, shared=False):
    """For each group of scans, the name of the folder that holds it and no other group, "" if there is none.

    It is looked for below the deepest folder that holds all groups. shared: it may hold several groups.
    """
    folders = [{path.parent for scan in group for path in scan.files} for group in groups]
    base = Path(os.path.commonpath([path for group in folders for path in group]))
    below = [{path.relative_to(base).parts[:1] for path in group} for group in folders]
    names = ["".join(next(iter(parts))) if len(parts) == 1 else "" for parts in below]
    return [name if shared or names.count(name) == 1 else "" for name in names]
