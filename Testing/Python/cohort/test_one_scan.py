"""The work on one scan: it is done once, and done again only for a reason."""

import json
import os
from dataclasses import replace

import pytest
from helpers.cohorts import cohort, quick_plan
from helpers.scan_on_disk import load

from QSMLogic.cohort import mapping
from QSMLogic.cohort.claim import claimed
from QSMLogic.cohort.listing import scans_of
from QSMLogic.cohort.one_scan import map_scan
from QSMLogic.cohort.participant import settle
from QSMLogic.cohort.record import read_records
from QSMLogic.cohort.scan import DONE, ELSEWHERE, FAILED, LOG, RECORD, UNCHANGED
from QSMLogic.files.data_set import ROOT_FILES
from QSMLogic.files.ownership import fingerprint
from QSMLogic.registry.settings import Settings


@pytest.fixture
def plan(tmp_path):
    return quick_plan(cohort(tmp_path / "bids", 1))


def the_scan(plan):
    [scan] = scans_of(plan.root)
    return scan


def quickly_done(plan):
    return [outcome.state for outcome in settle([the_scan(plan)], plan).values()] == [UNCHANGED]


def test_a_scan_is_mapped_with_record_and_log_and_then_left_alone(plan):
    scan = the_scan(plan)
    assert not quickly_done(plan) and map_scan(scan, plan).state == DONE
    [record] = read_records(plan.output)
    assert (record["name"], record["subject"], record["state"]) == ("sub-01_MEGRE", "01", DONE)
    assert load(plan.output / record["maps"]["susceptibility_ppm"]).any()
    assert all(fingerprint(plan.output / name) == expected for name, expected in record["files"].items())
    written = {p.relative_to(plan.output).as_posix() for p in plan.output.rglob("*") if p.is_file()}
    assert written == {*record["files"], "scans/sub-01_MEGRE/record.json", *ROOT_FILES}
    assert "invert" in (plan.folder(scan.name) / LOG).read_text()
    assert quickly_done(plan) and map_scan(scan, plan).state == UNCHANGED
    assert [record] == list(read_records(plan.output))


def test_other_settings_do_it_again_and_replace_the_files(plan):
    map_scan(the_scan(plan), plan)
    other = replace(plan, settings=Settings({**plan.settings.choices, "invert": {"method": "tkd", "threshold": 0.3}}))
    assert not quickly_done(other) and map_scan(the_scan(other), other).state == DONE
    [record] = read_records(plan.output)
    assert record["settings"]["invert"]["threshold"] == 0.3
    assert quickly_done(replace(plan, skip_done=True)) and not quickly_done(plan)


def test_files_that_were_only_touched_need_no_work(plan):
    scan = the_scan(plan)
    map_scan(scan, plan)
    os.utime(scan.bids.images["phase"][1], ns=(1, 1))
    assert not quickly_done(plan) and map_scan(scan, plan).state == UNCHANGED
    assert quickly_done(plan)  # their times are recorded anew


@pytest.mark.parametrize("change", ["sidecar", "outer sidecar", "lost map"])
def test_a_changed_input_or_a_lost_map_does_it_again(plan, change):
    scan = the_scan(plan)
    map_scan(scan, plan)
    if change == "lost map":
        (plan.output / "sub-01" / "anat" / "sub-01_Chimap.nii.gz").unlink()
    else:
        sidecar = plan.root / "MEGRE.json" if change == "outer sidecar" else next(scan.bids.session.rglob("*1*.json"))
        sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"FlipAngle": 15}))
    assert not quickly_done(plan) and map_scan(scan, plan).state == DONE


def test_input_that_cannot_be_used_is_recorded_and_final(plan):
    scan = the_scan(plan)
    scan.bids.images["phase"][2].write_bytes(b"nothing")
    outcome = map_scan(scan, plan)
    [record] = read_records(plan.output)
    assert outcome.state == record["state"] == FAILED and not outcome.can_change
    assert outcome.reason == record["reason"] and "echo-2_part-phase" in outcome.reason
    assert not list(plan.output.rglob("*.nii.gz"))


@pytest.mark.parametrize(
    "error, said",
    [
        (MemoryError(), "not enough memory"),
        (OSError(28, "No space left", "x"), "No space left"),
        (KeyError("k"), "'k'"),
    ],
)
def test_what_may_pass_the_next_time_is_said_to(plan, monkeypatch, error, said):
    def failing(*arguments, **options):
        raise error

    monkeypatch.setattr(mapping, "run", failing)
    outcome = map_scan(the_scan(plan), plan)
    assert outcome.state == FAILED and outcome.can_change and said in outcome.reason
    assert said.split()[-1] in (plan.folder(outcome.name) / LOG).read_text()
    monkeypatch.undo()
    assert map_scan(the_scan(plan), plan).state == DONE
    assert [record["state"] for record in read_records(plan.output)] == [DONE]


def test_a_scan_in_work_elsewhere_is_left_to_it(plan):
    scan = the_scan(plan)
    with claimed(plan.output, scan.name) as mine:
        assert mine and map_scan(scan, plan).state == ELSEWHERE
    assert not list(plan.output.glob("scans/.*")) and map_scan(scan, plan).state == DONE


def test_files_of_the_user_are_not_replaced(plan):
    map_path = plan.output / "sub-01" / "anat" / "sub-01_Chimap.nii.gz"
    map_path.parent.mkdir(parents=True)
    map_path.write_text("mine")
    outcome = map_scan(the_scan(plan), plan)
    assert outcome.state == FAILED and "--overwrite" in outcome.reason and map_path.read_text() == "mine"
    assert map_scan(the_scan(plan), replace(plan, overwrite=True)).state == DONE


def test_records_that_are_damaged_do_not_count(plan):
    scan = the_scan(plan)
    map_scan(scan, plan)
    record = plan.folder(scan.name) / RECORD
    record.write_text(record.read_text()[:100])
    assert not list(read_records(plan.output))
    assert map_scan(scan, plan).state == DONE
