"""What is known of a file stays with its nodes and comes to the run; the checks of a map stay with the map."""

import numpy as np
import pytest
import slicer
from helpers.nodes import SHAPE, sequence, volume
from standin.scene_files import close_scene, load_scene, save_scene

from QSMLogic import QSMError
from QSMLogic.model.check import DOUBTFUL, OK, Check

B0 = Check("b0_direction", None, None, DOUBTFUL, "The direction of B0 is a guess.")
AXES = Check("image_orientation", 3.0, 0.5, DOUBTFUL, "The header contradicts itself.")


@pytest.fixture
def keep(loaded):
    from QSMLib.scan.checks import keep_checks

    return keep_checks


@pytest.fixture
def scan(scene, keep):
    """Magnitude and phase of two echoes, three of whose files were doubted."""
    magnitude, phase = ([volume(f"{kind}{echo}") for echo in (1, 2)] for kind in "mp")
    for node in (magnitude[1], *phase):
        keep(node, [AXES, B0])
    return magnitude, phase


def arrived(chain):
    return [check.name for check in chain.acquisition.checks]


def test_doubts_of_the_files_come_to_the_run_once(logic, chain, scan):
    logic.process(*scan, (0.004, 0.012), 3)
    assert chain.acquisition.checks == (AXES, B0)


def test_guess_of_b0_does_not_matter_if_it_is_given(logic, chain, scan):
    logic.process(*scan, (0.004, 0.012), 3, b0Direction=(0, 0, 1))
    assert arrived(chain) == [AXES.name]


def test_doubts_of_a_sequence(logic, chain, scan, keep):
    nodes = [sequence(series, browser=True) for series in scan]
    for kept, _proxy in nodes:
        for n in range(2):
            kept.GetNthDataNode(n).RemoveAttribute("QSM.Checks")
    for proxy in (proxy for _kept, proxy in nodes):
        proxy.RemoveAttribute("QSM.Checks")
    keep(nodes[1][0], [AXES])
    logic.process(nodes[0][1], nodes[1][1], (0.004, 0.012), 3)
    assert arrived(chain) == [AXES.name]


def test_values_of_masks_are_checked(logic, chain, scene):
    mask, reference = volume("mask"), volume("reference")
    slicer.util.arrayFromVolume(reference)[...] = np.indices(SHAPE)[0] > 2
    logic.process(volume("m"), volume("p"), 0.004, 3, maskNode=mask, referenceNode=reference)
    found = {check.name: check for check in chain.acquisition.checks}
    assert found["mask_values"].verdict == DOUBTFUL and "not binary" in found["mask_values"].sentence
    assert found["reference_mask_values"].verdict == OK
    assert chain.mask.dtype == bool


def test_panel_gets_what_the_console_gets(loaded, scan):
    from QSMLib.scan.request import Request, read_scan

    request = Request(magnitude_nodes=scan[0], phase_nodes=scan[1], echo_times_s=(0.004, 0.012), field_strength_t=3)
    assert read_scan(request).facts["checks"] == (AXES, B0)


def test_check_before_a_run(logic, spheres):
    names = [check["name"] for check in logic.check(*spheres[:2])]
    assert "echoes" in names and "mask_signal" not in names
    phase = [slicer.util.arrayFromVolume(node) for node in spheres[1]]
    phase[2][...] = phase[1]
    last = logic.check(*spheres[:2], maskNode=spheres[2])[-1]
    assert last["verdict"] == "refused" and "copy" in last["sentence"]
    with pytest.raises(QSMError, match="There is no phase image"):
        logic.check(spheres[0], [])


def test_checks_of_a_map_are_saved_with_the_scene(logic, spheres, tmp_path):
    quick = {"mask": {"method": "robust"}, "background": {"method": "vsharp", "steps": 3}, "invert": {"method": "tkd"}}
    result = logic.process(*spheres[:2], settings=quick)
    checks, name = logic.checks(result), result.GetName()
    assert {"echoes", "mask_volume", "susceptibility"} <= {check["name"] for check in checks}
    save_scene(tmp_path / "scene.mrb")
    close_scene()
    load_scene(tmp_path / "scene.mrb")
    assert logic.checks(slicer.util.getNode(name)) == checks


@pytest.mark.parametrize("record", [None, "{}", "nonsense", '{"checks": [3]}', "[]"])
def test_other_volumes_have_no_checks(logic, scene, record):
    node = volume("image")
    if record:
        node.SetAttribute("QSM.Provenance", record)
    assert logic.checks(node) == []
