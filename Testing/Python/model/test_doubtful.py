"""Which voxels are marked as doubtful."""

import numpy as np
import pytest

from QSMLogic.model.doubtful import DISTINCT, DOUBTFUL_PPM, doubtful


@pytest.mark.parametrize(
    ("times", "limits", "marked"),
    [(0.0, 0.9, False), (0.0, 1.1, True), (0.9 * DISTINCT, 1.1, True), (-0.9 * DISTINCT, 1.1, True)]
    + [(1.1 * DISTINCT, 1.1, False), (-1.1 * DISTINCT, 9.0, False), (0.5, 9.0, True)],
)
def test_doubtful_is_what_is_uncertain_and_no_more_than_its_uncertainty(times, limits, marked):
    sigma = np.full((2, 2, 2), limits * DOUBTFUL_PPM, np.float32)
    assert (doubtful(np.float32(times) * sigma, sigma) == marked).all()
