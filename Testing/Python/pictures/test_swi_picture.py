"""The picture of a microbleed and a calcification in the demo's folder, here a block with one of each."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from standin.slice_view import can_draw
from standin.swi_pictures import LESIONS, SIDE, lesions, make_picture

SHAPE = (20, 24, 28)
NAMES = {"1": "Microbleed", "2": "Calcification"}
AT = {
    "Microbleed": (slice(12, 15), slice(6, 9), slice(6, 9)),
    "Calcification": (slice(4, 7), slice(15, 18), slice(18, 21)),
}


def _labels():
    labels = np.zeros(SHAPE, np.uint8)
    for number, name in NAMES.items():
        labels[AT[name]] = int(number)
    labels[1, 1, 1] = 1  # a smaller one
    return labels


def _image(array):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((4.0, 4.0, 5.0))
    return image


def test_the_largest_lesion_is_found_and_encircled():
    found = lesions(_image(_labels()), NAMES, np.ones(SHAPE, bool))
    assert found["Microbleed"][0] == [7, 7, 13] and found["Calcification"][0] == [19, 16, 5]
    for name, (_, circle) in found.items():
        assert circle[AT[name]].all() and circle[:, :, 0].sum() == 0


@pytest.mark.skipif(not can_draw(), reason="this machine cannot draw off the screen (EGL or its driver is missing)")
def test_both_are_dark_in_swi_and_the_susceptibility_tells_them_apart(tmp_path):
    scan, truth = tmp_path / "sub-demo" / "anat", tmp_path / "truth"
    scan.mkdir(parents=True), truth.mkdir()
    labels, inside = _labels(), np.pad(np.ones(np.subtract(SHAPE, 4), np.uint8), 2)
    susceptibility = np.select([labels == 1, labels == 2], (0.5, -0.5), 0.05) * inside
    contents = {
        scan / "sub-demo_echo-1_part-mag_MEGRE.nii.gz": np.where(labels > 0, 20, 100) * inside.astype(float),
        scan / "sub-demo_echo-1_part-phase_MEGRE.nii.gz": 0.01 * np.indices(SHAPE)[2],
        tmp_path / "mask.nii.gz": inside,
        tmp_path / "reliable_mask.nii.gz": inside,
        tmp_path / "local_field_ppm.nii.gz": 0.1 * susceptibility,
        tmp_path / "susceptibility_ppm.nii.gz": susceptibility,
        truth / "labels.nii.gz": labels,
    }
    for path, array in contents.items():
        sitk.WriteImage(_image(array if array.dtype == np.uint8 else array.astype(np.float32)), str(path))
        if "sub-demo" in path.name:
            facts = {"EchoTime": 0.02, "MagneticFieldStrength": 3}
            path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(facts))
    (truth / "labels.json").write_text(json.dumps(NAMES))
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(make_picture(tmp_path)))).astype(int)
    rows, columns = len(LESIONS), 3
    assert picture.shape[0] == rows * SIDE and picture.shape[1] > columns * SIDE
    levels = [
        [_in_circle(picture[row * SIDE : (row + 1) * SIDE, n * SIDE : (n + 1) * SIDE]) for n in range(columns)]
        for row in range(rows)
    ]
    (*dark, bright), (*dark_too, darkest) = levels
    assert max(*dark, *dark_too, darkest) < 60 and bright > 200


def _in_circle(picture):
    """The median gray level inside the colored outline."""
    found = np.argwhere(np.ptp(picture, axis=-1) > 80)
    row, column = found.mean(0).astype(int)
    return np.median(picture[row - 3 : row + 4, column - 3 : column + 4])
