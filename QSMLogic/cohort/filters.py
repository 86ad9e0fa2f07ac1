"""Which scans of a data set are wanted: by labels on the command line, and by a filter file."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..files.bids import DATATYPES, files_of, participants_of
from ..files.bids_names import ENTITIES, parsed
from ..files.sidecar import read_json
from ..model.errors import QSMError

OF_SCANS = "qsm"  # the part of a filter file that is meant for this software
SUFFIX, DATATYPE = "suffix", "datatype"
NUMBERED = ("run", "chunk", "flip", "inv", "split")  # entities whose labels are numbers: 1 and 01 are the same
OF_IMAGES = ("echo", "part")  # entities in which the images of one scan differ
ANY, MOST_NAMED = "*", 12
KEYS = {name: key for key, long in ENTITIES.items() for name in (key, long)} | {SUFFIX: SUFFIX, DATATYPE: DATATYPE}


@dataclass(frozen=True)
class Filters:
    """Which scans are wanted.

    Parameters
    ----------
    participants : tuple of str
        Labels without "sub-"; empty for all.
    wanted : tuple of (str, tuple)
        Each entity by its key in names, suffix or datatype, and the values wanted of it: texts, numbers, None for a
        name that lacks the entity, "*" for any value.
    """

    participants: tuple = ()
    wanted: tuple = ()

    @classmethod
    def from_options(cls, root, participant_labels=(), session_labels=(), run_labels=(), filter_file=None):
        """The Filters of a command line; labels may have their prefixes.

        Raises QSMError for labels that the data set does not have, and for what is wrong in the filter file.
        """
        participants = _labels("sub", participant_labels)
        wanted = [("ses", _labels("ses", session_labels)), ("run", _labels("run", run_labels))]
        wanted = [(key, labels) for key, labels in wanted if labels]
        read = _of_file(filter_file) if filter_file else ()
        subjects = dict(read).get("sub", ())
        if not participants and subjects and all(isinstance(value, str) and value != ANY for value in subjects):
            participants = subjects
        for key, labels in wanted:
            _check_labels(Path(root), participants, key, labels)
        return cls(participants, (*wanted, *read))

    def matches(self, run):
        """Whether a BidsRun is wanted."""
        return self.matches_names(run.session, run.stem, run.suffix, files_of(run)[0].parent.name)

    def matches_names(self, session, stem, suffix, datatype="anat"):
        """Whether images are wanted, from their names; session: their folder, which is not looked at."""
        entities, _ = parsed(f"{stem}_{suffix}")
        known = entities | {SUFFIX: suffix, DATATYPE: datatype}
        if self.participants and entities.get("sub") not in self.participants:
            return False
        return all(any(_is(key, known.get(key), value) for value in values) for key, values in self.wanted)


def _labels(key, labels):
    return tuple(dict.fromkeys(label.removeprefix(f"{key}-") for label in labels or ()))


def _is(key, label, value):
    """Whether the label of an entity, None if there is none, is a wanted value."""
    if label is None or value is None:
        return label is value
    number = isinstance(value, int) or key in NUMBERED
    if number and label.isdecimal() and str(value).isdecimal():
        return int(label) == int(value)
    return value in (ANY, label)


def _of_file(path):
    """((key, values), ...) of the part of a filter file for this software."""
    content = read_json(Path(path))
    if not isinstance(content.get(OF_SCANS), dict):
        there = ", ".join(content) or "nothing"
        raise QSMError(f'{path} has no part "{OF_SCANS}", but {there}. Write {{"{OF_SCANS}": {{"suffix": "MEGRE"}}}}.')
    return tuple((_key(path, name), _values(path, name, values)) for name, values in content[OF_SCANS].items())


def _key(path, name):
    key = KEYS.get(name)
    if key in OF_IMAGES:
        raise QSMError(f'{path}: scans cannot be chosen by "{name}", as a scan has all of them. Remove it.')
    if not key:
        known = ", ".join((SUFFIX, DATATYPE, *(long for key, long in ENTITIES.items() if key not in OF_IMAGES)))
        raise QSMError(f'{path}: "{name}" is no entity of BIDS. Known are {known}.')
    return key


def _values(path, name, values):
    values = tuple(values) if isinstance(values, list) else (values,)
    if not values or any(isinstance(v, bool) or not isinstance(v, str | int | None) for v in values):
        raise QSMError(f'{path}: the value of "{name}" must be a text, a whole number, null, or a list of these.')
    prefix = f"{KEYS[name]}-"
    return tuple(value.removeprefix(prefix) if isinstance(value, str) else value for value in values)


def _check_labels(root, participants, key, labels):
    """QSMError unless each label is found somewhere; the search ends when all are."""
    missing, there = [*labels], {}
    for label in _labels_in(root, participants, key):
        there[label] = None
        missing = [wanted for wanted in missing if not _is(key, label, wanted)]
        if not missing:
            return
    named = sorted(there)
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    has = f"It has {', '.join(f'{key}-{label}' for label in named[:MOST_NAMED])}{more}" if named else "It has none"
    chosen = " of the participants chosen" if participants else ""
    raise QSMError(f"There is no {key}-{missing[0]} in {root}{chosen}. {has}.")


def _labels_in(root, participants, key):
    """Yield the labels of an entity that the names of session folders, or of files, have."""
    for participant in participants_of(root, participants):
        folder = root / participant
        sessions = [*folder.glob("ses-*")]
        if key == "ses":
            yield from (session.name.removeprefix("ses-") for session in sessions)
            continue
        places = (session / datatype for session in sessions or [folder] for datatype in DATATYPES)
        for path in chain.from_iterable(place.glob(f"*_{key}-*.nii*") for place in places):
            yield parsed(path)[0].get(key)
