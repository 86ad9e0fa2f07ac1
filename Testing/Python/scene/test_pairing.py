"""Magnitude and phase of one scan are found among the images of the scene, and never put together wrongly."""

import types

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, label_map, linear_transform, sequence, volume


@pytest.fixture
def found(scene):
    """Finds the scans, as {name: [(name of the magnitude, name of the phase), ...]}, best first."""
    from QSMLib.scan.pairing import find_scans

    def find():
        return {scan.name: [tuple(node.GetName() for node in row) for row in scan.rows] for scan in find_scans()}

    return find


def add(*names, **keywords):
    return [volume(name, fill=1, **keywords) for name in names]


def dicom(monkeypatch, tags):
    """Make a database with {UID: {tag: value}} the one of the application."""
    database = types.SimpleNamespace(
        fileForInstance=lambda uid: uid, fileValue=lambda uid, tag: tags.get(uid, {}).get(tag, "")
    )
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    for uid, values in tags.items():
        node = slicer.util.getNode(values["node"])
        node.SetAttribute("DICOM.instanceUIDs", uid)


def echoes_of(name, echoes=(1, 2, 3)):
    return [name.format(echo) for echo in echoes]


@pytest.mark.parametrize(
    ("magnitude", "phase", "name"),
    [
        ("sub-01_echo-{}_part-mag_MEGRE", "sub-01_echo-{}_part-phase_MEGRE", "sub-01_MEGRE"),
        ("sub-01_echo-{}_MEGRE", "sub-01_echo-{}_part-phase_MEGRE", "sub-01_MEGRE"),
        ("gre_5_e{}", "gre_5_e{}_ph", "gre_5"),
        ("Head magnitude echo {}", "Head phase echo {}", "Head"),
        ("mag{}", "ph{}", "mag1"),
        ("gre_mag_{}", "gre_pha_{}", "gre"),
        ("Mag_E0{}", "Phase_E0{}", "Mag_E01"),
        ("swi te{} Mag", "swi te{} Pha", "swi"),
        ("5: gre e{} Mag", "6: gre e{} Pha", "5: gre"),
    ],
)
def test_echoes_are_paired_by_their_names(found, magnitude, phase, name):
    add(*reversed(echoes_of(phase)), *echoes_of(magnitude, (2, 1, 3)))
    assert found() == {name: list(zip(echoes_of(magnitude), echoes_of(phase), strict=True))}


def test_dcm2niix_gives_the_phase_a_series_number_of_its_own(found):
    add(*echoes_of("head_gre_20240131093000_5_e{}"), *echoes_of("head_gre_20240131093000_6_e{}_ph"))
    add(
        *echoes_of("head_gre_20240131093000_9_e{}", (1, 2)),
        *echoes_of("head_gre_20240131093000_10_e{}_ph", (1, 2)),
    )
    assert [len(rows) for rows in found().values()] == [3, 2]
    assert found()["head_gre_20240131093000_9"][1] == (
        "head_gre_20240131093000_9_e2",
        "head_gre_20240131093000_10_e2_ph",
    )


def test_dicom_tells_kind_and_echo_time_where_names_do_not(found, monkeypatch):
    add("5: gre", "5: gre_1", "6: gre", "6: gre_1")
    for node, (time_ms, letter) in zip(
        slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"), [(12, "M"), (4, "M"), (4, "P"), (12, "P")], strict=True
    ):
        node.SetName(node.GetName()[:6])
        node.SetAttribute("DICOM.instanceUIDs", f"{letter}{time_ms}")
    tags = {f"{k}{t}": {"0018,0081": t, "0008,0008": f"ORIGINAL\\PRIMARY\\{k}\\ND"} for k in "MP" for t in ("4", "12")}
    dicom(monkeypatch, {})
    monkeypatch.setattr(slicer.dicomDatabase, "fileValue", lambda uid, tag: tags[uid].get(tag, ""))
    from QSMLib.scan.pairing import find_scans

    [scan] = find_scans()
    assert [tuple(n.GetAttribute("DICOM.instanceUIDs") for n in row) for row in scan.rows] == [
        ("M4", "P4"),
        ("M12", "P12"),
    ]


def test_images_of_two_dicom_studies_are_not_paired(found, monkeypatch):
    add("mag", "phase")
    dicom(monkeypatch, {"1": {"node": "mag", "0020,000D": "1.1"}, "2": {"node": "phase", "0020,000D": "1.2"}})
    assert not found()


def test_echo_times_go_before_numbers_in_names(found):
    for name, time in (("mag_e1", "0.012"), ("mag_e2", "0.004"), ("ph_e1", "0.012"), ("ph_e2", "0.004")):
        add(name, QSM_EchoTimes=time)
    assert list(found().values()) == [[("mag_e2", "ph_e2"), ("mag_e1", "ph_e1")]]


def test_echoes_counted_from_zero(found):
    add("mag_e0", "mag_e1", "ph_e0", "ph_e1")
    assert list(found().values()) == [[("mag_e0", "ph_e0"), ("mag_e1", "ph_e1")]]


def test_missing_echoes_are_left_out(found):
    add("mag_e1", "mag_e2", "mag_e3", "ph_e1", "ph_e3", "ph_e4")
    assert list(found().values()) == [[("mag_e1", "ph_e1"), ("mag_e3", "ph_e3")]]


def test_first_echo_without_a_number(found):
    add("gre", "gre_e2", "gre_ph", "gre_e2_ph")
    assert list(found().values()) == [[("gre", "gre_ph"), ("gre_e2", "gre_e2_ph")]]


@pytest.mark.parametrize(
    "names",
    [
        ("mag", "ph_e1", "ph_e2", "ph_e3"),
        ("mag", "ph_e3"),
        ("mag_e1", "ph_e2"),
        ("mag", "mag", "phase", "phase"),
        ("mag", "mag"),
        ("anna_mag", "berta_phase"),
        ("sub-01_part-mag_MEGRE", "sub-02_part-phase_MEGRE"),
        ("john_1", "john_2_ph"),
        ("control1_mag", "control2_phase"),
        ("T1", "Graphics phantom"),
        ("mag_real", "mag_imaginary"),
        ("gre_mag_phase", "gre_phase_mag"),
    ],
)
def test_what_cannot_be_told_is_not_paired(found, names):
    add(*names)
    assert not found()


def test_single_magnitude_is_paired_with_the_phase_of_its_echo_time(found):
    add("mag", QSM_EchoTimes="0.012")
    for echo, time in enumerate(("0.004", "0.012"), 1):
        add(f"ph_e{echo}", QSM_EchoTimes=time)
    assert list(found().values()) == [[("mag", "ph_e2")]]


def test_more_echoes_come_first_and_then_what_was_loaded_last(found):
    add("old_mag", "old_phase", *echoes_of("many_mag_e{}"), *echoes_of("many_phase_e{}"), "new_mag", "new_phase")
    assert list(found()) == ["many", "new", "old"]


def test_scans_loaded_twice_are_two_scans(found):
    add(
        "a mag",
        "a phase",
        "a mag_1",
        "a phase_1",
        "b mag echo 1",
        "b phase echo 1",
        "b mag echo 1_1",
        "b phase echo 1_1",
    )
    assert set(map(tuple, found().values())) == {
        (("a mag", "a phase"),),
        (("a mag_1", "a phase_1"),),
        (("b mag echo 1", "b phase echo 1"),),
        (("b mag echo 1_1", "b phase echo 1_1"),),
    }


def test_numbers_whose_echo_times_are_equal_are_repetitions(found):
    for name in ("mag1", "mag2", "phase1", "phase2"):
        add(name, QSM_EchoTimes="0.02")
    assert [len(rows) for rows in found().values()] == [1, 1]


@pytest.mark.parametrize("change", ["shape", "spacing", "position", "transform"])
def test_only_images_on_one_grid_are_paired(found, change):
    add("a_mag", "a_phase", "b_mag")
    matrix = np.array(MATRIX)
    matrix[0] += {"spacing": (-0.5, 0, 0, 0), "position": (0, 0, 0, 3)}.get(change, 0)
    [phase] = add("b_phase", matrix=matrix, shape=(6, 8, 9) if change == "shape" else SHAPE)
    if change == "transform":
        phase.SetAndObserveTransformNodeID(linear_transform(10).GetID())
    assert list(found()) == ["a"]


def test_what_is_no_input_is_left_out(found):
    add("a_mag", "a_phase")
    [ours] = add("b_mag", QSM_Version="1")
    [hidden] = add("c_mag")
    hidden.SetHideFromEditors(True)
    label_map(np.ones(SHAPE), "d_mag")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "e_mag")
    add("b_phase", "c_phase", "d_phase", "e_phase")
    assert list(found()) == ["a"]


@pytest.mark.parametrize("browser", [False, True])
def test_sequences_of_equal_length_are_paired_once(found, browser):
    frames = add("x", "y", "z")
    for name, count in (("head_mag", 3), ("head_phase", 3), ("head_phase_short", 2)):
        made = sequence(frames[:count], browser=browser)
        for node in made if browser else [made]:
            node.SetName(name)
    for frame in frames:
        slicer.mrmlScene.RemoveNode(frame)
    from QSMLib.scan.pairing import find_scans

    [scan] = find_scans()
    assert scan.name == "head"
    assert [node.GetName() for node in scan.rows[0]] == ["head_mag", "head_phase"]
    assert {node.IsA("vtkMRMLScalarVolumeNode") for node in scan.rows[0]} == {browser}


def test_sequences_of_other_length_are_not_paired(found):
    frames = add("x", "y", "z")
    for name, count in (("head_mag", 3), ("head_phase", 2)):
        sequence(frames[:count]).SetName(name)
    assert not found()


def test_volumes_with_a_component_per_echo_are_paired(found):
    for name in ("mag", "phase"):
        volume(name, (*SHAPE, 3), kind="vtkMRMLVectorVolumeNode")
    assert list(found().values()) == [[("mag", "phase")]]


def test_own_attribute_tells_the_kind(found):
    add("first", "first", QSM_EchoTimes="0.01")
    first, second = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    first.SetAttribute("QSM.ImageKind", "phase")
    second.SetAttribute("QSM.ImageKind", "magnitude")
    from QSMLib.scan.pairing import find_scans

    assert find_scans()[0].rows == ((second, first),)


def with_values(name, low, high):
    node = volume(name)
    voxels = slicer.util.arrayFromVolume(node)
    voxels[:] = low + (high - low) * voxels
    voxels.flat[:2] = low, high
    return node


@pytest.mark.parametrize("half", [np.pi, 4096, 180, 2048])
def test_values_tell_where_names_do_not_and_two_images_remain(found, half):
    with_values("IM_0001", -half, half)
    with_values("IM_0002", 0, 1000)
    assert list(found().values()) == [[("IM_0002", "IM_0001")]]


@pytest.mark.parametrize(
    "ranges",
    [
        [(-np.pi, np.pi), (-1, 1000)],
        [(0, 4095), (0, 1000)],
        [(-50, 400), (0, 1000)],
        [(-np.pi, np.pi), (-np.pi, np.pi)],
        [(-np.pi, np.pi), (0, 1000), (0, 900)],
        [(np.nan, np.nan), (0, 1000)],
    ],
)
def test_values_that_do_not_tell_are_not_guessed_from(found, ranges):
    for number, (low, high) in enumerate(ranges):
        with_values(f"IM_{number}", low, high)
    assert not found()


def test_values_do_not_overrule_names(found):
    with_values("T1_mag", 0, 1000)
    with_values("gre_phase", -np.pi, np.pi)
    assert not found()


def in_folder(nodes, folder, suffix=""):
    """Let the nodes be loaded from files of their names, less the suffix that Slicer has given some."""
    for node in nodes:
        storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(f"{folder}/{node.GetName().removesuffix(suffix)}.nii.gz")
        node.SetAndObserveStorageNodeID(storage.GetID())


def test_names_that_are_only_written_in_another_way_are_of_two_scans(found):
    add(*echoes_of("Head magnitude echo {}", range(1, 6)), *echoes_of("Head phase echo {}", range(1, 6)))
    add(*echoes_of("head_mag_e{}"), *echoes_of("head_phase_e{}"))
    assert {name: len(rows) for name, rows in found().items()} == {"Head": 5, "head": 3}
    assert found()["head"][2] == ("head_mag_e3", "head_phase_e3")


def test_images_of_two_folders_are_not_mixed(found):
    """Slicer has numbered the names that were there, so that those that were not seem to go with the scan before."""
    in_folder(add("mag_e1", "mag_e2", "ph_e1", "ph_e2"), "/first")
    in_folder(add("mag_e1_1", "mag_e2_1", "mag_e3", "ph_e1_1", "ph_e2_1", "ph_e3"), "/second", "_1")
    assert list(found().values()) == [
        [("mag_e1_1", "ph_e1_1"), ("mag_e2_1", "ph_e2_1"), ("mag_e3", "ph_e3")],
        [("mag_e1", "ph_e1"), ("mag_e2", "ph_e2")],
    ]


def test_files_loaded_twice_are_two_scans(found):
    for suffix in ("", "_1"):
        in_folder(add(f"mag_e1{suffix}", f"mag_e2{suffix}", f"ph_e1{suffix}", f"ph_e2{suffix}"), "/one", suffix)
    assert sorted(map(len, found().values())) == [2, 2]
    assert [("mag_e1_1", "ph_e1_1"), ("mag_e2_1", "ph_e2_1")] in found().values()


def test_each_echo_may_lie_in_a_folder_of_its_own(found):
    for echo in (1, 2, 3):
        in_folder(add(f"mag_e{echo}", f"ph_e{echo}"), f"/echo{echo}")
    assert [len(rows) for rows in found().values()] == [3]


def test_folders_of_magnitude_and_phase_that_are_loaded_twice_are_two_scans(found):
    for suffix in ("", "_1"):
        for kind in ("mag", "ph"):
            in_folder(add(*(f"{kind}_e{echo}{suffix}" for echo in (1, 2))), f"/{kind}{suffix}", suffix)
    assert sorted(map(len, found().values())) == [2, 2]


@pytest.mark.parametrize("folders", [("/one", "/one"), ("/one", "/two")])
def test_single_echoes_of_the_same_names_are_two_scans(found, folders):
    for folder, suffix in zip(folders, ("", "_1"), strict=True):
        in_folder(add(f"mag{suffix}", f"ph{suffix}"), folder, suffix)
    assert set(map(tuple, found().values())) == {(("mag", "ph"),), (("mag_1", "ph_1"),)}


def test_4d_scans_of_the_same_names_are_two_scans(found):
    for suffix in ("", "_1"):
        for kind in ("mag", "phase"):
            in_folder([volume(f"{kind}{suffix}", (*SHAPE, 3), kind="vtkMRMLVectorVolumeNode")], "/x", suffix)
    assert set(map(tuple, found().values())) == {(("mag", "phase"),), (("mag_1", "phase_1"),)}


def test_scan_of_which_one_image_has_no_file_stays_whole(found):
    in_folder(add("mag_e1", "mag_e3", "ph_e1", "ph_e2", "ph_e3"), "/a")
    add("mag_e2")
    assert [len(rows) for rows in found().values()] == [3]


def test_magnitude_and_phase_may_lie_in_two_folders(found):
    in_folder(add(*echoes_of("mag_e{}")), "/magnitude")
    in_folder(add(*echoes_of("ph_e{}")), "/phase")
    assert [len(rows) for rows in found().values()] == [3]


def test_echo_that_is_there_twice_leaves_no_part_of_a_scan(found):
    add("mag_e1", "mag_e2", "mag_e3", "ph_e1", "ph_e2", "ph_e3", "mag_e2")
    assert not found()
