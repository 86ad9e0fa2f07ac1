"""Two passes: a source that breaks the phase keeps its value and casts no streaks."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import GRIDS, ball, sphere

from QSMLogic import FieldMap, Grid, QSMError, Settings
from QSMLogic.pipeline.chain import Chain, mapped
from QSMLogic.registry.method import find, registry
from QSMLogic.registry.provenance import Provenance

GRID, TWO = GRIDS["isotropic"], find("passes", "two_passes")


def bleed():
    """A field with a source that is mapped wrongly: inside it the field is noise, and known to be."""
    field, distance = sphere(GRID, 4, susceptibility_ppm=2.0)
    field = field + sphere(GRID, 4, (0, 14, 8), 0.3)[0]
    random, uncertainty = np.random.default_rng(0), np.full(GRID.shape, 0.01)
    inside = distance < 5
    field = field + np.where(inside, random.normal(0, 0.6, GRID.shape), random.normal(0, 0.002, GRID.shape))
    return FieldMap(field, ball(GRID, 26), GRID, np.where(inside, 0.6, uncertainty)), distance


def mapped_in_passes(total, name):
    class Scan:
        grid, echo_times_s, field_strength_t, checks, reported = GRID, (0.01,), 3.0, (), {}

    fractions = []
    settings = Settings({"passes": {"method": name}, "invert": {"method": "wh_qsm"}})
    chain = Chain(settings, lambda stage, fraction: fractions.append(fraction), Provenance(Scan, settings))
    local, susceptibility, reliable = mapped(chain, total)
    assert fractions == sorted(fractions) and fractions[-1] < 1
    return susceptibility, reliable, chain


def test_streaks_vanish_and_the_source_stays():
    total, distance = bleed()
    total_before = total.ppm.copy()
    one, reliable, _ = mapped_in_passes(total, "one_pass")
    two, reliable_of_both, chain = mapped_in_passes(total, "two_passes")
    np.testing.assert_array_equal(total.ppm, total_before)
    around = (distance > 7) & (distance < 12)
    assert two[around].std() < 0.8 * one[around].std()
    assert two[distance < 3].mean() - two[around].mean() > 0.8 * (one[distance < 3].mean() - one[around].mean())
    assert reliable_of_both[reliable].all()
    assert set(chain.provenance.seconds) == {"passes", "background", "invert"}


def test_what_is_left_out_of_the_first_pass():
    total, distance = bleed()
    first, second = TWO.run(total)
    assert second is total
    np.testing.assert_array_equal(first.mask, total.mask & (distance >= 5))
    grown = TWO.run(total, parameters=TWO.make_parameters({"growth_voxels": 2}))[0]
    assert not grown.mask[distance < 6].any() and grown.mask[distance > 9].sum() == first.mask[distance > 9].sum()


def test_a_single_echo_is_judged_by_its_magnitude():
    grid = Grid((20, 20, 20))
    magnitude = np.ones(grid.shape)
    magnitude[5:8, 5:8, 5:8] = 0.01
    magnitude[10, 10, 10] = 0
    first, _ = TWO.run(FieldMap(np.ones(grid.shape), ball(grid, 9.5), grid, magnitude=magnitude))
    np.testing.assert_array_equal(first.mask, ball(grid, 9.5) & (magnitude == 1))
    plain = FieldMap(np.ones(grid.shape), ball(grid, 9.5), grid)
    assert [part.mask.sum() for part in TWO.run(plain)] == [plain.mask.sum()] * 2


def test_too_little_to_trust_is_refused():
    uncertainty = np.ones(GRID.shape)
    uncertainty[::2] = 100
    with pytest.raises(QSMError, match="Raise the uncertainty threshold"):
        TWO.run(
            FieldMap(np.ones(GRID.shape), ball(GRID, 20), GRID, uncertainty),
            parameters=TWO.make_parameters({"limit": 1, "growth_voxels": 1}),
        )


def test_the_second_pass_is_brought_to_the_level_of_the_first(monkeypatch):
    """No inversion knows the level of its map: here each map lies 0.4 ppm above the one before."""
    total, distance = bleed()
    runs = []

    def invert(field, parameters, progress):
        runs.append(field.mask)
        return np.float32(2) * (field.uncertainty_ppm > 0.1) + np.float32(0.4 * len(runs))

    method = replace(find("invert", "wh_qsm"), function=invert)
    monkeypatch.setitem(registry()["invert"], "wh_qsm", method)
    two, reliable, _ = mapped_in_passes(total, "two_passes")
    assert len(runs) == 2 and runs[0].sum() < runs[1].sum()
    np.testing.assert_allclose(two[reliable], np.where(distance < 5, 2.4, 0.4)[reliable], atol=1e-5)
