"""The whole way with the real chain: a simulated scan in the scene, its map, its table."""

import re
from pathlib import Path

import numpy as np
import pytest
import slicer
from helpers.nodes import content, linear_transform, segmentation

from QSMLogic import Cancelled, QSMError

README = Path(__file__).resolve().parents[3] / "README.md"

QUICK = {"mask": {"method": "robust"}}


def sphere_means_ppm(logic, segmentation_node, volume):
    table = logic.roiStatistics(segmentation_node, volume)
    return np.array(slicer.util.arrayFromTableColumn(table, "mean_ppm"))


def assert_spheres_found(means_ppm):
    from QSMLib.scan.sample import SPHERES_PPM

    assert means_ppm[0] - means_ppm[1] == pytest.approx(SPHERES_PPM[0] - SPHERES_PPM[1], rel=0.3)


def test_module_test_passes(loaded, scene):
    loaded.module.QSMTest().runTest()


def test_console_snippet_of_the_readme(loaded, spheres):
    section = README.read_text(encoding="utf-8").split("Python console", 1)[1]
    snippet = re.search(r"```python\n(.+?)```", section, re.DOTALL).group(1)
    assert len(snippet.strip().splitlines()) == 5
    names = {"slicer": slicer}
    exec(snippet, names)
    assert names["susceptibility"].GetVoxelValueUnits().GetCodeValue() == "[ppm]"
    assert_spheres_found(np.array(slicer.util.arrayFromTableColumn(names["table"], "mean_ppm")))


@pytest.mark.parametrize("by", ["orientation", "transform"])
def test_oblique_scan(logic, scene, by):
    from QSMLib.scan import sample

    transform, matrix = linear_transform(35, (1, 1, 0)), np.diag((-2.0, -2.0, 2.0, 1.0))
    turn = slicer.util.arrayFromTransformMatrix(transform)
    magnitude, phase, regions = sample.add_spheres(turn @ matrix)
    if by == "transform":
        for node in (*magnitude, *phase):
            node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
            node.SetAndObserveTransformNodeID(transform.GetID())
    assert_spheres_found(sphere_means_ppm(logic, regions, logic.process(magnitude, phase, settings=QUICK)))


def test_turned_by_mistake_the_spheres_are_not_found(logic, spheres):
    magnitude, phase, regions = spheres
    turn = linear_transform(90, (1, 0, 0))
    for node in (*magnitude, *phase, regions):
        node.SetAndObserveTransformNodeID(turn.GetID())
    with pytest.raises(AssertionError):
        assert_spheres_found(sphere_means_ppm(logic, regions, logic.process(magnitude, phase, settings=QUICK)))


def test_mask_from_a_segment_bounds_the_map(logic, spheres):
    magnitude, phase, _ = spheres
    inside = slicer.util.arrayFromVolume(magnitude[0]) > 50
    inside[:, :, :12] = False
    mask = segmentation({"half": inside}, magnitude[0])
    voxels = slicer.util.arrayFromVolume(logic.process(magnitude, phase, maskNode=(mask, "half")))
    assert np.any(voxels)
    assert not voxels[~inside].any()


def test_single_echo(logic, spheres):
    magnitude, phase, regions = spheres
    volume = logic.process(magnitude[1], phase[1], settings=QUICK)
    assert volume.GetAttribute("QSM.EchoTimes") == "0.012"
    assert_spheres_found(sphere_means_ppm(logic, regions, volume))


def test_canceling_half_way_leaves_the_scene_as_it_was(logic, spheres):
    magnitude, phase, regions = spheres
    before = content()

    def cancel(stage, fraction):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        logic.process(magnitude, phase, maskNode=regions, progress=cancel)
    assert content() == before


def test_progress_rises_to_one(logic, spheres):
    fractions = []
    logic.process(*spheres[:2], settings=QUICK, progress=lambda stage, fraction: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_unknown_method_is_refused_with_the_choices(logic, spheres):
    with pytest.raises(QSMError, match="vsharp"):
        logic.process(*spheres[:2], settings={"background": {"method": "magic"}})
