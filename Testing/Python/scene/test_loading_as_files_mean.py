"""The panel loads what the command line reads, and refuses what it refuses, whatever Slicer's readers make of it."""

import gzip
import json

import numpy as np
import pytest
import slicer
from helpers.image_files import frames
from helpers.nodes import content
from helpers.raw_headers import (
    BITPIX,
    PIXDIM,
    QFORM_CODE,
    SPACING,
    SROW,
    UNITS,
    VOXELS,
    metaimage,
    nifti,
    nifti2,
    nrrd,
)

from QSMLogic import QSMError
from QSMLogic.files.images import read_image


@pytest.fixture
def loading(scene):
    from QSMLib.scan import loading

    return loading


def put(path, content):
    path.write_bytes(content)
    return path


def assert_as_read(node, path):
    image, geometry = read_image(path)
    volumes, images = (frames(node), image) if image.ndim == 4 else ([node], [image])
    for volume, expected in zip(volumes, images, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), expected)
        matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
        volume.GetIJKToRASMatrix(matrix)
        lps = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
        expected = np.column_stack([np.diag((-1, -1, 1)) @ lps, np.multiply(geometry.origin, (-1, -1, 1))])
        np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(matrix)[:3], expected, atol=1e-5)


TWO = np.stack([VOXELS, VOXELS + 1])
MICRONS = [
    (PIXDIM + 4, "3f", 1e3, 1.5e3, 2e3),
    (UNITS, "B", 3),
    (SROW, "12f", 1e3, 0, 0, 0, 0, 1.5e3, 0, 0, 0, 0, 2e3, 0),
]
FILES = {
    "gzipped.nii": gzip.compress(nifti()),
    "plain.nii.gz": nifti(),
    "second.nii": nifti2(),
    "second4.nii.gz": gzip.compress(nifti2(TWO)),
    "five.nii": nifti(TWO, sizes=(8, 7, 6, 1, 2)),
    "five1.nii.gz": gzip.compress(nifti(sizes=(8, 7, 6, 1, 1))),
    "sheared.nii": nifti(patches=[(QFORM_CODE, "h", 0), (SROW + 4, "f", 1.5e-3)]),
    "microns.nii": nifti(patches=MICRONS),
    "um.nrrd": nrrd(space_directions="(1000,0,0) (0,1500,0) (0,0,2000)", space_units='"um" "um" "um"'),
    "nrrd.nii": nrrd(),
    "channels.mha": metaimage(np.moveaxis(TWO, 0, -1).tobytes(), ElementNumberOfChannels=2),
}


@pytest.mark.parametrize("name", FILES)
def test_loaded_as_read(loading, tmp_path, name):
    path = put(tmp_path / name, FILES[name])
    [node] = loading.load_files([path])
    assert node.GetName() == name.split(".")[0]
    assert_as_read(node, path)


@pytest.mark.parametrize("voxels", [VOXELS, TWO])
def test_file_is_not_taken_for_another_of_its_name(loading, tmp_path, voxels):
    other = put(tmp_path / "x.nii", nifti(voxels + 5))
    path = put(tmp_path / "x.nii.gz", gzip.compress(nifti(voxels)))
    for node, file in zip(loading.load_files([path, other]), (path, other), strict=True):
        assert_as_read(node, file)


REFUSED = {
    "spacing.nii": (nifti(patches=[(PIXDIM + 12, "f", 0.0)]), "voxel spacing of 0 mm along k"),
    "bits.nii": (nifti(patches=[(BITPIX, "h", 0)]), "0 bits"),
    "header.nii": (nifti()[:348], "holds less"),
    "contradiction.nii": (nifti(patches=[(SROW + 40, "f", 3.0)]), "contradicts itself"),
    "negative.mha": (metaimage(NDims=-3), "NDims is '-3'"),
    "elsewhere.mha": (metaimage(b"", ElementDataFile="/etc/hostname"), "another folder"),
    "short.nrrd": (nrrd()[:-2], "holds less"),
    "dicom.nii": (b"\0" * 128 + b"DICM" + b"\0" * 999, "Load files"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_on_the_command_line(loading, tmp_path, name):
    written, reason = REFUSED[name]
    before = content()
    with pytest.raises(QSMError, match=reason):
        loading.load_files([put(tmp_path / name, written)])
    assert content() == before


def test_doubts_stay_with_the_node(loading, tmp_path):
    [node] = loading.load_files([put(tmp_path / "x.nii", nifti(patches=[(QFORM_CODE, "2h", 0, 0)]))])
    [check] = json.loads(node.GetAttribute("QSM.Checks"))
    assert (check["name"], check["verdict"]) == ("b0_direction", "doubtful")
    assert node.GetSpacing() == SPACING
