"""Demons bring one image onto another, by two contrasts too; folds are smoothed away; doubts on labels are noted."""

import numpy as np
import pytest

from QSMLogic.atlas import Template
from QSMLogic.atlas.confidence import confidence
from QSMLogic.atlas.contrast import flattened, predicted
from QSMLogic.atlas.itk import image_of
from QSMLogic.atlas.unfold import LEAST, unfolded
from QSMLogic.atlas.warp import PYRAMID, QUICK, demons
from QSMLogic.files.images import Geometry
from QSMLogic.numerics.lazy import ndimage, sitk

SHAPE = (32, 32, 32)
PLACE = Geometry(SHAPE, (1.5, 1.5, 1.5))
EVERYWHERE = np.ones(SHAPE, bool)


def smooth(seed, shape=SHAPE, sigma=3.0):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)
    return (image / image.std()).astype(np.float32)


def ball(center, radius):
    k, j, i = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    r = np.sqrt((k - center[0]) ** 2 + (j - center[1]) ** 2 + (i - center[2]) ** 2)
    return np.clip((radius - r) / 2 + 0.5, 0, 1).astype(np.float32)


def image(array):
    return image_of(array, PLACE)


def brought(field, array):
    transform = sitk.DisplacementFieldTransform(sitk.Image(field))
    return sitk.GetArrayFromImage(sitk.Resample(image(array), image(array), transform, sitk.sitkLinear, 0.0))


def field_of(vectors):
    field = sitk.GetImageFromArray(vectors.astype(np.float64), isVector=True)
    field.CopyInformation(image(EVERYWHERE))
    return field


@pytest.mark.parametrize("pyramid", [PYRAMID, QUICK])
def test_a_ball_is_brought_onto_another(pyramid):
    fixed, moving, told = ball((17, 15, 14), 9), ball((14, 16, 17), 7), []
    field = demons(image(fixed), image(moving), image(EVERYWHERE), told.append, pyramid=pyramid)
    assert np.abs(brought(field, moving) - fixed).mean() < 0.1 * np.abs(moving - fixed).mean()
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_what_only_the_second_pair_shows_is_brought_along():
    """A small ball beside the large one, dark on one second image and bright on the other."""
    fixed, moving = ball((11, 10, 10), 7), ball((12, 10, 10), 7)
    here, there = ball((24, 22, 23), 4), ball((23, 22, 24), 4)
    images = image(fixed), image(moving), image(EVERYWHERE)
    second = image(0.8 - 0.6 * here), image(0.2 + 0.5 * there)
    alone, both = (brought(demons(*images, lambda done: None, pair), there) for pair in (None, second))
    assert np.abs(both - here).mean() < 0.5 * np.abs(alone - here).mean()


def test_folds_are_smoothed_away_and_the_rest_is_kept():
    folding = field_of(6 * np.stack([smooth(seed, sigma=2.0) for seed in range(3)], axis=-1))
    folding = sitk.Mask(folding, image(ball((16, 16, 16), 8) > 0))
    before = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(folding))
    field, jacobian = unfolded(folding, image(EVERYWHERE))
    after = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    assert before.min() < -1
    assert jacobian.min() == after.min() >= LEAST


def test_a_field_without_folds_stays_as_it_is():
    vectors = 0.1 * np.moveaxis(np.indices(SHAPE), 0, -1)[..., ::-1] * 1.5
    field, jacobian = unfolded(field_of(vectors), image(EVERYWHERE))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(field), vectors)
    inner = jacobian.reshape(SHAPE)[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(inner, 1.1**3, rtol=1e-5)


def test_folds_outside_the_mask_do_not_matter():
    folding = field_of(6 * np.stack([smooth(seed, sigma=2.0) for seed in range(3)], axis=-1))
    mask = np.zeros(SHAPE, bool)
    mask[0, 0, 0] = True
    far = np.s_[16:, 16:, 16:]
    kept = sitk.GetArrayFromImage(unfolded(folding, image(mask))[0])
    np.testing.assert_array_equal(kept[far], sitk.GetArrayFromImage(folding)[far])


def test_one_contrast_predicts_another():
    source = np.clip(smooth(1) / 6 + 0.5, 0, 1)
    sources = source, np.zeros_like(source)
    target = 100 - 80 * np.square(source)
    assert np.abs(predicted(target, sources, sources, EVERYWHERE) - target).mean() < 1.5
    shifted = [np.roll(x, 5, 2) for x in sources]
    np.testing.assert_allclose(
        np.roll(predicted(target, sources, shifted, EVERYWHERE), -5, 2),
        predicted(target, sources, sources, EVERYWHERE),
        rtol=1e-5,
    )


def test_sensitivity_of_the_coils_is_taken_off():
    ramp = np.linspace(1, 3, SHAPE[1]).reshape(1, -1, 1)
    flat = flattened(np.broadcast_to(ramp, SHAPE), EVERYWHERE, (3.0, 3.0, 3.0))
    assert flat.std() / flat.mean() < 0.5 * ramp.std() / ramp.mean()


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
    geometry = Geometry(SHAPE)
    template = Template(labels.astype(np.float32), labels, geometry, {3: "Nucleus"})
    found = confidence(change(labels).astype(np.uint16), template, labels > 0, geometry, labels, labels, 1.0)
    assert found["Nucleus"]["agreement"] == 1
    assert found["Nucleus"]["note"] == note if not note else note in found["Nucleus"]["note"]


def test_a_warp_that_does_not_come_back_is_uncertain():
    labels = np.zeros(SHAPE, np.uint16)
    labels[8:18, 8:18, 8:18] = 3
    template = Template(labels.astype(np.float32), labels, Geometry(SHAPE), {3: "Nucleus"})
    elsewhere = np.roll(labels, 6, 0)
    facts = confidence(labels, template, labels > 0, Geometry(SHAPE), labels, elsewhere, 1.0)["Nucleus"]
    assert facts["agreement"] < 0.5
    assert "uncertain outline" in facts["note"]


def test_what_lies_outside_the_mask_is_doubtful():
    labels = np.zeros(SHAPE, np.uint16)
    labels[8:18, 8:18, 8:18] = 3
    template = Template(labels.astype(np.float32), labels, Geometry(SHAPE), {3: "Nucleus"})
    mask = np.broadcast_to(np.arange(32) < 11, SHAPE)
    facts = confidence(labels, template, mask, Geometry(SHAPE), labels, labels, 1.0)["Nucleus"]
    assert facts["note"] == "only 30 % of it in the mask"
