"""A simulated head whose voxels hold sources of both signs."""

import numpy as np
import pytest

from QSMLogic.simulation.phantom import LABELS, head
from QSMLogic.simulation.two_sources import DIAMAGNETIC_PPM, two_sources

SHAPE, SPACING_MM = (52, 64, 56), (3.0, 3.0, 3.0)


@pytest.fixture(scope="module")
def subject():
    return head(SHAPE, SPACING_MM)


@pytest.fixture(scope="module")
def sources(subject):
    return two_sources(subject)


def test_sources_of_both_signs_add_up_to_the_head(subject, sources):
    assert sources.paramagnetic_ppm.min() >= 0 >= sources.diamagnetic_ppm.max()
    total = sources.paramagnetic_ppm + sources.diamagnetic_ppm
    np.testing.assert_allclose(total, subject.susceptibility_ppm, atol=1e-6)
    assert sources.head.susceptibility_ppm is subject.susceptibility_ppm
    white = subject.labels == LABELS["White matter"]
    assert np.median(sources.paramagnetic_ppm[white]) > 0.002
    for name in ("White matter", "Gray matter", "Thalamus"):
        mean = sources.diamagnetic_ppm[subject.labels == LABELS[name]].mean()
        assert mean == pytest.approx(DIAMAGNETIC_PPM[name], rel=0.15)


def test_relaxation_is_that_of_the_sources_and_its_mean_that_of_the_tissue(subject, sources):
    magnitudes = sources.paramagnetic_ppm - sources.diamagnetic_ppm
    np.testing.assert_allclose(sources.r2prime_hz, 137 * magnitudes, rtol=1e-5)
    np.testing.assert_allclose(sources.head.r2star_hz, sources.r2_hz + sources.r2prime_hz, rtol=1e-6)
    for name in DIAMAGNETIC_PPM:
        tissue = subject.labels == LABELS[name]
        assert np.ptp(sources.r2_hz[tissue]) == 0
        assert sources.head.r2star_hz[tissue].mean() == pytest.approx(subject.r2star_hz[tissue].mean(), rel=1e-3)


def test_texture_follows_its_seed(subject, sources):
    np.testing.assert_array_equal(two_sources(subject).diamagnetic_ppm, sources.diamagnetic_ppm)
    assert (two_sources(subject, seed=1).diamagnetic_ppm != sources.diamagnetic_ppm).any()
