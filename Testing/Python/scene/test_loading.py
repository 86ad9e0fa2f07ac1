"""Image files arrive in the scene as they are, with what their sidecars say, or not at all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from helpers.image_files import frames, voxels, write
from helpers.nodes import SHAPE, content
from standin.vtk_messages import vtk_messages

from QSMLogic import QSMError
from QSMLogic.files.images import read_image

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def loading(scene):
    from QSMLib.scan import loading

    return loading


def assert_same(volume, image, geometry):
    """The volume has the values and lies where the file says."""
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), image)
    lps = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    matrix = slicer.util.arrayFromVTKMatrix(ijk_to_ras(volume))
    np.testing.assert_allclose(matrix[:3, :3], np.diag((-1, -1, 1)) @ lps, atol=1e-6)
    np.testing.assert_allclose(matrix[:3, 3], np.multiply(geometry.origin, (-1, -1, 1)), atol=1e-5)


def ijk_to_ras(volume):
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    return matrix


@pytest.mark.parametrize("ending", ["nii.gz", "nii", "nrrd", "mha"])
def test_volume(loading, tmp_path, ending):
    path = write(tmp_path / f"gre_ph.{ending}", voxels(*SHAPE))
    [node] = loading.load_files([str(path)])
    assert node.GetClassName() == "vtkMRMLScalarVolumeNode"
    assert node.GetName() == "gre_ph"
    assert_same(node, *read_image(path))
    assert loading.file_of(node) == path


@pytest.mark.parametrize("ending", ["nii.gz", "nii", "nrrd", "mha"])
def test_file_of_several_volumes_becomes_a_sequence(loading, tmp_path, ending):
    path = write(tmp_path / f"gre.{ending}", voxels(7, *SHAPE), {"EchoTime": [n / 1000 for n in range(4, 11)]})
    [node] = loading.load_files([path])
    assert node.GetClassName() == "vtkMRMLScalarVolumeNode"
    images, geometry = read_image(path)
    for frame, image in zip(frames(node), images, strict=True):
        assert_same(frame, image, geometry)
    from QSMLib.scan.sequences import sequence_of

    sequence = sequence_of(node)
    assert (sequence.GetIndexName(), sequence.GetIndexUnit()) == ("EchoTime", "ms")
    assert [float(sequence.GetNthIndexValue(n)) for n in range(7)] == pytest.approx(range(4, 11))
    assert loading.file_of(node) == (None if ending == "mha" else path)


@pytest.mark.parametrize("ending", ["nii", "nrrd", "mha"])
def test_components_are_echoes(loading, tmp_path, ending):
    path = write(tmp_path / f"gre.{ending}", voxels(*SHAPE, 4), vector=True)
    [node] = loading.load_files([path])
    from QSMLib.scan.inputs import read_series

    np.testing.assert_array_equal([echo.image for echo in read_series(node, "phase").echoes], read_image(path)[0])


def test_sequences_loaded_together_move_together(loading, tmp_path):
    times = {"EchoTime": [0.004, 0.012]}
    nodes = loading.load_files([write(tmp_path / f"{k}.nii", voxels(2, *SHAPE), times) for k in ("mag", "phase")])
    browsers = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    assert len(browsers) == 1
    browsers[0].SetSelectedItemNumber(1)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browsers[0])
    for node in nodes:
        shown = slicer.util.arrayFromVolume(node)
        np.testing.assert_array_equal(shown, slicer.util.arrayFromVolume(frames(node)[1]))


def test_sequence_without_echo_times_runs_over_the_echo_number(loading, tmp_path):
    [node] = loading.load_files([write(tmp_path / "bold.nii", voxels(3, *SHAPE), {"EchoTime": 0.03})])
    from QSMLib.scan.inputs import read_series
    from QSMLib.scan.metadata import find_echo_times
    from QSMLib.scan.sequences import sequence_of

    assert sequence_of(node).GetIndexName() == "Echo"
    assert find_echo_times(read_series(node, "magnitude"), read_series(node, "phase")) is None


@pytest.mark.parametrize("shape", [SHAPE, (3, *SHAPE)])
def test_voxels_that_are_not_numbers_stay_so(loading, tmp_path, shape):
    array = voxels(*shape)
    array[..., 2, 3, 4] = np.nan
    [node] = loading.load_files([write(tmp_path / "phase.nii.gz", array)])
    loaded = frames(node) if len(shape) == 4 else [node]
    np.testing.assert_array_equal(
        [slicer.util.arrayFromVolume(v) for v in loaded], array if len(shape) == 4 else [array]
    )
    assert loading.file_of(node)


def test_scaled_integers_are_loaded_as_they_are_meant(loading, tmp_path):
    path = write(tmp_path / "phase.nii", np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE))
    header = bytearray(path.read_bytes())
    header[112:120] = np.array([0.5, -3], "<f4").tobytes()
    path.write_bytes(header)
    [node] = loading.load_files([path])
    np.testing.assert_allclose(slicer.util.arrayFromVolume(node), read_image(path)[0])
    assert slicer.util.arrayFromVolume(node).min() == -3


def test_sidecar_becomes_attributes(loading, tmp_path):
    record = {"EchoTime": 0.0049, "ImagingFrequency": 123.25, "ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}
    [node] = loading.load_files([write(tmp_path / "gre_e1.nii.gz", voxels(*SHAPE), record)])
    assert node.GetAttribute("QSM.EchoTimes") == "0.0049"
    assert float(node.GetAttribute("QSM.FieldStrength")) == pytest.approx(123.25 / 42.577478518)
    assert node.GetAttribute("QSM.MetadataSource") == "JSON sidecar"
    assert node.GetAttribute("QSM.ImageKind") == "phase"


@pytest.mark.parametrize("image_type", ["ORIGINAL\\PRIMARY\\M\\ND", ["ORIGINAL", "PRIMARY", "M", "ND"]])
def test_empty_fields_of_a_sidecar_are_skipped(loading, tmp_path, image_type):
    record = {"EchoTime": None, "MagneticFieldStrength": None, "ImagingFrequency": 298.04, "ImageType": image_type}
    [node] = loading.load_files([write(tmp_path / "gre.nii.gz", voxels(*SHAPE), record)])
    assert node.GetAttribute("QSM.EchoTimes") is None
    assert float(node.GetAttribute("QSM.FieldStrength")) == pytest.approx(7, rel=1e-3)
    assert node.GetAttribute("QSM.ImageKind") == "magnitude"


def test_without_sidecar_nothing_is_claimed(loading, tmp_path):
    [node] = loading.load_files([write(tmp_path / "gre.nii", voxels(*SHAPE))])
    assert not [name for name in node.GetAttributeNames() if name.startswith("QSM.")]


def broken(tmp_path, how):
    """A path that cannot be loaded."""
    path = write(tmp_path / "bad.nii", voxels(*SHAPE))
    if how == "cut short":
        path.write_bytes(path.read_bytes()[:-100])
    if how == "missing":
        path.unlink()
    if how == "no image":
        path = tmp_path / "bad.nrrd"
        path.write_text("NRRD0004\n# nothing")
    if how == "DICOM":
        path = tmp_path / "bad.dcm"
        path.write_bytes(b"DICM")
    if how == "complex":
        write(path, voxels(*SHAPE).astype(np.complex64))
    if how == "sidecar":
        write(path, voxels(*SHAPE), {"EchoTime": "soon"})
    if how == "no JSON":
        path.with_suffix(".json").write_text("{")
    if how == "empty folder":
        path = tmp_path / "bad"
        path.mkdir()
    return path


BROKEN = {
    "cut short": "damaged or incomplete",
    "missing": "There is no file",
    "no image": "cannot be read",
    "DICOM": "module DICOM",
    "complex": "is complex",
    "sidecar": "must be a number",
    "no JSON": "not valid JSON",
    "empty folder": "has no .nii.*module DICOM",
}


@pytest.mark.parametrize("how", BROKEN)
def test_one_bad_file_and_nothing_is_loaded(loading, tmp_path, how):
    good = [write(tmp_path / "a.nii", voxels(*SHAPE)), write(tmp_path / "b.nii", voxels(2, *SHAPE))]
    loading.load_files(good[:1])
    before = content()
    with pytest.raises(QSMError, match=f"bad.*{BROKEN[how]}|{BROKEN[how]}.*bad"):
        loading.load_paths([*good, broken(tmp_path, how)])
    assert content() == before
    vtk_messages.clear()  # a reader of Slicer's tells of what it cannot read, too


def test_volumes_that_were_changed_have_no_file(loading, tmp_path):
    paths = [write(tmp_path / "3d.nii", voxels(*SHAPE)), write(tmp_path / "4d.nii", voxels(2, *SHAPE))]
    single, several = loading.load_files(paths)
    single.SetName("other")
    single.GetDisplayNode().SetWindowLevelMinMax(0, 1)
    assert [loading.file_of(node) for node in (single, several)] == paths
    for node, volume in ((single, single), (several, frames(several)[1])):
        slicer.util.arrayFromVolume(volume)[0] = 7
        slicer.util.arrayFromVolumeModified(volume)
        assert loading.file_of(node) is None


def test_sequence_that_lost_a_volume_has_no_file(loading, tmp_path):
    [node] = loading.load_files([write(tmp_path / "4d.nii", voxels(3, *SHAPE))])
    from QSMLib.scan.sequences import sequence_of

    sequence_of(node).RemoveDataNodeAtValue("2")
    assert loading.file_of(node) is None


def test_moved_and_vanished_files_are_not_named(loading, tmp_path):
    moved, vanished = loading.load_files([write(tmp_path / f"{name}.nii", voxels(*SHAPE)) for name in "ab"])
    moved.SetOrigin(1, 2, 3)
    (tmp_path / "b.nii").unlink()
    assert loading.file_of(moved) is None
    assert loading.file_of(vanished) is None


def test_nodes_without_a_file(loading):
    assert loading.file_of(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")) is None
    assert loading.file_of(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")) is None


def test_loading_needs_neither_scipy_nor_simpleitk(tmp_path):
    paths = [str(write(tmp_path / "a.nii.gz", voxels(*SHAPE))), str(write(tmp_path / "b.nrrd", voxels(2, *SHAPE)))]
    code = (
        "import sys; sys.path[:0] = ['Testing', 'QSM']; from standin.bootstrap import bootstrap; bootstrap();"
        f"from QSMLib.scan import loading, pairing, sample; loading.load_files({paths!r}); pairing.find_scans();"
        "print([m for m in ('scipy', 'SimpleITK') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
