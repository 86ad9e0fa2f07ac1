"""The simulated head comes into the scene the right way up, ready to be mapped."""

import json
import sys
import types
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import slicer
from helpers.simulated import head_scan

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A folder with a simulated scan as a worker process leaves it."""
    from QSMLogic.pipeline import job_files, worker

    folder = tmp_path_factory.mktemp("head")
    job_files.write_simulation(folder, voxel_mm=3.0)
    worker.work(folder, lambda stage, fraction: None)
    return folder


@pytest.fixture
def sample(scene):
    from QSMLib.scan import sample

    return sample


@pytest.fixture
def head(sample, simulated):
    return sample.add_scan(simulated)


def ras_mm(volume, where):
    """The mean position of voxels in the world."""
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    kji = np.mean(np.argwhere(where), axis=0)
    return (slicer.util.arrayFromVTKMatrix(matrix) @ (*kji[::-1], 1))[:3]


def segment(segmentation, name, reference):
    names = segmentation.GetSegmentation()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, names.GetSegmentIdBySegmentName(name), reference)


def test_images_and_their_metadata(head, simulated):
    magnitude, phase, _ = head
    facts = json.loads((simulated / "labels.json").read_text())
    for nodes, kind in ((magnitude, "magnitude"), (phase, "phase")):
        stored = np.load(simulated / f"{kind}.npy")
        assert len(nodes) == len(stored) == len(facts["echo_times_s"])
        for node, image, time in zip(nodes, stored, facts["echo_times_s"], strict=True):
            np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), image)
            assert float(node.GetAttribute("QSM.EchoTimes")) == time
            assert node.GetAttribute("QSM.FieldStrength") == "3"
            assert node.GetAttribute("QSM.ImageKind") == kind
            assert node.GetSpacing() == pytest.approx((3, 3, 3))
    assert magnitude[0].GetName() == "Simulated head magnitude echo 1"


def test_head_lies_the_right_way_round(head):
    (image, *_), _, regions = head
    everywhere = np.ones(slicer.util.arrayFromVolume(image).shape)
    assert ras_mm(image, everywhere) == pytest.approx((0, 0, 0), abs=1e-6)
    caudate, dentate = (ras_mm(image, segment(regions, name, image)) for name in ("Caudate", "Dentate nucleus"))
    assert abs(caudate[0]) < 2  # a pair, left and right alike
    assert caudate[1] > dentate[1] + 50  # in front
    assert caudate[2] > dentate[2] + 30  # and above
    bleeds = segment(regions, "Microbleed", image) > 0
    bleeds[:, bleeds.shape[1] // 2 :] = False
    assert ras_mm(image, bleeds)[0] < -10  # the one in front is on the left


def test_windows_show_the_images(head):
    magnitude, phase, _ = head
    low, high = (
        magnitude[0].GetDisplayNode().GetWindowLevelMin(),
        magnitude[0].GetDisplayNode().GetWindowLevelMax(),
    )
    image = slicer.util.arrayFromVolume(magnitude[0])
    assert low == 0
    assert np.mean(image > high) < 0.01
    assert high < 1.5 * np.percentile(image, 99)
    assert {node.GetDisplayNode().GetWindowLevelMax() for node in magnitude} == {high}
    assert not phase[0].GetDisplayNode().GetAutoWindowLevel()
    assert phase[0].GetDisplayNode().GetWindowLevelMin() == pytest.approx(-4096)


def test_regions_are_named_and_do_not_cover_the_images(head, simulated):
    magnitude, _, regions = head
    segmentation, display = regions.GetSegmentation(), regions.GetDisplayNode()
    segments = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
    names = [s.GetName() for s in segments]
    assert {"Caudate", "Pallidum", "Dentate nucleus", "White matter", "Veins"} <= set(names)
    assert not {"Air", "Bone", "Fat", "Muscle"} & set(names)
    assert len({s.GetColor() for s in segments}) == len(segments)
    labels, stored = np.load(simulated / "labels.npy"), json.loads((simulated / "labels.json").read_text())["names"]
    for label, name in stored.items():
        if name in names:
            np.testing.assert_array_equal(segment(regions, name, magnitude[0]) > 0, labels == int(label))
    assert not display.GetVisibility2DFill()
    ids = segmentation.GetSegmentIDs()
    shown = {segmentation.GetSegment(id_).GetName() for id_ in ids if display.GetSegmentVisibility(id_)}
    assert "Pallidum" in shown
    assert not shown & {"White matter", "Gray matter", "Cerebrospinal fluid"}


def test_all_lies_in_one_folder(head):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    nodes = [*head[0], *head[1], head[2]]
    folders = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in nodes}
    assert [hierarchy.GetItemName(folder) for folder in folders] == ["Simulated head"]
    assert not slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")


def test_head_is_found_as_a_scan(head):
    from QSMLib.scan.pairing import find_scans

    [scan] = find_scans()
    assert scan.name == "Simulated head"
    assert scan.rows == tuple(zip(head[0], head[1], strict=True))


def test_two_heads_are_two_scans(head, sample, simulated):
    from QSMLib.scan.pairing import find_scans

    again = sample.add_scan(simulated)
    newest, oldest = find_scans()
    assert newest.rows == tuple(zip(again[0], again[1], strict=True))
    assert oldest.rows == tuple(zip(head[0], head[1], strict=True))


def test_phase_in_radians_gets_its_window(sample, simulated, tmp_path):
    for file in simulated.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    phase = np.load(simulated / "phase.npy") * np.float32(np.pi / 4096)
    np.save(tmp_path / "phase.npy", phase.astype(np.float32))
    _, nodes, _ = sample.add_scan(tmp_path)
    assert nodes[0].GetDisplayNode().GetWindowLevelMin() == pytest.approx(-np.pi, abs=1e-3)


def test_head_is_simulated_in_this_process(sample):
    stages = []
    magnitude, _, _ = sample.add_head(6.0, lambda stage, fraction: stages.append(stage))
    assert magnitude[0].GetSpacing() == pytest.approx((6, 6, 6))
    assert stages


@pytest.mark.parametrize("categories", [False, True])
def test_sample_data_offers_the_head_once(sample, monkeypatch, categories):
    titles, sources = {}, {}

    class Logic:
        @staticmethod
        def registerCustomSampleDataSource(category, **values):
            assert values["uris"] is not None
            sources.setdefault(category, []).append(types.SimpleNamespace(**values))

    if categories:
        Logic.registerCustomSampleDataCategory = staticmethod(lambda category, title: titles.update({category: title}))
    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=Logic))
    monkeypatch.setattr(slicer.modules, "sampleDataSources", sources, raising=False)
    shown = []
    sample.register_sample_data(shown.append)
    sample.register_sample_data(shown.append)
    [source] = sources["QSM"]
    assert source.sampleName == "QSMSimulatedHead"
    assert Path(source.thumbnailFileName).read_bytes().startswith(b"\x89PNG")
    assert bool(titles) == categories
    monkeypatch.setattr(sample, "add_head", lambda: sample.add_spheres())
    monkeypatch.setattr(slicer.util, "WaitCursor", nullcontext)
    nodes = source.customDownloader(source)
    assert len(nodes) == 7
    assert shown == nodes[:1]


def test_thumbnail_is_what_its_script_draws(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "Resources"), *sys.path])
    from draw_thumbnail import thumbnail

    image = thumbnail(head_scan((104, 128, 112), 1.5))
    assert (image.shape, image.dtype) == ((256, 256), np.uint8)
    tiles = [half for row in np.split(image, 2) for half in np.split(row, 2, axis=1)]
    assert all(tile.std() > 30 for tile in tiles)
    assert np.abs(tiles[0].astype(int) - tiles[3]).mean() > 10
