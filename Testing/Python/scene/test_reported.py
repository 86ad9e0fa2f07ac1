"""What the files say of the acquisition comes with the nodes to the run."""

import json

import pytest
from helpers.image_files import voxels, write
from helpers.nodes import SHAPE, volume

SAID = {"Manufacturer": "GE", "FlipAngle": 12}


@pytest.fixture
def scan_of(scene):
    from QSMLib.scan.request import Request, read_scan

    return lambda *nodes: read_scan(Request(magnitude_nodes=nodes[0], phase_nodes=nodes[1]))


def test_from_sidecar_to_run(scan_of, tmp_path):
    from QSMLib.scan.loading import load_files

    sidecar = SAID | {"EchoTime": 0.02, "MagneticFieldStrength": 3, "PatientName": "Doe"}
    paths = [write(tmp_path / f"gre_{kind}.nii", voxels(*SHAPE), sidecar) for kind in ("mag", "ph")]
    scan = scan_of(*load_files(paths))
    assert scan.reported == scan.facts["reported"] == scan.acquisition().reported == SAID


@pytest.mark.parametrize(
    ("attribute", "found"),
    [
        (json.dumps(SAID | {"PatientName": "Doe"}), SAID),
        ("not JSON", {}),
        ("[1]", {}),
        (None, {}),
    ],
)
def test_attribute_of_a_node(scan_of, attribute, found):
    from QSMLib.scan.metadata import REPORTED

    known = {"QSM_EchoTimes": "0.02", "QSM_FieldStrength": "3"}
    magnitude, phase = volume("m", **known), volume("p", **known)
    if attribute:
        phase.SetAttribute(REPORTED, attribute)
    assert scan_of(magnitude, phase).reported == found
