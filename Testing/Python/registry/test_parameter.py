"""What a parameter says of itself: its slider, and its unit of length."""

import math

import pytest

from QSMLogic.registry.method import registry
from QSMLogic.registry.parameter import SLIDER_FACTOR

NUMBERS = [
    pytest.param(parameter, id=f"{entry.stage}-{entry.name}-{parameter.name}")
    for methods in registry().values()
    for entry in methods.values()
    for parameter in entry.parameters
    if parameter.type in (int, float)
]
OTHERS = [p for methods in registry().values() for m in methods.values() for p in m.parameters if p.type in (bool, str)]


def own(stage, method, name):
    return next(p for p in registry()[stage][method].parameters if p.name == name)


@pytest.mark.parametrize("parameter", NUMBERS)
def test_every_value_of_a_slider_is_allowed(parameter):
    if parameter.span is None:
        assert not parameter.varies or parameter.low < 0
        return
    low, high, is_logarithmic = parameter.span
    assert type(low) is type(high) is parameter.type
    assert low < high < math.inf
    for value in (low, high):
        assert parameter.checked(value) == value
        assert value or not parameter.is_automatic
    usual = parameter.default or parameter.typical or 0
    assert low <= usual <= high or parameter.is_automatic
    assert low > 0 or not is_logarithmic


def test_what_is_no_number_has_no_slider():
    assert OTHERS
    assert not [p for p in OTHERS if p.span]


@pytest.mark.parametrize(
    "of, expected",
    [
        (("invert", "tkd", "threshold"), (0.02, 0.6, False)),
        (("invert", "wh_qsm", "strength"), (1e-4 / SLIDER_FACTOR, 1e-4 * SLIDER_FACTOR, True)),
        (("background", "vsharp", "max_radius_mm"), (16 / SLIDER_FACTOR, 100, True)),
        (("invert", "ndi", "iterations"), (1, 16 * SLIDER_FACTOR, True)),
    ],
)
def test_slider_is_about_the_usual_value_or_shows_all(of, expected):
    assert own(*of).span == pytest.approx(expected)


@pytest.mark.parametrize("parameter", NUMBERS)
def test_constants_of_a_scan_and_what_only_affects_convergence_have_no_slider(parameter):
    is_such = parameter.name in ("rad_per_ppm", "tolerance") or "Affects the convergence" in parameter.help
    assert not is_such or parameter.span is None


@pytest.mark.parametrize(
    "of, power",
    [
        (("invert", "wh_qsm", "strength"), 1),
        (("invert", "wh_qsm", "harmonic"), 4),
        (("invert", "wh_qsm", "balance"), -2),
        (("invert", "wh_qsm", "shrinkage"), -1),
        (("invert", "rts", "mu"), -1),
        (("invert", "rts", "rho"), 1),
        (("mask", "robust", "closing_voxels"), 1),
        (("invert", "wh_qsm", "rad_per_ppm"), 0),
        (("background", "vsharp", "max_radius_mm"), 0),
    ],
)
def test_power_of_the_voxel_length_is_that_of_the_unit(of, power):
    assert own(*of).voxel_power == power
