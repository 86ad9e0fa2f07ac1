"""Pictures show the head as radiologists see it, small enough for a thousand of them."""

import io

import numpy as np
from helpers.mapped_head import GEOMETRY, mapped
from PIL import Image

from QSMLogic.cohort.quality.montage import HEIGHT_PX, OUTLINE, View, jpeg, montage, percentile_window


def test_a_montage_is_a_small_jpeg_of_three_planes():
    picture = montage(*mapped(), GEOMETRY)
    assert picture[:3] == b"\xff\xd8\xff" and 3000 < len(picture) < 12000
    width, height = Image.open(io.BytesIO(picture)).size
    assert height == HEIGHT_PX and 250 < width < 420


def test_the_outline_is_that_of_the_mask():
    _, maps = mapped()
    view = View(maps.reliable_mask, maps.susceptibility_ppm, GEOMETRY)
    options = (maps.susceptibility_ppm, 0, view.middle[0], (-0.1, 0.2), 112)
    drawn = (view.plane(*options) == OUTLINE).all(axis=2)
    assert 100 < np.count_nonzero(drawn) < 0.1 * drawn.size
    assert not (view.plane(*options, outline=False) == OUTLINE).all(axis=2).any()


def test_left_is_at_the_right_front_and_head_above():
    """The head of the simulation lies as in LPS, so that i runs to the left, j to the back and k to the top."""
    _, maps = mapped()
    k, j, i = (np.arange(n, dtype=np.float32) for n in maps.mask.shape)
    view = View(maps.reliable_mask, maps.susceptibility_ppm, GEOMETRY)
    ramps = {
        0: (1 + j[:, None] + 0 * i) * np.ones((len(k), 1, 1)),
        1: (1 + k[:, None, None]) * np.ones(maps.mask.shape),
    }
    axial = view.plane(ramps[0].astype(np.float32), 0, view.middle[0], (0, 64), 60, outline=False)[..., 0].astype(int)
    assert (np.diff(axial, axis=0) >= 0).all() and axial[-1, 0] > axial[0, 0] + 50  # the back below
    coronal = view.plane(ramps[1].astype(np.float32), 1, view.middle[1], (0, 64), 60, outline=False)[..., 0].astype(int)
    assert (np.diff(coronal, axis=0) <= 0).all() and coronal[0, 0] > coronal[-1, 0] + 50  # the top above
    left = np.broadcast_to(1 + i, maps.mask.shape).astype(np.float32)
    axial = view.plane(left, 0, view.middle[0], (0, 64), 60, outline=False)[..., 0].astype(int)
    assert (np.diff(axial, axis=1) >= 0).all() and axial[0, -1] > axial[0, 0] + 50


def test_the_axial_slice_goes_through_bright_nuclei():
    _, maps = mapped()
    inside = np.argwhere(maps.reliable_mask)
    low, high = inside[:, 0].min(), inside[:, 0].max()
    at = round(low + 0.5 * (high - low))
    image = np.zeros(maps.mask.shape, np.float32)
    center = inside.mean(axis=0).round().astype(int)
    image[at, center[1] - 4 : center[1] + 4, center[2] - 6 : center[2] + 6] = 0.1
    assert View(maps.reliable_mask, image, GEOMETRY).middle[0] == at


def test_slices_lie_in_the_mask_from_bottom_to_top():
    _, maps = mapped()
    heights = View(maps.reliable_mask, maps.susceptibility_ppm, GEOMETRY).heights(6)
    assert heights == sorted(set(heights)) and all(maps.reliable_mask[at].any() for at in heights)


def test_what_is_no_number_is_black():
    _, maps = mapped()
    view = View(maps.reliable_mask, maps.susceptibility_ppm, GEOMETRY)
    unknown = np.full(maps.mask.shape, np.nan, np.float32)
    assert not view.plane(unknown, 0, view.middle[0], (0, 1), 60, outline=False).any()
    assert percentile_window(np.array([np.nan, 0.0, 5.0])) == (0.0, 4.95)
    assert percentile_window(np.zeros(3)) == (0.0, 1.0)


def test_a_jpeg_keeps_the_colors():
    colors = np.zeros((16, 24, 3), np.uint8)
    colors[:, :8, 0] = colors[:, 8:16, 1] = colors[:, 16:, 2] = 200
    decoded = np.asarray(Image.open(io.BytesIO(jpeg(colors, 95))))
    assert decoded.shape == colors.shape and np.abs(decoded.astype(int) - colors).mean() < 12
