"""The folder of a run: what belongs to it, what an earlier run left, what is the user's."""

import json
from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import Grid, Maps, QSMError
from QSMLogic.files.bids import BidsRun
from QSMLogic.files.bids_derivatives import write_derivatives
from QSMLogic.files.images import Geometry
from QSMLogic.files.map_files import write_maps
from QSMLogic.files.ownership import fingerprint

GEOMETRY = Geometry((4, 3, 2))
REQUIRED = {"mask", "reliable_mask", "total_field_ppm", "local_field_ppm", "susceptibility_ppm"}
PROVENANCE = {"software": {"QSMLogic": "0"}, "settings": {}}


def made(value=1.0, **optional):
    """Maps of one value."""
    image = np.full(GEOMETRY.shape, value, np.float32)
    maps = {name: image > 0 if "mask" in name else image for name in REQUIRED}
    return Maps(grid=Grid(GEOMETRY.shape, (1, 1, 1), (1, 0, 0)), provenance=PROVENANCE, **maps, **optional)


WITH_QUALITY = made(quality=np.ones(GEOMETRY.shape, np.float32))


def test_maps_of_an_earlier_run_that_the_new_one_does_not_make_are_removed(tmp_path):
    write_maps(WITH_QUALITY, GEOMETRY, tmp_path, {tmp_path / "curve.svg": "<svg/>"})
    (tmp_path / "notes.txt").write_text("the user's")
    assert (tmp_path / "phase_quality.nii.gz").exists()
    paths = write_maps(made(2.0), GEOMETRY, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*(path.name for path in paths), "notes.txt"}
    files = json.loads((tmp_path / "run.json").read_text())["files"]
    assert files == {path.name: fingerprint(path) for path in paths if path.name != "run.json"}


def test_a_map_that_was_edited_is_the_users_own(tmp_path):
    write_maps(made(), GEOMETRY, tmp_path)
    (tmp_path / "mask.nii.gz").write_bytes(b"drawn by hand")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(QSMError, match=r"mask\.nii\.gz exists already"):
        write_maps(made(2.0), GEOMETRY, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    write_maps(made(2.0), GEOMETRY, tmp_path, overwrite=True)
    assert (tmp_path / "mask.nii.gz").read_bytes() != b"drawn by hand"


def test_a_record_without_a_list_vouches_for_maps_that_shall_be_replaced(tmp_path):
    write_maps(WITH_QUALITY, GEOMETRY, tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(PROVENANCE))
    with pytest.raises(QSMError, match="exists already"):
        write_maps(made(), GEOMETRY, tmp_path)
    write_maps(made(), GEOMETRY, tmp_path, overwrite=True)
    assert not (tmp_path / "phase_quality.nii.gz").exists()


@pytest.fixture
def bids_run(tmp_path):
    root = tmp_path / "study"
    image = root / "sub-01" / "anat" / "sub-01_part-phase_MEGRE.nii.gz"
    return BidsRun(root, root / "sub-01", "sub-01", "MEGRE", {"magnitude": {}, "phase": {1: image}})


def test_derivatives_of_an_earlier_run_on_the_same_scan_are_removed(bids_run, tmp_path):
    output, other = tmp_path / "out", replace(bids_run, stem="sub-01_run-2")
    write_derivatives(other, WITH_QUALITY, GEOMETRY, output)
    write_derivatives(bids_run, WITH_QUALITY, GEOMETRY, output)
    paths = write_derivatives(bids_run, made(), GEOMETRY, output)
    left = {path for path in (output / "sub-01" / "anat").iterdir() if "run-2" not in path.name}
    assert left == {path for path in paths if path.name != "dataset_description.json"}
    assert len([path for path in (output / "sub-01" / "anat").iterdir() if "run-2" in path.name]) == 12
    edited = bids_run.outputs(output)["mask"]
    edited.write_bytes(b"drawn by hand")
    with pytest.raises(QSMError, match="exists already"):
        write_derivatives(bids_run, made(), GEOMETRY, output)
    assert edited.read_bytes() == b"drawn by hand"


def test_anonymous_derivatives_name_no_image(bids_run, tmp_path):
    texts = []
    for anonymous in (False, True):
        paths = write_derivatives(bids_run, made(), GEOMETRY, tmp_path / f"out{anonymous}", anonymous=anonymous)
        texts.append("".join(path.read_text() for path in paths if path.suffix == ".json"))
    assert "part-phase" in texts[0] and "../study" in texts[0]
    assert "part-phase" not in texts[1] and "study" not in texts[1]
