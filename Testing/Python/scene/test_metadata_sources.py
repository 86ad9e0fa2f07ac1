"""What is known of the images, and where from it is known."""

import types

import pytest
import slicer
from helpers.nodes import SHAPE, sequence, volume

from QSMLogic import QSMError


@pytest.fixture
def metadata(scene):
    from QSMLib.scan import metadata

    return metadata


@pytest.fixture
def database(monkeypatch):
    """Tags of the images in a DICOM database, {(UID, tag): value}."""
    tags = {}
    fake = types.SimpleNamespace(fileForInstance=lambda uid: uid, fileValue=lambda file, tag: tags.get((file, tag), ""))
    monkeypatch.setattr(slicer, "dicomDatabase", fake, raising=False)
    return tags


def series(nodes, kind="magnitude"):
    from QSMLib.scan.inputs import read_series

    return read_series(nodes, kind)


def in_database(name="image", uid="1.1"):
    return volume(name, fill=1, DICOM_instanceUIDs=f"{uid} 9.9")


def times_of(metadata, nodes):
    found = metadata.find_echo_times(series(nodes), series([volume("other", fill=1)]))
    return found and (pytest.approx(found.value), found.source)


def test_nothing_is_found_where_nothing_is_known(metadata):
    magnitude, phase = series(volume("m")), series(volume("p"))
    assert metadata.find_echo_times(magnitude, phase) is None
    assert metadata.find_field_strength(magnitude, phase) is None
    for find in (metadata.echo_times_s, metadata.field_strength_t):
        with pytest.raises(QSMError, match="not known"):
            find(magnitude, phase)


def test_sources_of_echo_times(metadata, database):
    frames = [volume(name, fill=1) for name in "ab"]
    imported = sequence(frames)
    imported.SetAttribute("MultiVolume.FrameIdentifyingDICOMTagName", "EchoTime")
    imported.SetAttribute("MultiVolume.FrameLabels", "4,12")
    database.update({("1.1", "0018,0081"): "4", ("1.2", "0018,0081"): "12"})
    times = (0.004, 0.012)
    for nodes, source in (
        ([volume(t, fill=1, QSM_EchoTimes=t) for t in ("0.004", "0.012")], "node attribute QSM.EchoTimes"),
        (volume("s", (*SHAPE, 2), kind="vtkMRMLVectorVolumeNode", QSM_EchoTimes="0.004 0.012"), "node attribute QSM"),
        (sequence(frames, "EchoTime", "ms", (4, 12)), "the index of the sequence"),
        (imported, "DICOM import (MultiVolume.FrameLabels)"),
        ([in_database(uid=uid) for uid in ("1.1", "1.2")], "DICOM database (0018,0081)"),
    ):
        found = metadata.find_echo_times(series(nodes), series(volume("other", fill=1)))
        assert found.value == pytest.approx(times)
        assert found.source.startswith(source)


def test_what_a_loader_has_put_names_its_own_source(metadata):
    node = volume("m", QSM_EchoTimes="0.004", QSM_FieldStrength="3", QSM_MetadataSource="JSON sidecar")
    magnitude, phase = series(node), series(volume("p"))
    assert metadata.find_echo_times(phase, magnitude) == metadata.Found((0.004,), "JSON sidecar")
    assert metadata.find_field_strength(phase, magnitude) == metadata.Found(3, "JSON sidecar")


def test_phase_is_asked_where_the_magnitude_does_not_know(metadata):
    magnitude, phase = series(volume("m")), series(volume("p", QSM_EchoTimes="0.02"))
    assert metadata.find_echo_times(magnitude, phase).value == (0.02,)


def test_one_echo_time_of_what_shows_a_sequence_is_not_all(metadata, database):
    database["1.1", "0018,0081"] = "4"
    _, proxy = sequence([volume(name, fill=1) for name in "ab"], "EchoTime", "ms", (4, 12), browser=True)
    proxy.SetAttribute("DICOM.instanceUIDs", "1.1 1.2")
    assert metadata.find_echo_times(series(proxy), series(proxy)).source == "the index of the sequence"


@pytest.mark.parametrize(
    ("tags", "strength", "source"),
    [
        ({"0018,0087": "3", "0018,0084": "123.2"}, 2.8936, "DICOM database (0018,0084)"),
        ({"0018,0087": "3", "0018,0084": ""}, 3, "DICOM database (0018,0087)"),
        ({"0018,0084": "298.042"}, 7, "DICOM database (0018,0084)"),
        ({"0018,0087": "", "0018,0084": "63.866"}, 1.5, "DICOM database (0018,0084)"),
    ],
)
def test_field_strength_in_the_dicom_database(metadata, database, tags, strength, source):
    database.update({("1.1", tag): value for tag, value in tags.items()})
    found = metadata.find_field_strength(series(in_database()), series(volume("p", fill=1)))
    assert found.value == pytest.approx(strength, rel=1e-3)
    assert found.source == source


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sub-01_echo-1_part-mag_MEGRE", "magnitude"),
        ("sub-01_echo-1_part-phase_MEGRE", "phase"),
        ("sub-01_part-real_MEGRE", "real"),
        ("sub-01_part-imag_MEGRE", "imaginary"),
        ("sub-phase_part-mag_MEGRE", "magnitude"),
        ("gre_5_e1_ph", "phase"),
        ("mag_phase_gre_5_e1_ph", "phase"),
        ("gre_5_real", "real"),
        ("gre_5_e2_imaginary", "imaginary"),
        ("gre_5_e1_ph_1", "phase"),
        ("5: t2_swi_tra_Pha", "phase"),
        ("5: t2_swi_tra_Mag", "magnitude"),
        ("Phase_echo_3", "phase"),
        ("Magnitude echo 2", "magnitude"),
        ("mag1", "magnitude"),
        ("ph2.nii.gz", "phase"),
        ("magEcho1", "magnitude"),
        ("a 1.5 mm/phase", "phase"),
        ("Graphics", None),
        ("phantom", None),
        ("phased array", None),
        ("image", None),
        ("T1_MPRAGE", None),
        ("magnitude and phase", None),
    ],
)
def test_kind_of_image_in_the_name(metadata, name, kind):
    assert metadata.image_kind(volume(name)) == kind


@pytest.mark.parametrize(
    ("tag", "value", "kind"),
    [
        ("0008,0008", "ORIGINAL\\PRIMARY\\M\\ND", "magnitude"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\P\\ND", "phase"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE", "magnitude"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", "phase"),
        ("0008,0008", "DERIVED\\PRIMARY\\MAGNITUDE\\NONE", "magnitude"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\REAL\\NONE", "real"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\I", "imaginary"),
        ("0008,9208", "PHASE", "phase"),
        ("0008,9208", "MIXED", None),
        ("0043,102F", "0", "magnitude"),
        ("0043,102F", "1", "phase"),
        ("0043,102F", "3", "imaginary"),
        ("0008,0008", "ORIGINAL\\PRIMARY\\OTHER", None),
    ],
)
def test_kind_of_image_in_the_dicom_database(metadata, database, tag, value, kind):
    database["1.1", tag] = value
    assert metadata.image_kind(in_database()) == kind


def test_order_of_what_tells_the_kind(metadata, database):
    database["1.1", "0008,0008"] = "ORIGINAL\\PRIMARY\\P"
    node = in_database("magnitude")
    assert metadata.image_kind(node) == "phase"
    node.SetAttribute("QSM.ImageKind", "real")
    assert metadata.image_kind(node) == "real"


def test_sequence_and_what_shows_it_are_of_one_kind(metadata):
    node, proxy = sequence([volume("a"), volume("b")], browser=True)
    node.SetName("gre")
    proxy.SetName("gre_ph")
    assert [metadata.image_kind(n) for n in (node, proxy)] == ["phase", "phase"]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("sub-01_echo-2_part-mag_MEGRE", 2),
        ("gre_5_e2_ph", 2),
        ("gre echo 2", 2),
        ("E02 magnitude", 2),
        ("magEcho2", 2),
        ("Phase_echo_10", 10),
        ("swi TE2", 2),
        ("te20_e3", 3),
        ("echo 2_1", 2),
        ("file2", None),
        ("GRE 2", None),
        ("mag 2", None),
        ("echo 12.5 ms", None),
        ("gre_e4.92_ph", 492),
    ],
)
def test_number_of_the_echo_in_the_name(metadata, name, number):
    assert metadata.echo_number(volume(name)) == number


def test_number_of_the_echo_in_the_dicom_database(metadata, database):
    database["1.1", "0018,0086"] = "3"
    assert metadata.echo_number(in_database()) == 3


def test_field_strengths_that_contradict_each_other(metadata):
    one, other = volume("m", fill=1), volume("p", fill=1)
    one.SetAttribute(metadata.FIELD_STRENGTH, "3")
    other.SetAttribute(metadata.FIELD_STRENGTH, "2.89")
    assert metadata.find_field_strength(series(one), series(other)).value == 3
    other.SetAttribute(metadata.FIELD_STRENGTH, "1.5")
    with pytest.raises(QSMError, match="3 T according to m, but 1.5 T according to p"):
        metadata.find_field_strength(series(one), series(other))


def test_broken_dicom_number_is_named(metadata, database):
    database["1.1", "0018,0087"] = "three"
    with pytest.raises(QSMError, match="DICOM tag 0018,0087 of image should hold numbers"):
        metadata.find_field_strength(series(in_database()), series(volume("p")))
