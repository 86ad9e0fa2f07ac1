"""The plot of regions on a normal curve shows the values, the band, and what the curve holds for."""

import re
from xml.etree import ElementTree

import pytest
from helpers.curves import LABELS, NAMES, SHAPE, curve, map_ppm, table

from QSMLogic.files.images import Geometry
from QSMLogic.regions import LabelRegions, MapFacts, MapImage, compared_with_age
from QSMLogic.report.age_plot import age_plots
from QSMLogic.report.page import report

FACTS = MapFacts("CSF", 7.0, 1.0)


def plots(*curves):
    return age_plots(compared_with_age(table(), 40, curves, FACTS))


def test_points_lie_where_the_axes_say():
    (svg,) = plots(curve()).values()
    root = ElementTree.fromstring(svg)
    dots = [dot for dot in root.iter("{http://www.w3.org/2000/svg}circle") if len(dot)]
    assert [dot[0].text for dot in dots] == ["Left-Caudate: 0.062 ppm", "Right-Caudate: 0.05 ppm"]
    ticks = {t.text: t.attrib for t in root.iter("{http://www.w3.org/2000/svg}text")}
    assert float(dots[0].attrib["cx"]) == pytest.approx(float(ticks["40"]["x"]), abs=0.1)
    high, low = (float(ticks[tick]["y"]) - 4.5 for tick in ("0.06", "0.04"))
    assert float(dots[1].attrib["cy"]) == pytest.approx((high + low) / 2, abs=0.1)


def test_the_curve_states_what_it_holds_for_and_what_differs():
    (svg,) = plots(curve()).values()
    said = " ".join(re.findall(r">([^<>]+)</text>", svg))
    for words in ("Nobody 2020", "100 made-up persons", "relative to CSF; 3 T", "measured at 7 T", "z = 2.2", "95 %"):
        assert words in said
    assert svg.count("<polygon") == 1


def test_without_a_published_spread_there_is_no_band():
    (svg,) = plots(curve(sd=None)).values()
    assert "<polygon" not in svg and "spread is not published" in svg and "z =" not in svg


def test_each_curve_has_its_plot():
    assert list(plots(curve(), curve(source="Somebody 2021"))) == ["age-caudate", "age-caudate-Somebody 2021"]


def test_the_report_has_table_and_plot():
    comparison = compared_with_age(table(), 40, [curve()], FACTS)
    image, geometry = MapImage(map_ppm(), "ppm"), Geometry(SHAPE[::-1], (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    page = report(table(), image, LabelRegions(LABELS, NAMES), geometry, ages=comparison)
    assert "Normal values at 40 years" in page and "Caudate over age" in page and ">2.20<" in page
    assert "Normal values" not in report(table(), image, LabelRegions(LABELS, NAMES), geometry)
