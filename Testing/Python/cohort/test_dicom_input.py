"""The command `bids` on a tree of DICOM files."""

import json

import pytest
from helpers.command_line import cli  # noqa: F401
from helpers.dicom_forms import siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example


@pytest.fixture
def tree(tmp_path):
    scan = siemens.classic(example((5, 4, 2), echo_times_s=(0.02,)))
    for name in ("P-01", "P-02"):
        written(tmp_path / "dicom" / name, scan)
    (tmp_path / "dicom" / "P-03").mkdir()
    return tmp_path / "dicom"


def test_folders_become_participants_and_problems_are_listed(cli, tree, tmp_path):  # noqa: F811
    options = ("participant", "--work-dir", tmp_path / "work", "--dry-run")
    status, out, err = cli("bids", tree, tmp_path / "out", *options)
    assert status == 1
    lines = out.splitlines()
    assert lines[:2] == ["sub-P01_T2starw: is to be mapped", "sub-P02_T2starw: is to be mapped"]
    assert len(lines) == 3 and lines[2].startswith("sub-P03: cannot be used: Its folder is empty")
    assert "converting DICOM: P-01" in err
    status, out, _ = cli("bids", tree, tmp_path / "out", *options, "--participant-label", "sub-P02")
    assert status == 0 and out.splitlines() == ["sub-P02_T2starw: is to be mapped"]


def test_dicom_files_need_a_work_folder(cli, tree, tmp_path):  # noqa: F811
    status, _, err = cli("bids", tree, tmp_path / "out", "participant")
    assert status == 2 and "Give --work-dir" in err
    assert not (tmp_path / "out").exists()


def test_a_failed_conversion_is_recorded(cli, tree, tmp_path):  # noqa: F811
    """Scans so small cannot be mapped, either, which their records say."""
    options = ("participant", "--work-dir", tmp_path / "work", "--nprocs", "1", "--quiet")
    assert cli("bids", tree, tmp_path / "out", *options)[0] == 1
    records = {p.parent.name: json.loads(p.read_text()) for p in (tmp_path / "out" / "scans").glob("*/record.json")}
    assert records.keys() == {"sub-P01_T2starw", "sub-P02_T2starw", "sub-P03"}
    assert all(record["state"] == "failed" and record["reason"] for record in records.values())
    assert "empty" in records["sub-P03"]["reason"]
