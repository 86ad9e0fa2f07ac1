"""The work on one scan: it is done once, and done again only for a reason."""

import json
import os
import shutil
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
    assert not {*record["files"]} & {*ROOT_FILES}  # which are of all scans
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


def chimap(plan):
    return plan.output / "sub-01" / "anat" / "sub-01_Chimap.nii.gz"


def with_other_settings(plan, **changes):
    choices = plan.settings.choices | {"invert": {"method": "tkd", "threshold": 0.3}}
    return replace(plan, settings=Settings(choices), **changes)


def test_a_map_that_the_user_has_corrected_is_kept_and_nothing_is_computed_in_vain(plan, monkeypatch):
    map_scan(the_scan(plan), plan)
    chimap(plan).write_bytes(b"corrected")
    assert quickly_done(plan) and map_scan(the_scan(plan), plan).state == UNCHANGED
    other = with_other_settings(plan)
    with monkeypatch.context() as patch:
        patch.setattr(mapping, "run", None)
        outcome = map_scan(the_scan(other), other)
    assert outcome.state == FAILED and "--overwrite" in outcome.reason and chimap(plan).read_bytes() == b"corrected"
    [record] = read_records(plan.output)
    assert record["state"] == FAILED and "sub-01/anat/sub-01_Chimap.nii.gz" in record["files"]
    assert map_scan(the_scan(other), replace(other, overwrite=True)).state == DONE


def test_maps_of_another_command_are_no_result_of_the_cohort(plan):
    map_scan(the_scan(plan), plan)
    sidecar = chimap(plan).with_name("sub-01_Chimap.json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"Provenance": {}}))
    assert not quickly_done(plan) and map_scan(the_scan(plan), plan).state == DONE
    assert json.loads(sidecar.read_text())["Provenance"]


@pytest.mark.parametrize(
    "damage", [{"files": None}, {"files": {}}, {"maps": []}, {"name": "sub-02_MEGRE"}, {"state": 1}]
)
def test_records_that_were_edited_do_not_count(plan, damage):
    map_scan(the_scan(plan), plan)
    path = plan.folder("sub-01_MEGRE") / RECORD
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert not quickly_done(plan) and not quickly_done(replace(plan, skip_done=True))
    assert map_scan(the_scan(plan), replace(plan, overwrite=True)).state == DONE


def test_a_record_vouches_for_no_files_of_others(plan):
    map_scan(the_scan(plan), plan)
    others = shutil.copytree(plan.output / "sub-01", plan.output / "sub-02") / "anat" / "sub-01_Chimap.nii.gz"
    path = plan.folder("sub-01_MEGRE") / RECORD
    files = {"../outside": "", "sub-02/anat/sub-01_Chimap.nii.gz": fingerprint(chimap(plan))}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": "sub-02_MEGRE", "files": files}))
    assert map_scan(the_scan(plan), with_other_settings(plan)).state == DONE
    assert others.exists()


def test_an_image_whose_content_is_not_there_is_named_and_not_tried_again(plan):
    image = the_scan(plan).bids.images["phase"][2]
    image.unlink()
    image.symlink_to("../../.git/annex/objects/x")
    outcome = map_scan(the_scan(plan), plan)
    assert outcome.state == FAILED and not outcome.can_change and "datalad get" in outcome.reason
    assert "Traceback" not in (plan.folder(outcome.name) / LOG).read_text()


@pytest.mark.parametrize("damaged", [False, True])
def test_an_anonymous_cohort_names_no_input(tmp_path, damaged):
    plan = quick_plan(cohort(tmp_path / "jane-doe", 1), anonymous=True)
    if damaged:
        the_scan(plan).bids.images["phase"][2].write_bytes(b"nothing")
    assert map_scan(the_scan(plan), plan).state == (FAILED if damaged else DONE)
    texts = [path.read_text() for path in plan.output.rglob("*") if path.suffix in (".json", ".html", ".txt", ".tsv")]
    assert len(texts) > 1 and not [text for text in texts if "part-" in text or "jane-doe" in text]
    assert damaged or quickly_done(plan)


def test_skipping_what_is_done_holds_for_another_start_too(plan):
    map_scan(the_scan(plan), plan)
    other = with_other_settings(plan, skip_done=True)
    assert quickly_done(other) and map_scan(the_scan(other), other).state == UNCHANGED


def test_the_time_in_a_record_is_that_of_the_start(plan, monkeypatch):
    from datetime import datetime, timezone

    monkeypatch.setattr("QSMLogic.cohort.log.ScanLog.seconds", 3600.0)
    map_scan(the_scan(plan), plan)
    [record] = read_records(plan.output)
    ago = datetime.now(timezone.utc) - datetime.fromisoformat(record["started"])
    assert 3590 < ago.total_seconds() < 3700 and record["seconds"] == 3600.0
