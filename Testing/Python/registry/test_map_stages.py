"""The contract of the stages that add maps of their own: what every method of them must do."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Cancelled, FieldMap, Grid
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.numerics import fft, parallel
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING, STAGES, stages_with_maps

GRID, TESLA, TIMES = Grid((26, 24, 28), (1.3, 1.0, 0.9), (0.9, 0.3, -0.3)), 3.0, (0.004, 0.010, 0.016, 0.022)
MASK = ball(GRID, 10)
EVERY = [entry for stage in stages_with_maps() for name, entry in registry()[stage.name].items() if name != NOTHING]
methods = pytest.mark.parametrize("entry", EVERY, ids=[f"{entry.stage} {entry.name}" for entry in EVERY])


@cache
def known(factor=1.0):
    """All that such a method may take; factor: of the lengths of the voxels."""
    random = np.random.default_rng(1)
    grid = replace(GRID, spacing_mm=tuple(factor * d for d in GRID.spacing_mm))
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.3)
    x, rate = 0.3 * (distance < 4), 20 + 30.0 * (distance < 4)
    turns = 42.577478518 * TESLA * field
    signal = np.stack([900 * MASK * np.exp((2j * np.pi * turns - rate) * time) for time in TIMES])
    signal += random.normal(0, 5, signal.shape) + 1j * random.normal(0, 5, signal.shape)
    unwrapped = 2 * np.pi * turns * np.reshape(TIMES, (-1, 1, 1, 1))
    of = FieldMap(field, MASK, grid, np.full(GRID.shape, 0.002), np.abs(signal[0]))
    return {
        "scan": Acquisition.of_signal(signal, TIMES, TESLA, grid),
        "field_strength_t": TESLA,
        "mask": MASK,
        "reliable_mask": MASK,
        "unwrapped_rad": (unwrapped * MASK).astype(np.float32),
        "total": of,
        "local": of,
        "susceptibility_ppm": (x * MASK).astype(np.float32),
        "single_step": False,
        "r2_hz": (0.6 * rate * MASK).astype(np.float32),
        "r2prime_hz": (0.4 * rate * MASK).astype(np.float32),
        "r2star_hz": (rate * MASK).astype(np.float32),
    }


def maps(entry, factor=1.0, **options):
    """{name: map} of a method."""
    found = entry.run(*(known(factor).get(name) for name in entry.takes), **options)
    return STAGES[entry.stage].by_name(found)


def arrays():
    """What the methods are given, as arrays."""
    given = known()
    fields = [given[name].ppm for name in ("total", "local")]
    return [given["scan"].magnitude, given["scan"].phase, *fields, *(v for v in given.values() if hasattr(v, "dtype"))]


@methods
def test_maps_of_the_catalogue_zero_outside(entry):
    before = [array.copy() for array in arrays()]
    found = maps(entry)
    assert found and set(found) <= set(STAGES[entry.stage].yields) <= set(CATALOGUE)
    for values in found.values():
        assert values.dtype == np.float32 and values.shape == GRID.shape
        assert np.isfinite(values).all() and values.any() and not values[~MASK].any()
    for array, untouched in zip(arrays(), before, strict=True):
        np.testing.assert_array_equal(array, untouched)


@methods
def test_progress_rises_to_one_and_can_be_canceled(entry):
    fractions = []
    maps(entry, progress=fractions.append)
    assert fractions == sorted(fractions) and fractions[-1] == 1

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        maps(entry, progress=cancel)


@methods
def test_threads_do_not_matter(entry, monkeypatch):
    found = []
    for count in (1, 3):
        for module in (fft, parallel):
            monkeypatch.setattr(module, "WORKERS", count)
        monkeypatch.setattr(parallel, "SLAB_VOXELS", 1 << 12)
        found.append(maps(entry))
    for name, values in found[0].items():
        np.testing.assert_allclose(found[1][name], values, atol=1e-5 * np.abs(values).max())


@pytest.mark.parametrize("factor", [0.1, 10.0])
@methods
def test_the_unit_of_length_does_not_matter(entry, factor):
    if any(p.name.endswith("_mm") for p in entry.parameters):
        pytest.skip("has a parameter in mm")
    expected = maps(entry)
    for name, values in maps(entry, factor).items():
        assert np.linalg.norm(values - expected[name]) <= 1e-3 * np.linalg.norm(expected[name])
