"""Velocity fields lead to displacements that do not fold, and back again; contrasts are predicted; doubts are noted."""

import numpy as np
import pytest

from QSMLogic.atlas import Template
from QSMLogic.atlas.confidence import confidence, small_labels
from QSMLogic.atlas.contrast import flattened, translated
from QSMLogic.atlas.velocity import displacement_of, exponential, jacobian, points, pulled, unfolded
from QSMLogic.atlas.warp import Channel, padded, velocity_between
from QSMLogic.files.images import Geometry
from QSMLogic.numerics.lazy import ndimage

SHAPE = (32, 32, 32)


def smooth(seed, shape=SHAPE, sigma=3.0):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)
    return (image / image.std()).astype(np.float32)


def ball(center, radius):
    k, j, i = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    r = np.sqrt((k - center[0]) ** 2 + (j - center[1]) ** 2 + (i - center[2]) ** 2)
    return np.clip((radius - r) / 2 + 0.5, 0, 1).astype(np.float32)


def test_the_inverse_of_a_displacement_is_that_of_the_opposite_velocity():
    velocity = np.stack([smooth(n, points(SHAPE)) for n in range(3)])
    forth, back = exponential(velocity), exponential(-velocity)
    round_trip = forth + np.stack([pulled(part, forth) for part in back])
    inner = (slice(None), *(slice(4, -4),) * 3)
    assert np.abs(round_trip[inner]).max() < 0.1 < np.abs(forth[inner]).max()


def test_large_velocities_do_not_fold():
    velocity = 3 * np.stack([smooth(n, points(SHAPE), 2.0) for n in range(3)])
    inside = np.ones(SHAPE, bool)
    assert jacobian(2 * velocity).min() < 0
    smoother, change = unfolded(velocity, SHAPE, inside, 0.02)
    assert change.min() > 0.02
    smoother, change = unfolded(velocity, SHAPE, inside, 0.99)  # more than there are tries for
    np.testing.assert_array_equal(change, jacobian(displacement_of(smoother, SHAPE)))


def test_jacobian_of_a_scaling_is_its_volume():
    axes = np.indices((8, 8, 8), dtype=np.float32)
    np.testing.assert_allclose(jacobian(0.1 * axes), 1.1**3, rtol=1e-5)


def test_a_ball_is_brought_onto_another():
    fixed, moving = ball((17, 15, 14), 9), ball((14, 16, 17), 7)
    told = []
    everything = tuple(slice(0, n) for n in points(SHAPE))
    velocity = velocity_between([Channel(fixed, moving)], np.ones(SHAPE, bool), everything, told.append)
    brought = pulled(moving, displacement_of(velocity, SHAPE))
    assert np.abs(brought - fixed).mean() < 0.1 * np.abs(moving - fixed).mean()
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_one_contrast_predicts_another():
    source = np.clip(smooth(1) / 6 + 0.5, 0, 1)
    target = 100 - 80 * np.square(source)
    predicted, share = translated(target, (source, np.zeros_like(source)), np.ones(SHAPE, bool))
    assert share > 0.95 and np.abs(predicted - target).mean() < 1.5
    assert translated(smooth(2), (source, source), np.ones(SHAPE, bool))[1] < 0.1


def test_sensitivity_of_the_coils_is_taken_off():
    inside = np.ones(SHAPE, bool)
    ramp = np.linspace(1, 3, SHAPE[1]).reshape(1, -1, 1)
    flat = flattened(np.broadcast_to(ramp, SHAPE), inside, (3.0, 3.0, 3.0))
    assert flat.std() / flat.mean() < 0.5 * ramp.std() / ramp.mean()


def test_only_the_surroundings_of_nuclei_are_refined():
    labels = np.zeros((64, 64, 64), np.uint8)
    labels[:50], labels[30:34, 30:34, 30:34] = 1, 2
    assert small_labels(labels, 1.5) == (slice(11, 21),) * 3
    labels[labels == 2] = 1
    assert small_labels(labels, 1.5) == (slice(0, 32),) * 3


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda labels: labels, ""),
        (lambda labels: np.zeros_like(labels), "not found"),
        (lambda labels: np.where(np.arange(32) < 11, labels, 0), "0.3 times the atlas' volume"),
        (lambda labels: np.where(np.arange(32) < 10, labels, 0), "only 2 voxels across"),
    ],
)
def test_doubts_are_noted(change, note):
    labels = np.zeros(SHAPE, np.uint16)
    labels[8:18, 8:18, 8:18] = 3
    geometry, still = Geometry(SHAPE), np.zeros((3, *points(SHAPE)), np.float32)
    template = Template(labels.astype(np.float32), labels, geometry, {3: "Nucleus"})
    found = confidence(
        change(labels).astype(np.uint16), template, labels > 0, geometry, padded(labels), (still, still), 1.0
    )["Nucleus"]
    assert found["agreement"] == 1
    assert found["note"] == note if not note else note in found["note"]


def test_a_warp_that_does_not_come_back_is_uncertain():
    labels = np.zeros(SHAPE, np.uint16)
    labels[8:18, 8:18, 8:18] = 3
    geometry, still = Geometry(SHAPE), np.zeros((3, *points(SHAPE)), np.float32)
    template = Template(labels.astype(np.float32), labels, geometry, {3: "Nucleus"})
    facts = confidence(labels, template, labels > 0, geometry, labels, (still, still + 2), 1.0)["Nucleus"]
    assert facts["agreement"] < 0.5
    assert "uncertain outline" in facts["note"]
