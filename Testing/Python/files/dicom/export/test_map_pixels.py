"""Maps of every unit as integers: what viewers read is the value, to half a step."""

import numpy as np
import pytest

from QSMLogic.files.dicom.export.pixels import inside_of, pixels_of
from QSMLogic.files.dicom.export.plan import PLACE_OF
from QSMLogic.model.catalogue import CATALOGUE

SHAPE, MASK = (6, 7, 8), np.ones((6, 7, 8), bool)
TYPICAL = {"ppm": 0.1, "1/s": 20.0, "s": 0.05, "a.u.": 800.0, "no units": 0.7}
MAPS = [entry for entry in CATALOGUE.values() if not entry.is_mask]


def values(entry, seed=0):
    return np.random.default_rng(seed).normal(1, 0.2, SHAPE).astype(np.float32) * TYPICAL[entry.unit]


@pytest.mark.parametrize("entry", MAPS, ids=lambda entry: entry.name)
def test_a_step_is_less_than_a_fiftieth_of_a_typical_value(entry):
    pixels = pixels_of(entry, values(entry), MASK)
    shown = pixels.stored * (pixels.scale.slope / pixels.scale.factor)
    assert np.abs(shown - values(entry)).max() <= 0.51 * pixels.scale.slope / pixels.scale.factor
    assert pixels.scale.slope / pixels.scale.factor < 0.02 * TYPICAL[entry.unit]
    assert not pixels.checks


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_arbitrary_units_are_stored_in_steps_that_fit_them(scale):
    entry = CATALOGUE["swi"]
    pixels = pixels_of(entry, values(entry) * scale, MASK)
    assert 999 <= np.percentile(pixels.stored, 99) <= 10001
    center, width = pixels.window
    assert width > 50 and abs(center - np.median(pixels.stored)) < width


def test_an_empty_swi_is_written_too():
    assert not pixels_of(CATALOGUE["swi"], np.zeros(SHAPE, np.float32), MASK).stored.any()


def test_parts_of_the_susceptibility_are_valid_where_it_is():
    reliable = MASK.copy()
    reliable[0] = False
    arrays = {"mask": MASK, "reliable_mask": reliable, "paramagnetic_ppm": MASK * 0.1, "r2star_hz": MASK * 20.0}
    np.testing.assert_array_equal(inside_of("paramagnetic_ppm", arrays), reliable)
    np.testing.assert_array_equal(inside_of("r2star_hz", arrays), MASK)


def test_every_map_has_a_place_of_its_own_among_the_series():
    assert len(set(PLACE_OF.values())) == len(PLACE_OF)
