"""Maps of the scene are measured in regions of the scene, wherever both lie."""

import csv
import json

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, content, label_map, linear_transform, segmentation, warp
from helpers.region_nodes import CSF, LEFT, REGIONS, RIGHT, add_map, column, texts

from QSMLogic import QSMError


@pytest.fixture
def ppm(scene):
    return np.random.default_rng(1).normal(0.02, 0.05, SHAPE).astype(np.float32)


@pytest.fixture
def qsm(ppm):
    return add_map(ppm, "map", "ppm")


@pytest.fixture
def drawn(qsm):
    return segmentation(REGIONS, qsm)


def test_maps_keep_their_units_and_only_susceptibility_is_referenced(logic, qsm, drawn, ppm):
    rate = add_map(30 + 100 * ppm, "R2star", "1/s")
    table = logic.regionTable(drawn, [qsm, rate], unit="ppb", reference="CSF")
    assert texts(table, "unit") == ["ppb"] * 3 + ["1/s"] * 3
    means = column(table, "mean")
    expected = [1000 * (float(ppm[r].mean()) - float(ppm[CSF].mean())) for r in REGIONS.values()]
    assert means[:3] == pytest.approx(expected, abs=1e-3)
    assert means[3:] == pytest.approx([30 + 100 * ppm[r].mean() for r in REGIONS.values()], rel=1e-5)
    sems = [ppm[r].std(ddof=1) / np.sqrt(r.sum()) for r in (LEFT, CSF)]
    assert column(table, "sem")[0] == pytest.approx(1000 * np.hypot(*sems), rel=1e-5)
    assert texts(table, "relative_to") == ["CSF"] * 3 + [""] * 3


def test_overlapping_and_hidden_segments_count_all_their_voxels(logic, qsm, drawn, ppm):
    assert (LEFT & RIGHT).any()
    drawn.GetDisplayNode().SetSegmentVisibility("id_caudate_l", False)
    table = logic.regionTable(drawn, qsm)
    assert column(table, "voxels") == [r.sum() for r in REGIONS.values()]
    assert column(table, "median_ppm") == pytest.approx([np.median(ppm[r]) for r in REGIONS.values()], abs=1e-6)


@pytest.mark.parametrize("edges", ["nearest", "weights"])
@pytest.mark.parametrize("moved", ["transform", "origin"])
def test_each_map_is_measured_where_it_lies(logic, qsm, drawn, ppm, moved, edges):
    """The second map has the voxels of the first, two voxels further along i; a third one lies where the first does."""
    shift_mm = (2 * MATRIX[0, 0], 0, 0)
    if moved == "transform":
        other = add_map(ppm, "moved", "ppm")
        other.SetAndObserveTransformNodeID(linear_transform(shift_mm=shift_mm).GetID())
    else:
        matrix = np.array(MATRIX)
        matrix[:3, 3] += shift_mm
        other = add_map(ppm, "moved", "ppm", matrix)
    same = add_map(ppm, "same", "ppm")
    table = logic.regionTable(drawn, [qsm, other, same], edges=edges)
    means, rights = column(table, "mean_ppm"), np.roll(RIGHT, -2, axis=2)
    assert not (RIGHT[:, :, :2]).any()
    assert means[1] == pytest.approx(ppm[RIGHT].mean(), abs=1e-5)
    assert means[4] == pytest.approx(ppm[rights].mean(), abs=1e-5)
    assert means[:3] == pytest.approx(means[6:], abs=1e-7)


def oblique(spacing, degrees, center, shape):
    """IJKToRAS of a turned grid whose middle lies at a point."""
    a = np.deg2rad(degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn = turn @ [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    matrix = np.eye(4)
    matrix[:3, :3] = turn * spacing
    matrix[:3, 3] = center - matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return matrix


def positions(matrix, shape):
    k, j, i = np.indices(shape)
    return np.einsum("ra,akji->rkji", matrix[:3, :3], np.stack((i, j, k))) + matrix[:3, 3][:, None, None, None]


@pytest.mark.parametrize("edges", ["nearest", "half", "weights"])
def test_sphere_on_another_oblique_grid_under_other_transforms(logic, scene, edges):
    """The map is 0.001 ppm per mm along the world's x: the mean in a ball is that of its middle."""
    center, radius = np.array([3.0, -4.0, 5.0]), 7.0
    own = linear_transform(25, (0, 1, 0), shift_mm=(4, 0, -3))
    shape = (22, 26, 24)
    matrix = oblique((1.5, 1.5, 2.0), 20, center + [0.4, -0.3, 0.6], shape)
    to_world = slicer.util.arrayFromTransformMatrix(own)
    in_world = np.linalg.inv(to_world)
    voxels = positions(matrix, shape)[0] * 0.001
    node = add_map(voxels.astype(np.float32), "ramp", "ppm", in_world @ matrix)
    node.SetAndObserveTransformNodeID(own.GetID())
    other = linear_transform(-15, (1, 0, 0), shift_mm=(0, 2, 1))
    fine = (26, 26, 26)
    grid = oblique((0.75, 0.75, 0.75), -35, center, fine)
    ball = np.linalg.norm(positions(grid, fine) - center[:, None, None, None], axis=0) < radius
    local = np.linalg.inv(slicer.util.arrayFromTransformMatrix(other)) @ grid
    labels = label_map(ball, matrix=local)
    labels.SetAndObserveTransformNodeID(other.GetID())
    table = logic.regionTable(labels, node, edges=edges)
    assert column(table, "mean_ppm")[0] == pytest.approx(0.003, abs=0.0001)
    volume = ball.sum() * 0.75**3
    assert column(table, "volume_mm3")[0] == pytest.approx(volume, rel={"weights": 0.004}.get(edges, 0.04))
    drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    drawn.SetAndObserveTransformNodeID(other.GetID())
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, drawn)
    again = logic.regionTable(drawn, node, edges=edges)
    assert column(again, "mean_ppm") == pytest.approx(column(table, "mean_ppm"), abs=1e-5)
    assert column(again, "voxels") == pytest.approx(column(table, "voxels"), rel=2e-3)


def test_weights_are_the_covered_shares(logic, scene):
    coarse = np.zeros((4, 4, 4), np.float32)
    coarse[:, :, 2] = 0.3
    node = add_map(coarse, "map", "ppm", np.diag((2.0, 2, 2, 1)))
    fine = np.diag((1.0, 1, 1, 1))
    fine[:3, 3] = -0.5
    block = np.zeros((8, 8, 8), bool)
    block[2:4, 2:4, 2:5] = True  # one whole voxel of the map, and half of the next along i
    table = logic.regionTable(label_map(block, matrix=fine), node, edges="weights")
    assert column(table, "voxels")[0] == pytest.approx(1.5)
    assert column(table, "mean_ppm")[0] == pytest.approx(0.5 * 0.3 / 1.5)


def test_segmentation_under_a_warp_is_measured_and_a_label_map_refused(logic, qsm, drawn):
    bent = warp()
    drawn.SetAndObserveTransformNodeID(bent.GetID())
    assert sum(column(logic.regionTable(drawn, qsm), "voxels")) > 50
    labels = label_map(LEFT)
    labels.SetAndObserveTransformNodeID(bent.GetID())
    with pytest.raises(QSMError, match=r"under a nonlinear transform.*harden"):
        logic.regionTable(labels, qsm)


def test_region_partly_outside_is_told(logic, qsm):
    shifted = MATRIX.copy()
    shifted[:3, 3] = MATRIX[:3, :3] @ (-3, 0, 0)
    table = logic.regionTable(label_map(LEFT, matrix=shifted), qsm)
    assert column(table, "voxels") == [LEFT.sum() / 2]
    assert "50 % outside the image" in texts(table, "note")[0]


def test_voxels_outside_the_reconstruction_are_excluded_and_counted(logic, qsm, drawn):
    slicer.util.arrayFromVolume(qsm)[2] = 0
    qsm.SetAttribute("QSM.Version", "1")
    assert column(logic.regionTable(drawn, qsm), "excluded_voxels")[:2] == [LEFT[2].sum(), RIGHT[2].sum()]
    mask = np.ones(SHAPE)
    mask[:, 1] = 0
    qsm.SetNodeReferenceID("QSM.ReliableMask", label_map(mask).GetID())
    table = logic.regionTable(drawn, qsm)
    assert column(table, "excluded_voxels")[0] == LEFT[:, 1].sum()
    assert "12 voxels outside the mask" in texts(table, "note")[0]


def test_erosion_leaves_the_rim_out(logic, qsm, ppm):
    block = np.zeros(SHAPE, bool)
    block[1:5, 1:7, 1:9] = True
    table = logic.regionTable(label_map(block), qsm, erosionMm=1.0)
    inner = np.zeros(SHAPE, bool)
    inner[1:5, 1:7, 2:8] = True  # voxels are 1 mm along i, 1.5 mm along j and 2 mm along k
    assert column(table, "voxels") == [inner.sum()]
    assert column(table, "mean_ppm") == pytest.approx([ppm[inner].mean()], abs=1e-6)


def test_left_and_right_are_compared_in_a_table_of_their_own(logic, qsm, drawn, ppm):
    table = logic.regionTable(drawn, qsm, leftRight=True)
    compared = table.GetNodeReference("QSM.Asymmetry")
    assert texts(compared, "pair") == ["caudate"]
    assert column(compared, "difference_ppm") == pytest.approx([ppm[LEFT].mean() - ppm[RIGHT].mean()], abs=1e-6)
    logic.regionTable(drawn, qsm, table, leftRight=True)
    assert table.GetNodeReference("QSM.Asymmetry") is compared


def test_maps_are_named_by_what_they_show(logic, qsm, drawn, ppm):
    field = add_map(ppm, "scan 7 local field", "ppm")
    magnitude = add_map(np.abs(ppm), "scan 7 magnitude", "")
    for node, shown in ((qsm, "QSM"), (field, "Local field")):
        node.SetAttribute("QSM.Map", shown)
    table = logic.regionTable(drawn, [qsm, field, magnitude])
    assert list(dict.fromkeys(texts(table, "map"))) == ["susceptibility", "local field", "magnitude"]
    assert list(dict.fromkeys(texts(table, "unit"))) == ["ppm", "a.u."]
    twice = logic.regionTable(drawn, [qsm, add_map(ppm, "map 2", "ppm")])
    assert list(dict.fromkeys(texts(twice, "map"))) == ["susceptibility", "map 2"]


def same_names(qsm):
    node = segmentation(REGIONS, qsm)
    node.GetSegmentation().GetSegment("id_CSF").SetName("caudate_l")
    return node


BAD = {
    "map without unit": (lambda d, m: (d, add_map(np.ones(SHAPE, np.float32), "bare", "")), {}, "bare has no unit"),
    "names that collide": (lambda d, m: (same_names(m), m), {}, "Two regions are called 'caudate_l'"),
    "no maps": (lambda d, m: (d, []), {}, "no map to measure"),
    "missing reference": (lambda d, m: (d, m), {"reference": "pons"}, "no region 'pons'"),
    "unknown unit": (lambda d, m: (d, m), {"unit": "T"}, "ppm or ppb"),
    "unknown edges": (lambda d, m: (d, m), {"edges": "round"}, "not by 'round'"),
    "negative erosion": (lambda d, m: (d, m), {"erosionMm": -1}, "distance in mm"),
    "empty label map": (lambda d, m: (label_map(np.zeros(SHAPE)), m), {}, "empty"),
    "no pairs": (lambda d, m: (label_map(LEFT), m), {"leftRight": True}, "left and right"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_changes_nothing(logic, qsm, drawn, case):
    make, options, reason = BAD[case]
    arguments = make(drawn, qsm)
    table = logic.regionTable(drawn, qsm)
    before = content()
    with pytest.raises(QSMError, match=reason):
        logic.regionTable(*arguments, table, **options)
    assert content() == before


def test_tables_are_saved_with_units(logic, qsm, drawn, tmp_path):
    table = logic.regionTable(drawn, qsm, unit="ppb")
    logic.saveRegions(table, tmp_path / "roi.csv")
    with open(tmp_path / "roi.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean_ppb"]) for row in rows] == pytest.approx(column(table, "mean_ppb"))
    logic.saveRegions(table, tmp_path / "roi.tsv")
    told = json.loads((tmp_path / "roi.json").read_text(encoding="utf-8"))
    assert told["mean_ppb"]["Units"] == "ppb"
    with pytest.raises(QSMError, match="must end in"):
        logic.saveRegions(table, tmp_path / "roi.docx")


def test_saved_scene_keeps_what_a_table_was_measured_on(logic, qsm, drawn, tmp_path):
    from QSMLib.regions.measure import recalled
    from QSMLib.regions.tables import read_table

    table = logic.regionTable(drawn, qsm, reference="CSF", erosionMm=0.5)
    before, again = read_table(table), recalled(table)
    assert (again.regions, again.maps, again.reference, again.erosion_mm) == (drawn, (qsm,), "CSF", 0.5)
    assert [row["mean"] for row in before.rows] == column(table, "mean_ppm")
    slicer.mrmlScene.RemoveNode(drawn)
    with pytest.raises(QSMError, match="left the scene"):
        recalled(table)


def test_report_tells_everything_on_one_page(logic, qsm, drawn, tmp_path):
    table = logic.regionTable(drawn, qsm, reference="CSF", erosionMm=0.5)
    (path,) = logic.saveRegions(table, tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    for told in (*REGIONS, "relative to the mean of CSF", "0.5 mm", "data:image/png", drawn.GetName()):
        assert told in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
