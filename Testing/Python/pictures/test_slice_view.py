"""Slice pictures show what they should, where it should be: a small block whose right anterior part is magnetic."""

import numpy as np
import pytest
import SimpleITK as sitk
from standin.bootstrap import bootstrap
from standin.demo_pictures import deep_gray, fullest_voxel, make_pictures
from standin.layers import add_cold_hot, add_outlines, add_volume, show
from standin.slice_view import SliceView, add_legend, can_draw, show_layers

WINDOW_PPM = (-0.1, 0.2)
ROWS, COLUMNS, MARGIN = 200, 160, 100
SPACING_MM = (4.0, 4.0, 5.0)
# DICOM's axes point to the left and the back, so that low indices are right and anterior
ROI = (slice(10, 20), slice(4, 12), slice(4, 10))


@pytest.fixture(scope="module", autouse=True)
def _drawing():
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen (EGL or its driver is missing)")


def image(array):
    found = sitk.GetImageFromArray(array)
    found.SetSpacing(SPACING_MM)
    return found


def block(value):
    array = np.zeros((30, 40, 32), np.float32)
    array[ROI] = value
    return array


CENTER_RAS = (-15.5 * 4, -19.5 * 4, 14.5 * 5)


def axial(overlay=True, outlines=False, legend=False):
    """The axial picture through the middle, rows x columns x 3."""
    application = bootstrap()
    view = SliceView(application, "Axial", (COLUMNS, ROWS), MARGIN)
    gray = add_volume(image(block(0) + 100), "Grey")
    colored = add_volume(image(block(0.15)), "Colored")
    show(gray, (0, 200))
    show(colored, WINDOW_PPM, add_cold_hot(WINDOW_PPM))
    show_layers([view], gray, colored if overlay else None)
    if outlines:
        add_outlines(application, block(1), image(block(1)))
    if legend:
        add_legend(colored, [view], "QSM [ppm]")
    view.look_at(CENTER_RAS, COLUMNS * 0.8, ROWS * 0.8)
    return view.picture()


def pixel(i, j):
    """Row and column of the picture for a voxel of the middle slice: 0.8 mm a pixel, 4 mm a voxel."""
    return ROWS // 2 + round((j - 19.5) * 5), COLUMNS // 2 + round((i - 15.5) * 5)


def colored(picture):
    return np.ptp(picture.astype(int), axis=-1) > 40


def test_overlay_is_colored_in_the_region_and_clear_elsewhere():
    picture = axial()
    assert picture.shape == (ROWS, COLUMNS + MARGIN, 3)
    red, green, blue = picture[pixel(6, 7)].astype(int)
    assert red > 200 and red > green > blue
    slice_part = picture[:, :COLUMNS]
    rows, columns = np.nonzero(colored(slice_part))
    low, high = pixel(4, 4), pixel(9, 11)
    assert np.allclose((rows.min(), columns.min()), low, atol=4)
    assert np.allclose((rows.max(), columns.max()), high, atol=4)
    assert np.allclose(picture[pixel(25, 30)], 127, atol=2)


def test_right_is_left_and_anterior_is_up():
    rows, columns = np.nonzero(colored(axial()[:, :COLUMNS]))
    assert rows.mean() < ROWS / 2
    assert columns.mean() < COLUMNS / 2


def test_image_fills_the_slice_part_and_leaves_the_margin_dark():
    picture = axial(overlay=False)
    assert (picture[5:-5, 5 : COLUMNS - 5] > 100).all()
    assert not picture[:, COLUMNS + 2 :].any()


def test_legend_is_in_the_margin_only():
    difference = axial(legend=True).astype(int) - axial()
    _, columns = np.nonzero(np.abs(difference).sum(-1))
    assert columns.size and columns.min() >= COLUMNS
    assert colored(axial(legend=True)[:, COLUMNS:]).sum() > 500


def test_outlines_are_thin_lines_without_fill():
    difference = np.abs(axial(overlay=False, outlines=True).astype(int) - axial(overlay=False)).sum(-1)
    rows, columns = np.nonzero(difference > 60)
    assert np.ptp(rows) == pytest.approx(40, abs=6) and np.ptp(columns) == pytest.approx(30, abs=6)
    assert difference[pixel(6, 7)] == 0
    assert rows.size < 3 * 2 * (40 + 30)


def test_slices_go_where_most_nuclei_are():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[2:5, 3:5, 1:4], labels[4, 4:7, 3:6] = 1, 2
    labels[:, :, 8] = 3
    nuclei = deep_gray(labels, {"1": "Caudate", "2": "Putamen", "3": "White matter"})
    assert set(np.unique(nuclei)) == {0, 1, 2}
    assert fullest_voxel(nuclei) == [3, 4, 4]


def test_demo_pictures_are_written(tmp_path):
    scan = tmp_path / "sub-demo" / "anat"
    scan.mkdir(parents=True)
    (tmp_path / "truth").mkdir()
    inside = np.pad(np.ones((26, 36, 28), np.uint8), 2)
    contents = {
        scan / "sub-demo_echo-1_part-mag_MEGRE.nii.gz": block(0) + 100,
        tmp_path / "susceptibility_ppm.nii.gz": block(0.15),
        tmp_path / "mask.nii.gz": inside,
        tmp_path / "truth" / "mask.nii.gz": inside,
        tmp_path / "truth" / "labels.nii.gz": block(1).astype(np.uint8),
    }
    for path, array in contents.items():
        sitk.WriteImage(image(array), str(path))
    (tmp_path / "truth" / "labels.json").write_text('{"0": "Air", "1": "Pallidum"}')
    paths = make_pictures(tmp_path)
    assert [path.name for path in paths[-2:]] == ["susceptibility_sagittal.png", "overview.png"]
    assert len(paths) == 7
    overview = sitk.GetArrayFromImage(sitk.ReadImage(str(paths[-1])))
    upper, lower = np.split(overview, 2)
    assert colored(upper[:, : overview.shape[1] // 2]).any()
    assert not colored(lower).any()
