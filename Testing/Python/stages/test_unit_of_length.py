"""A dipole field has no unit of length: one field has one map, whatever its voxels are called."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, FieldMap, Grid, run
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import registry
from QSMLogic.registry.presets import PRESETS
from QSMLogic.stages.invert.automatic import FOR_STRONG, IN_MODELS, choice

GRID = Grid((26, 24, 28), (1.3, 1.0, 0.9), (0.8, 0.36, -0.48))
FEW = {"iterations": 5, "l1_iterations": 2, "l2_iterations": 3, "second_iterations": 4, "streak_iterations": 4}
SIZES = (0.1, 10.0)  # a mouse's voxels, and microns taken for hundredths of a millimeter


def methods_of(stage):
    own = {name: method for name, method in registry()[stage].items() if not method.missing}
    return pytest.mark.parametrize("method", own.values(), ids=own)


def scan():
    """A FieldMap with everything that a method may look at."""
    rng = np.random.default_rng(2)
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.3)
    field += rng.normal(0, 0.002, GRID.shape).astype(np.float32)
    magnitude = (1 + rng.uniform(0, 0.2, GRID.shape)) * np.where(distance < 3, 0.5, 1)
    fluid = (distance > 6) & (distance < 8)
    return FieldMap(field, ball(GRID, 10), GRID, rng.uniform(0.001, 0.003, GRID.shape), magnitude, fluid)


def called(field, factor):
    """The same FieldMap on voxels of `factor` times the size."""
    return replace(field, grid=replace(GRID, spacing_mm=tuple(factor * d for d in GRID.spacing_mm)))


def lengths(method):
    """The lengths in mm that a method has for parameters, and their defaults."""
    return {p.name: p.default for p in method.parameters if p.name.endswith("_mm")}


def parameters_of(method, values):
    return method.make_parameters({p.name: values[p.name] for p in method.parameters if p.name in values})


def assert_alike(found, expected):
    assert np.abs(expected).max() > 0.01
    assert np.linalg.norm(found - expected) < 1e-3 * np.linalg.norm(expected)


@pytest.mark.parametrize("factor", SIZES)
@methods_of("invert")
def test_a_map_does_not_depend_on_what_voxels_are_called(method, factor):
    field, parameters = scan(), parameters_of(method, FEW)
    found, expected = (method.run(f, parameters=parameters) for f in (called(field, factor), field))
    assert_alike(found, expected)


@pytest.mark.parametrize("factor", SIZES)
@methods_of("background")
def test_a_local_field_follows_its_radii_only(method, factor):
    field, few = scan(), {**FEW, **{name: min(value, 4.0) for name, value in lengths(method).items()}}
    wider = {**few, **{name: few[name] * factor for name in lengths(method)}}
    found, expected = (
        method.run(f, parameters=parameters_of(method, v)) for f, v in ((called(field, factor), wider), (field, few))
    )
    np.testing.assert_array_equal(found.mask, expected.mask)
    assert_alike(found.ppm, expected.ppm)


@pytest.mark.parametrize("factor", SIZES)
@pytest.mark.parametrize("strong_voxels", [5, 500])
def test_the_choice_of_an_inversion_does_not_depend_on_what_voxels_are_called(factor, strong_voxels):
    field = scan()
    strong = np.zeros(GRID.shape, np.float32)
    strong.flat[np.argsort(sphere(GRID, 1)[1], axis=None)[:strong_voxels]] = 0.5
    field = field.with_field(strong)
    assert choice(called(field, factor))[0] == choice(field)[0] == (FOR_STRONG if strong_voxels > 50 else IN_MODELS)


def test_the_preset_for_animals_maps_tenths_of_a_millimeter_as_the_defaults_map_millimeters():
    """A head in air, from raw phase to the map: the preset's lengths are to a mouse as the defaults are to humans."""
    shape, times, rng = (32, 34, 36), (0.004, 0.010, 0.016), np.random.default_rng(4)
    tissue, source = ball(Grid(shape), 14), sphere(Grid(shape), 4, (2, 1, -2))[1] < 4
    chi = np.where(tissue, 0.1 * source, 9.4).astype(np.float32)
    field = dipole_field(chi, (1, 1, 1), (1, 0, 0))
    signal = np.stack([tissue * np.exp(2j * np.pi * 42.577 * 3 * time * field) for time in times])
    signal += 0.01 * (rng.normal(size=signal.shape) + 1j * rng.normal(size=signal.shape))

    def mapped(size_mm, choices):
        return run(Acquisition.of_signal(signal, times, 3.0, Grid(shape, (size_mm,) * 3)), settings=choices)

    mouse, man = mapped(0.1, PRESETS["animal"].choices), mapped(1.0, {"mask": {"method": "robust"}})
    np.testing.assert_array_equal(mouse.reliable_mask, man.reliable_mask)
    assert_alike(mouse.susceptibility_ppm, man.susceptibility_ppm)
    inner = source & ~ndimage.binary_dilation(~source)
    around = ndimage.binary_dilation(source, iterations=5) & ~ndimage.binary_dilation(source, iterations=2)
    contrast = mouse.susceptibility_ppm[inner].mean() - mouse.susceptibility_ppm[around].mean()
    assert contrast == pytest.approx(0.1, rel=0.2)
