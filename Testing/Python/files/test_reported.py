"""What the sidecars say of the acquisition stays with the scan, and nothing else of them."""

import json

import numpy as np
from helpers.fields import ball
from helpers.image_files import voxels, write

from QSMLogic import Acquisition, run
from QSMLogic.files.scans import load_acquisition
from QSMLogic.pipeline import job_files, worker
from QSMLogic.pipeline.preview import reduced
from QSMLogic.registry.settings import Settings
from QSMLogic.report.methods_text import methods_text

SHAPE, SAID = (16, 18, 20), {"Manufacturer": "Philips", "RepetitionTime": 0.045, "MRAcquisitionType": "3D"}
FAST = {"background": {"method": "vsharp", "max_radius_mm": 3.0}, "invert": {"method": "tkd"}}


def loaded(tmp_path):
    sidecar = SAID | {"EchoTime": 0.02, "MagneticFieldStrength": 3, "PatientName": "Doe", "StationName": "MR61 Ward 5"}
    magnitude = write(tmp_path / "mag.nii", abs(voxels(*SHAPE)), sidecar)
    return load_acquisition(
        [magnitude], [write(tmp_path / "phase.nii", np.clip(voxels(*SHAPE), -3, 3), {"RepetitionTime": 9})]
    )[0]


def test_sidecar_of_the_magnitude(tmp_path):
    assert loaded(tmp_path).reported == SAID


def test_sidecar_of_the_phase_if_it_is_the_only_one(tmp_path):
    loaded(tmp_path)
    (tmp_path / "mag.json").unlink()
    (tmp_path / "phase.json").write_text(json.dumps(SAID))
    images = [tmp_path / "mag.nii"], [tmp_path / "phase.nii"]
    assert load_acquisition(*images, echo_times_s=[0.02], field_strength_t=3)[0].reported == SAID


def test_kept_by_what_is_made_of_a_scan(tmp_path):
    scan = loaded(tmp_path)
    assert scan.cropped((slice(2, 6),) * 3).reported == SAID
    assert reduced(scan, None, Settings({}), (1, 2, 2))[0].reported == SAID
    signal = scan.magnitude + 0j
    facts = scan.echo_times_s, 3, scan.grid
    assert Acquisition.of_signal(signal, *facts, reported=SAID).reported == SAID
    assert Acquisition.of_signal(signal, *facts).reported == {}


def test_comes_to_the_record_of_a_run_and_its_text(tmp_path):
    scan = loaded(tmp_path)
    facts = {"echo_times_s": scan.echo_times_s, "field_strength_t": 3.0, "grid": scan.grid, "reported": scan.reported}
    for _ in job_files.write_run(tmp_path, scan.magnitude, scan.phase, facts, ball(scan.grid, 6), FAST):
        pass
    worker.work(tmp_path, lambda stage, fraction: None)
    record = json.loads(json.dumps(job_files.read_maps(tmp_path).provenance))
    assert record["scan"]["reported"] == SAID
    assert record["scan"] == run(scan, ball(scan.grid, 6), FAST).provenance["scan"]
    assert "on a Philips scanner. The sequence was a three-dimensional gradient-echo sequence" in methods_text(record)
    del record["scan"]["reported"]
    assert "Philips" not in methods_text(record)
