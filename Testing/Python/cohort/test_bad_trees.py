"""Data sets in which something is missing or broken: each scan has its reason, and the rest is found."""

import re

from helpers.bids_tree import BAD, SOUND, bad_tree

from QSMLogic.cohort.listing import scans_of
from QSMLogic.model.errors import QSMError


def why_not(scan):
    """Why a scan cannot be mapped, "" if it can be read."""
    try:
        return scan.problem or scan.bids.load() and ""
    except QSMError as error:
        return str(error)


def test_every_scan_is_sound_or_has_its_reason(tmp_path):
    reasons = {scan.name: why_not(scan) for scan in scans_of(bad_tree(tmp_path))}
    expected = dict(BAD.values())
    assert reasons.keys() == {*SOUND, *expected}
    assert all(reasons[name] == "" for name in SOUND)
    assert all(re.search(pattern, reasons[name]) for name, pattern in expected.items())
    assert all(reason.endswith(".") for reason in reasons.values() if reason)


def test_reasons_do_not_hide_other_runs_of_a_participant(tmp_path):
    names = [scan.name for scan in scans_of(bad_tree(tmp_path)) if scan.subject == "mixed"]
    assert sorted(names) == ["sub-mixed_run-1_MEGRE", "sub-mixed_run-2_MEGRE"]
