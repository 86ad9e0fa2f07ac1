"""Normal curves fitted to controls: known curves and spreads are found again."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.regions import ControlFacts, RegionTable, control_curves
from QSMLogic.regions.columns import STUDY_COLUMNS
from QSMLogic.regions.normal_curves import FORMULAE

FACTS = ControlFacts((3.0,), (1.0, 1.0, 1.0), "healthy adults")
TRUTH = {"linear": (0.02, 0.0005), "exponential": (0.01, 0.06, 0.04), "quadratic": (0.02, 0.001, -5e-6)}
SD = 0.006


def study(count=120, coefficients=TRUTH["linear"], formula="linear", relative_to="CSF", **changes):
    """A study of controls from 20 to 80 years whose caudate nuclei follow a known curve."""
    random, rows = np.random.default_rng(0), []
    for n, age in enumerate(np.linspace(20, 80, count)):
        mean = FORMULAE[formula].value(age, *coefficients) + SD * random.standard_normal()
        for segment, shift in (("caudate_l", 0.002), ("caudate_r", -0.002), ("CSF", -mean)):
            row = dict.fromkeys((column.key for column in STUDY_COLUMNS), None)
            row |= {"subject": f"{n:03}", "session": "", "time": f"{age:g}", "settings": "same", "unit": "ppm"}
            row |= {"map": "susceptibility", "segment": segment, "mean": mean + shift, "relative_to": relative_to}
            rows.append(row | changes)
    return RegionTable(tuple(rows), {}, STUDY_COLUMNS)


@pytest.mark.parametrize("formula", TRUTH)
def test_a_known_curve_and_its_spread_are_found(formula):
    (curve,) = control_curves(study(coefficients=TRUTH[formula], formula=formula), FACTS, formula)
    ages = np.linspace(20, 80, 7)
    np.testing.assert_allclose(curve.value(ages, "ppm"), FORMULAE[formula].value(ages, *TRUTH[formula]), atol=0.003)
    assert curve.sd == pytest.approx(SD, rel=0.15)
    assert (curve.structure, curve.reference, curve.youngest, curve.oldest) == ("caudate", "CSF", 20, 80)
    assert curve.population == "120 healthy adults"


@pytest.mark.parametrize("formula", ["exponential", "poisson"])
def test_curves_that_bend_are_fitted_to_few_controls_and_to_a_line(formula):
    for count in range(10, 20):
        made = study(count, coefficients=TRUTH["linear"])
        (bent,), (straight,) = (control_curves(made, FACTS, name) for name in (formula, "linear"))
        assert bent.sd < 1.15 * straight.sd


def test_fits_do_not_depend_on_the_unit():
    made = study(coefficients=TRUTH["exponential"], formula="exponential")
    (ppm,), (ppb,) = (control_curves(s, FACTS, "exponential") for s in (made, made.in_unit("ppb")))
    assert ppb.value(50.0, "ppm") == pytest.approx(ppm.value(50.0, "ppm"), rel=1e-3)
    assert ppb.spread("ppm") == pytest.approx(ppm.sd, rel=1e-3)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: study(9), "9 subjects. Normal values need at least 10"),
        (lambda: study(relative_to=""), "Say what the zero of the maps is"),
        (lambda: study(subject="one"), "several scans of a subject"),
        (lambda: study(time="2024-03-01"), "number of years"),
        (lambda: study(time="40"), "at one age only"),
        (lambda: study(unit="1/s"), "in ppm or ppb"),
    ],
)
def test_studies_that_make_no_curve_get_a_sentence(made, said):
    with pytest.raises(QSMError, match=said):
        control_curves(made(), FACTS)


def test_mixed_settings_are_refused():
    first, second = study(20), study(20, settings="other")
    mixed = RegionTable(
        (*first.rows, *(row | {"subject": f"x{row['subject']}"} for row in second.rows)), {}, STUDY_COLUMNS
    )
    with pytest.raises(QSMError, match="different settings"):
        control_curves(mixed, FACTS)
