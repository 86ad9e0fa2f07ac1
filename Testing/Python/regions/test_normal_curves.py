"""Normal curves: their formulae, what a file must say of them, and what is refused."""

import json
import math

import numpy as np
import pytest
from helpers.curves import curve

from QSMLogic import QSMError
from QSMLogic.regions import read_normal_curves, write_normal_curves
from QSMLogic.regions.normal_curves import FIELDS, FORMULAE

AT_40 = {  # of a = 1, b = 0.02, c = 0.0005 at 40 years, written out once more
    "constant": 1.0,
    "linear": 1.8,
    "quadratic": 1.8 + 0.8,
    "exponential": 1.0 + 0.02 * (1 - math.e**-0.02),
    "poisson": 1.0 + 0.8 / math.e**0.02,
}


@pytest.mark.parametrize("formula", FORMULAE)
def test_formulae(formula):
    made = curve(formula=formula, coefficients=(1.0, 0.02, 0.0005)[: FORMULAE[formula].coefficients])
    assert made.value(40.0, "ppm") == pytest.approx(AT_40[formula])
    assert made.value(np.array([40.0, 40.0]), "ppb") == pytest.approx([1000 * AT_40[formula]] * 2)
    assert made.spread("ppb") == pytest.approx(10)


def test_curves_survive_their_file(tmp_path):
    curves = [curve(), curve(region="GP", sd=None, doi="10.1/x", voxel_mm=(0.9, 0.9, 2), field_strength_t=(1.5, 3))]
    write_normal_curves(curves, tmp_path / "c.csv")
    assert read_normal_curves(tmp_path / "c.csv") == curves
    assert [c.structure for c in curves] == ["caudate", "pallidum"]


def test_fields_of_all_curves_stand_once_in_json(tmp_path):
    entry = {name: getattr(curve(), name) for name in FIELDS}
    own = {name: entry.pop(name) for name in ("region", "coefficients", "sd")}
    (tmp_path / "c.json").write_text(json.dumps(entry | {"curves": [own, own | {"region": "putamen", "sd": None}]}))
    assert read_normal_curves(tmp_path / "c.json") == [curve(), curve(region="putamen", sd=None)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"formula": "cubic"}, "formula must be one of"),
        ({"coefficients": (1,)}, "1 coefficients; linear has 2: a"),
        ({"coefficients": (1, math.nan)}, "finite"),
        ({"unit": "Hz"}, "ppm or ppb"),
        ({"youngest": 90}, "youngest first"),
        ({"oldest": 900}, "0 to 120"),
        ({"coefficients": (20, 0.5)}, "exceeds 10 ppm"),
        ({"formula": "exponential", "coefficients": (1, 2, -50)}, "exceeds 10 ppm"),
        ({"sd": 0.0}, "above 0"),
        ({"field_strength_t": ()}, "lacks|above 0"),
        ({"voxel_mm": (1, 1, -1)}, "above 0"),
        ({"population": " "}, "lacks population"),
        ({"source": ""}, "lacks source"),
    ],
)
def test_curves_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(QSMError, match=said):
        curve(**changes)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("c.txt", "region\n", "must end in .csv or .json"),
        ("c.csv", "region,formula\n", "holds no normal curve"),
        ("c.csv", "region,formula\ncaudate,linear\n", "lacks coefficients"),
        ("c.csv", "area\n1\n", "unknown fields area"),
        ("c.json", "[]", "must be JSON such as"),
        ("c.json", "{", "not valid JSON"),
        ("c.json", '{"curves": [1]}', "must be JSON such as"),
    ],
)
def test_other_files_get_a_sentence(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(QSMError, match=said):
        read_normal_curves(tmp_path / name)


def test_what_is_no_number_gets_a_sentence(tmp_path):
    write_normal_curves([curve()], tmp_path / "c.csv")
    text = (tmp_path / "c.csv").read_text()
    (tmp_path / "c.csv").write_text(text.replace("0.02; 0.0005", "0.02; steep"))
    with pytest.raises(QSMError, match="'0.02; steep' as coefficients"):
        read_normal_curves(tmp_path / "c.csv")


def test_a_curve_states_what_it_holds_for():
    text = " ".join(curve(doi="10.1/x", sequence="3D GRE", software="by hand").facts())
    for fact in ("Nobody 2020, doi:10.1/x", "relative to CSF", "3 T", "1 x 1 x 1 mm", "100 made-up", "3D GRE, by hand"):
        assert fact in text
