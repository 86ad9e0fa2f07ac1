"""Maps of a subject come into the space of the template by the inverse of what brings labels onto the subject."""

import numpy as np
import pytest
from helpers.atlas_scans import unmoved
from helpers.heads import BODY_SHAPE, body, geometry

from QSMLogic.atlas import Template, register, working
from QSMLogic.atlas.quality import dice
from QSMLogic.numerics.lazy import sitk

SPACING_MM = (2.0, 2.0, 2.0)
PLACE = geometry(BODY_SHAPE, SPACING_MM)
ATLAS = Template(*body(), PLACE, {1: "Organ", 2: "Other"})


@pytest.fixture(scope="module")
def registered():
    image, labels = body((5.0, -4.0, 6.0), 1.12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(working, "WORK_MM", 4.0)
        return register(image, PLACE, ATLAS), labels


def test_what_goes_to_the_subject_comes_back(registered):
    spaces = registered[0].spaces
    forth = sitk.CompositeTransform([spaces.affine, spaces.warp])
    places = np.argwhere(ATLAS.labels > 0)[::50, ::-1] * 2.0
    errors = [np.subtract(forth.TransformPoint(spaces.to_subject.TransformPoint(p)), p) for p in places.tolist()]
    moved = [np.subtract(spaces.to_subject.TransformPoint(p), p) for p in places.tolist()]
    assert np.linalg.norm(errors, axis=1).max() < 0.5 < np.linalg.norm(moved, axis=1).min()


def test_organs_of_the_subject_lie_where_the_template_has_them(registered):
    done, labels = registered
    everywhere = np.ones(BODY_SHAPE, bool)
    for label in (1, 2):
        array, _ = done.spaces.in_template(labels == label, everywhere)
        assert dice(array > 0.5, ATLAS.labels == label) > 0.85
        assert dice(labels == label, ATLAS.labels == label) < 0.7


def test_the_rim_of_the_mask_is_not_darker():
    mask = body()[1] > 0
    finer = geometry([2 * n for n in BODY_SHAPE], (1.0, 1.0, 1.0), origin=(-0.5,) * 3)
    array, inside = unmoved(PLACE, finer).in_template(np.full(BODY_SHAPE, 0.3, np.float32), mask)
    np.testing.assert_allclose(array[inside], 0.3, rtol=1e-5)
    assert not array[~inside].any()
    assert inside.sum() == pytest.approx(8 * mask.sum(), rel=0.05)


def test_an_unmoved_map_stays():
    image, labels = body()
    array, inside = unmoved(PLACE, PLACE).in_template(image, labels > 0)
    np.testing.assert_array_equal(inside, labels > 0)
    np.testing.assert_allclose(array[inside], image[inside], rtol=1e-5)


def test_finer_noise_is_averaged_on_a_coarser_template():
    everywhere = np.ones(BODY_SHAPE, bool)
    noise = np.random.default_rng(0).standard_normal(BODY_SHAPE).astype(np.float32)
    coarse = geometry([n // 2 for n in BODY_SHAPE], (4.0, 4.0, 4.0), origin=(1.0,) * 3)
    array, inside = unmoved(PLACE, coarse).in_template(noise, everywhere)
    assert array[inside].std() < 0.3
    assert unmoved(PLACE, coarse).in_template(np.ones(BODY_SHAPE), everywhere)[0].max() == pytest.approx(1)
