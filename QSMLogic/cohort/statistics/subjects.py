"""What is compared: one value for each subject, of one session or of the change between two.

Sessions of a subject are alike, and never count as independent: either one session of each subject is taken, or the
change within each subject is tested. Runs of a session are averaged.
"""

import re
from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError

FIRST, LAST, CHANGE = "first", "last", "change"
SESSIONS = f"{FIRST}, {LAST}, {CHANGE}, or the label of a session"


@dataclass(frozen=True)
class Unit:
    """A subject as it enters the statistics.

    Parameters
    ----------
    subject, session : str
        The session is the one that is taken, or the earlier of two.
    scans : tuple of int
        Places of the runs of the session, or of the later one.
    earlier : tuple of int
        Places of the runs of the earlier session, whose mean is subtracted; empty for a single session.
    later_session : str
        Label of the later of two sessions.
    """

    subject: str
    session: str
    scans: tuple
    earlier: tuple = ()
    later_session: str = ""

    def value(self, means):
        """Its value in each region; NaN where it has none. means: (scan, region)."""
        value = _mean(means[list(self.scans)])
        return value - _mean(means[list(self.earlier)]) if self.earlier else value


def units_of(scans, sessions=FIRST, kind="", between=()):
    """One Unit for each subject.

    Parameters
    ----------
    scans : list of ScanKey
    sessions : str
        "first" or "last" session of each subject in the order of their labels (2 before 10), the label of one, or
        "change": the last minus the first session.
    kind : str
        Which scans, such as MEGRE or acq-fine_MEGRE, if there are several kinds.
    between : tuple of str, optional
        Labels of the earlier and the later session of "change".

    Returns
    -------
    units : list of Unit
        In the order of the subjects' labels.
    left_out : list of str
        Sentences on subjects and sessions that are not used.

    Raises
    ------
    QSMError
        If there are several kinds of scans, or no subject has the sessions.
    """
    of_kind = _of_one_kind(scans, kind)
    by_subject = {}
    for place in of_kind:
        by_subject.setdefault(scans[place].subject, {}).setdefault(scans[place].session, []).append(place)
    chosen = {subject: _chosen(found, sessions, between) for subject, found in by_subject.items()}
    units = [Unit(subject, *unit) for subject, unit in sorted(chosen.items(), key=_in_order) if unit]
    if not units:
        known = ", ".join(sorted({label or "none" for found in by_subject.values() for label in found}))
        what = f"the session {sessions}" if sessions != CHANGE else f"two sessions{_named(between)}, to test a change"
        raise QSMError(f"No subject has {what}. There are the sessions: {known}.")
    return units, list(_left_out(by_subject, chosen, sessions, between))


def _of_one_kind(scans, kind):
    kinds = sorted({scan.kind for scan in scans})
    if kind and kind not in kinds:
        raise QSMError(f"There are no scans of the kind {kind}. There are: {', '.join(kinds)}.")
    if len(kinds) > 1 and not kind:
        raise QSMError(
            f"The cohort has scans of several kinds: {', '.join(kinds)}. Their values must not be mixed; choose one."
        )
    return [place for place, scan in enumerate(scans) if scan.kind == (kind or kinds[0])]


def _chosen(found, sessions, between):
    """Session, scans, earlier scans and later session of a subject; None if it has not got what is needed."""
    ordered = sorted(found, key=natural)
    if sessions == CHANGE:
        earlier, later = between or (ordered[0], ordered[-1])
        if earlier == later or not {earlier, later} <= found.keys():
            return None
        return earlier, tuple(found[later]), tuple(found[earlier]), later
    label = {FIRST: ordered[0], LAST: ordered[-1]}.get(sessions, sessions)
    return (label, tuple(found[label])) if label in found else None


def _left_out(by_subject, chosen, sessions, between):
    without = sorted((subject for subject, unit in chosen.items() if not unit), key=natural)
    if without:
        wanted = f"two sessions{_named(between)}" if sessions == CHANGE else f"the session {sessions}"
        yield f"Left out: {counted(len(without), 'subject')} without {wanted} ({shortened(without)})."
    several = [subject for subject, found in by_subject.items() if len(found) > 1 and chosen[subject]]
    if several and sessions != CHANGE:
        yield (
            f"{counted(len(several), 'subject')} with several sessions: only one session of each was taken "
            f"({sessions}), as sessions of a subject are not independent. To test the change within subjects, choose "
            f"{CHANGE}."
        )
    runs = [subject for subject, unit in chosen.items() if unit and max(map(len, filter(None, unit[1:3]))) > 1]
    if runs:
        yield f"The runs of a session were averaged ({counted(len(runs), 'subject')} with several runs)."


def natural(text):
    """A key that sorts 2 before 10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", text)]


def counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shortened(names, most=5):
    """Names in a row, of many only the first."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def listed(words):
    """Words in a sentence: a, b and c."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def _mean(rows):
    """The mean over runs; NaN where any has no value, so that all regions are from the same runs."""
    return np.mean(rows, axis=0)


def _named(between):
    return f" {between[0]} and {between[1]}" if between else ""


def _in_order(entry):
    return natural(entry[0])
