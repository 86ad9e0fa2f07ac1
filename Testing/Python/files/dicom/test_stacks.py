"""Frames are stacked along the normal of their slices, and what is no regular stack is refused in a sentence."""

from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.files.dicom.frame import Frame, Plane
from QSMLogic.files.dicom.stacks import geometry_of, stacked

AXES = np.reshape((0.96, -0.28, 0.0, 0.2688, 0.9216, 0.28, -0.0784, -0.2688, 0.96), (3, 3))  # columns: i, j, k


def frames(heights, volumes=1, axes=AXES, aside=0.0):
    """Frames at `heights` along the normal; aside: by how much each is shifted along i from the one before."""
    plane = Plane((6, 5), (1.0, 1.5), tuple(axes.T[:2].ravel()), 2.0)
    normal = np.cross(*axes.T[:2])
    made = []
    for n, height in enumerate(heights):
        position = tuple(np.array((10.0, -20.0, 0.0)) + height * normal + n * aside * axes[:, 0])
        for v in range(volumes):
            what = None, "phase", frozenset(), (5.0, 1)
            made.append(Frame(f"{n}-{v}", *what, plane, position, (v,), "", "", 1.0, 0.0, True, None, False))
    return [made[n] for n in np.random.default_rng(0).permutation(len(made))]


def names(stack):
    return [frame.file.split("-")[0] for frame in stack]


def refused(heights, match, **options):
    with pytest.raises(QSMError, match=match) as error:
        stacked(frames(heights, **options), "phase of echo 2")
    assert "phase of echo 2" in str(error.value)


def test_frames_are_in_order_of_place_and_time():
    volumes = stacked(frames(np.arange(7) * 2.0, volumes=3), "phase")
    assert [names(stack) for stack in volumes] == [list("0123456")] * 3
    assert [{frame.order for frame in stack} for stack in volumes] == [{(0,)}, {(1,)}, {(2,)}]


@pytest.mark.parametrize("axes", [AXES, AXES[:, [1, 0, 2]], np.diag((1.0, -1.0, -1.0))])
def test_axes_are_right_handed(axes):
    (stack,) = stacked(frames(np.arange(4) * 2.5, axes=axes), "phase")
    geometry = geometry_of(stack)
    direction = np.reshape(geometry.direction, (3, 3))
    np.testing.assert_allclose(direction[:, :2], axes[:, :2], atol=1e-9)
    assert np.linalg.det(direction) == pytest.approx(1)
    assert geometry.spacing == pytest.approx((1.0, 1.5, 2.5)) and geometry.size == (6, 5, 4)
    assert geometry.origin == stack[0].position


def test_axes_that_are_rounded_become_perpendicular():
    (stack,) = stacked(frames(np.arange(4) * 2.0, axes=np.round(AXES, 4) + 4e-5), "phase")
    direction = np.reshape(geometry_of(stack).direction, (3, 3))
    np.testing.assert_allclose(direction.T @ direction, np.eye(3), atol=1e-12)


def test_rounded_positions_pass():
    heights = np.arange(60) * 0.8 + np.random.default_rng(1).uniform(-0.005, 0.005, 60)
    (stack,) = stacked(frames(heights), "phase")
    assert geometry_of(stack).spacing[2] == pytest.approx(0.8, rel=1e-3)


def test_missing_slices_are_named():
    refused([0, 2, 4, 8, 10, 14], r"lacks 2 of 8 slices: number 4, 7, counted along the stack")


def test_uneven_slices():
    refused([0, 2, 4, 6.7, 8.7, 10], r"spaced unevenly, by 1.3 to 2.7 mm")


def test_slices_that_drift():
    refused(np.cumsum(np.linspace(1.9, 2.1, 20)), "spaced unevenly")


def test_tilted_gantry():
    refused(np.arange(5) * 2.0, "shifted against each other, by 14 degrees", aside=0.5)


def test_slices_beside_each_other():
    made = frames(np.arange(6) * 2.0)
    made[3] = replace(made[3], position=tuple(np.array(made[3].position) + 3 * AXES[:, 0]))
    with pytest.raises(QSMError, match="several stacks are mixed|shifted"):
        stacked(made, "phase")


def test_images_that_are_missing_at_a_point_in_time():
    made = [frame for frame in frames(np.arange(5) * 2.0, volumes=3) if frame.file != "2-1"]
    with pytest.raises(QSMError, match="has 3 images at most positions, but 2 at slice 3"):
        stacked(made, "phase")


def test_single_slice():
    refused([0.0], "single slice", volumes=4)


def test_spacing_is_a_decimal_number_as_positions_are():
    heights = [round(-33.3 + 3 * n, 1) for n in range(9)]
    assert (heights[-1] - heights[0]) / 8 != 3
    assert geometry_of(stacked(frames(heights, axes=np.eye(3)), "phase")[0]).spacing == (1.0, 1.5, 3.0)
