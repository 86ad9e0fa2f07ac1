"""A study's table grows scan by scan, and keeps apart what was made differently."""

import copy
import os
import threading

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.regions import MapImage, Region, add_to_study, measure, read_study, with_scan

SHAPE = (4, 4, 4)
PROVENANCE = {
    "settings": {
        "background": {"method": "vsharp", "threshold": 0.1},
        "invert": {"method": "rts"},
        "reference": {"method": "mean"},
    },
    "software": {"QSMLogic": "0.1.0"},
}


def table(value=0.1, unit="ppm", **options):
    array = np.full(SHAPE, value, np.float32)
    upper = np.zeros(SHAPE, bool)
    upper[2:] = True
    regions = [Region("caudate", ~upper), Region("putamen", upper)]
    return measure({"susceptibility": MapImage(array, unit)}, regions, Grid(SHAPE), **options)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_it_grows_by_scans(tmp_path, ending):
    path = tmp_path / f"study.{ending}"
    for subject, session, time, value in (("01", "a", "40.5", 0.1), ("01", "b", "41.5", 0.2), ("02", "a", "", 0.3)):
        add_to_study(path, table(value), subject, session, time, provenance=PROVENANCE)
    rows = read_study(path).rows
    assert [(r["subject"], r["session"], r["segment"]) for r in rows[:3]] == [
        ("01", "a", "caudate"),
        ("01", "a", "putamen"),
        ("01", "b", "caudate"),
    ]
    assert [r["mean"] for r in rows[::2]] == pytest.approx([0.1, 0.2, 0.3])
    assert [r["time"] for r in rows[::2]] == ["40.5", "41.5", ""]
    assert rows[0]["settings"].startswith("vsharp+rts+mean (")
    assert not any(r["mixed_settings"] for r in rows)


def test_a_scan_that_is_there_is_refused_or_replaced(tmp_path):
    path = tmp_path / "study.csv"
    add_to_study(path, table(0.1), "01", "a")
    add_to_study(path, table(0.5), "02", "a")
    before = path.read_bytes()
    with pytest.raises(QSMError, match="subject 01 session a already"):
        add_to_study(path, table(0.2), "01", "a")
    assert path.read_bytes() == before
    add_to_study(path, table(0.2), "01", "a", replaces=True)
    assert {r["subject"]: round(r["mean"], 6) for r in read_study(path).rows} == {"02": 0.5, "01": 0.2}
    assert len(read_study(path).rows) == 4


def changed():
    other = copy.deepcopy(PROVENANCE)
    other["settings"]["background"]["threshold"] = 0.2
    return other


@pytest.mark.parametrize(
    ("options", "provenance"),
    [({}, changed()), ({"erosion_mm": 1.0}, PROVENANCE), ({"reference": "putamen"}, PROVENANCE), ({}, None)],
)
def test_other_settings_are_refused_or_flagged(options, provenance):
    study = with_scan(None, table(), "01", provenance=PROVENANCE)
    with pytest.raises(QSMError, match="same settings"):
        with_scan(study, table(**options), "02", provenance=provenance)
    mixed = with_scan(study, table(**options), "02", provenance=provenance, mixed=True)
    assert {r["mixed_settings"] for r in mixed.rows} == {"yes"}
    with pytest.raises(QSMError, match="same settings"):
        with_scan(mixed, table(), "03", provenance=PROVENANCE)


def test_replacing_the_odd_scan_takes_the_flag_away():
    study = with_scan(None, table(), "01", provenance=PROVENANCE)
    mixed = with_scan(study, table(), "02", provenance=changed(), mixed=True)
    mended = with_scan(mixed, table(), "02", provenance=PROVENANCE, replaces=True)
    assert not any(r["mixed_settings"] for r in mended.rows)


def test_values_come_in_the_studys_unit():
    study = with_scan(None, table(0.1).in_unit("ppb"), "01")
    study = with_scan(study, table(0.2), "02")
    assert {r["unit"] for r in study.rows} == {"ppb"}
    assert [r["mean"] for r in study.rows[::2]] == pytest.approx([100, 200])
    with pytest.raises(QSMError, match="in ppb, this scan in 1/s"):
        with_scan(study, table(unit="1/s"), "03")


def test_bad_input_leaves_the_study_as_it_was(tmp_path):
    path = tmp_path / "study.csv"
    path.write_text("subject,age\n01,40\n")
    with pytest.raises(QSMError, match="no column.*unknown columns age"):
        add_to_study(path, table(), "01")
    with pytest.raises(QSMError, match="needs a subject"):
        add_to_study(tmp_path / "new.csv", table(), " ")
    with pytest.raises(QSMError, match=".csv or .tsv"):
        add_to_study(tmp_path / "new.txt", table(), "01")
    assert path.read_text() == "subject,age\n01,40\n"
    assert [p.name for p in tmp_path.iterdir()] == ["study.csv"]


def test_a_study_of_an_earlier_version_goes_on(tmp_path):
    """It wrote the fingerprint of the settings after a #, which many readers of tables take for a comment."""
    path = tmp_path / "study.csv"
    add_to_study(path, table(0.1), "01", provenance=PROVENANCE)
    told = read_study(path).rows[0]["settings"]
    methods, fingerprint = told.rstrip(")").split(" (")
    path.write_text(path.read_text(encoding="utf-8").replace(told, f"{methods} #{fingerprint}"), encoding="utf-8")
    add_to_study(path, table(0.2), "02", provenance=PROVENANCE)
    assert not any(row["mixed_settings"] for row in read_study(path).rows)
    assert "#" not in told


def test_scans_added_by_several_at_once_are_all_there(tmp_path):
    path = tmp_path / "study.csv"
    threads = [threading.Thread(target=add_to_study, args=(path, table(), f"{n:02}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted({row["subject"] for row in read_study(path).rows}) == [f"{n:02}" for n in range(6)]
    assert os.listdir(tmp_path) == ["study.csv"]


def test_the_sidecar_of_an_image_is_not_replaced_by_the_dictionary_of_a_study(tmp_path):
    (tmp_path / "study.json").write_text('{"EchoTime": 0.004}')
    with pytest.raises(QSMError, match=r"study\.json exists already"):
        add_to_study(tmp_path / "study.tsv", table(), "01")
    assert os.listdir(tmp_path) == ["study.json"]
    (tmp_path / "study.json").unlink()
    for subject in ("01", "02"):
        add_to_study(tmp_path / "study.tsv", table(), subject)
    assert {row["subject"] for row in read_study(tmp_path / "study.tsv").rows} == {"01", "02"}
