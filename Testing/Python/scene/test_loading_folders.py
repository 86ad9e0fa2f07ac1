"""Folders with images and BIDS data sets arrive in the scene."""

import json

import numpy as np
import pytest
import slicer
from helpers.image_files import frames, voxels, write
from helpers.nodes import SHAPE

from QSMLogic import QSMError


@pytest.fixture
def loading(scene):
    from QSMLib.scan import loading

    return loading


def bids(root, participant="01", echoes=(1, 2), shape=SHAPE, suffix="MEGRE", time=None):
    for part in ("mag", "phase"):
        for echo in echoes:
            name = f"sub-{participant}_echo-{echo}_part-{part}_{suffix}.nii.gz"
            record = {"EchoTime": time or 0.005 * echo, "MagneticFieldStrength": 3}
            write(root / f"sub-{participant}" / "anat" / name, voxels(*shape, seed=echo), record)
    return root


def test_bids_run_is_loaded_and_paired(loading, tmp_path):
    [run] = loading.bids_scans(bids(tmp_path))
    assert run.name == "sub-01_MEGRE"
    nodes = loading.load_bids(run)
    from QSMLib.scan.pairing import find_scans

    [scan] = find_scans()
    assert scan.rows == ((nodes[0], nodes[2]), (nodes[1], nodes[3]))
    assert [node.GetAttribute("QSM.EchoTimes") for node in nodes] == ["0.005", "0.01"] * 2
    assert [node.GetAttribute("QSM.ImageKind") for node in nodes] == ["magnitude"] * 2 + ["phase"] * 2


def test_bids_metadata_is_inherited(loading, tmp_path):
    bids(tmp_path)
    for file in (tmp_path / "sub-01" / "anat").glob("*.json"):
        file.unlink()
    (tmp_path / "MEGRE.json").write_text(json.dumps({"MagneticFieldStrength": 7}))
    [node, *_] = loading.load_paths([tmp_path])
    assert node.GetAttribute("QSM.FieldStrength") == "7"


def test_first_volume_of_a_bids_time_series(loading, tmp_path):
    bids(tmp_path, shape=(4, *SHAPE), suffix="bold", echoes=(1,))
    before = slicer.mrmlScene.GetNumberOfNodes()
    nodes = loading.load_paths([tmp_path])
    for node in nodes:
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), voxels(4, *SHAPE, seed=1)[0])
        assert loading.file_of(node) is None
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    assert slicer.mrmlScene.GetNumberOfNodes() == before + 2 * 2  # with display nodes


def test_echoes_in_one_bids_file(loading, tmp_path):
    bids(tmp_path, shape=(2, *SHAPE), echoes=(1,), time=[0.005, 0.01])
    loading.load_paths([tmp_path])
    from QSMLib.scan.pairing import find_scans

    [scan] = find_scans()
    assert [len(frames(node)) for node in scan.rows[0]] == [2, 2]


@pytest.mark.parametrize("folder", ["sub-02", "sub-02/anat"])
def test_folders_of_one_participant(loading, tmp_path, folder):
    bids(bids(tmp_path), "02")
    assert {node.GetName()[:6] for node in loading.load_paths([tmp_path / folder])} == {"sub-02"}


def test_bids_folder_of_several_participants_is_refused(loading, tmp_path):
    with pytest.raises(QSMError, match="2 participants; choose the folder of one"):
        loading.load_paths([bids(bids(tmp_path), "02")])


def test_files_and_folders_together_in_natural_order(loading, tmp_path):
    for echo in (10, 9, 1):
        write(tmp_path / "scan" / f"gre_e{echo}.nii", voxels(*SHAPE))
    (tmp_path / "scan" / "notes.txt").write_text("")
    nodes = loading.load_paths([tmp_path / "scan", write(tmp_path / "mask.nrrd", voxels(*SHAPE))])
    assert [node.GetName() for node in nodes] == ["gre_e1", "gre_e9", "gre_e10", "mask"]
