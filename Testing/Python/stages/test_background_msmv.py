"""mSMV: strong fields at the rim go, vessels and the field inside stay."""

import numpy as np
from helpers.fields import ball, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.model.progress import Progress
from QSMLogic.registry.method import find

GRID = Grid((40, 44, 48))
MASK, DEEP = ball(GRID, 18), ball(GRID, 12)
BAD = np.zeros(GRID.shape, bool)
BAD[20:23, 22:24, 40:42] = True  # at the rim
SOURCE = sphere(GRID, 3, (4, -3, 2), 0.3)[0] + 0.002 * np.random.default_rng(0).standard_normal(GRID.shape)


def local_of(name, progress=None, magnitude=None, **parameters):
    method = find("background", name)
    total = FieldMap(SOURCE + 0.3 * BAD, MASK, GRID, magnitude=magnitude)
    return method.run(total, parameters=method.make_parameters(parameters), progress=progress)


def test_strong_fields_at_the_rim_are_filtered_and_no_others():
    progress = Progress()
    pdf, filtered = local_of("pdf").ppm, local_of("msmv", progress).ppm
    assert np.abs(filtered[BAD]).mean() < 0.4 * np.abs(pdf[BAD]).mean()
    np.testing.assert_allclose(filtered[DEEP], pdf[DEEP], atol=1e-6)
    assert BAD.sum() <= progress.notes["filtered_voxels"] < 10 * BAD.sum() and progress.notes["limit_ppm"] > 0
    np.testing.assert_array_equal(local_of("msmv", limit=1000.0).ppm, pdf)


def test_dark_vessels_are_spared():
    """A dark line through the strong fields."""
    dark = BAD & (np.arange(44) == 22)[:, None]
    spared, filtered = local_of("msmv", magnitude=np.where(dark, 0.3, 1.0)).ppm, local_of("msmv").ppm
    assert np.abs(spared[dark]).mean() > 2 * np.abs(filtered[dark]).mean()
