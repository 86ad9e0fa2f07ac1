"""Plots are whole SVG whose marks lie where the values say."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.regions import MapImage, Region, RegionTable, measure, with_scan
from QSMLogic.report.plots import box_plot, histogram, region_against_map, region_against_time, write_plots
from QSMLogic.report.svg import spread, ticks

SHAPE = (4, 6, 10)
SVG = "{http://www.w3.org/2000/svg}"


def table(shift=0.0):
    rng = np.random.default_rng(0)
    array = (np.arange(5).repeat(2) * 0.05 + shift + rng.normal(0, 0.004, SHAPE)).astype(np.float32)
    names = ("a & <b>", "second", "third", "fourth", "fifth")
    regions = []
    for n, name in enumerate(names):
        inside = np.zeros(SHAPE, bool)
        inside[..., 2 * n : 2 * n + 2] = True
        regions.append(Region(name, inside))
    maps = {"susceptibility": MapImage(array, "ppm"), "R2star": MapImage(20 + 100 * array, "1/s")}
    return measure(maps, [*regions, Region("none", np.zeros(SHAPE, bool))], Grid(SHAPE))


def drawn(svg):
    """The root, {text: (x, y)} and the dots [(x, y)] of a figure, all inside its frame."""
    root = ET.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    texts = {e.text: (float(e.get("x")), float(e.get("y"))) for e in root.iter(f"{SVG}text")}
    dots = [(float(e.get("cx")), float(e.get("cy"))) for e in root.iter(f"{SVG}circle")]
    for x, y in [*texts.values(), *dots]:
        assert 0 <= x <= width and 0 <= y <= height
    for line in root.iter(f"{SVG}polyline"):
        points = [float(p) for pair in line.get("points").split() for p in pair.split(",")]
        assert all(0 <= x <= width for x in points[::2]) and all(0 <= y <= height for y in points[1::2])
    return root, texts, dots


def axis_px(texts, low, high, coordinate):
    """A function from values to px, by two ticks of an axis."""
    (a, b) = (texts[low][coordinate], texts[high][coordinate])
    return lambda value: a + (value - float(low)) / (float(high) - float(low)) * (b - a)


def test_boxes_have_their_means_at_the_value_and_name_every_region():
    measured = table()
    root, texts, dots = drawn(box_plot(measured))
    assert set(measured.segments) <= set(texts)
    assert "susceptibility (ppm)" in texts and "empty" in texts
    px = axis_px(texts, "0.00", "0.20", 0)
    assert [x for x, _ in dots] == pytest.approx([px(r["mean"]) for r in measured.rows[:5]], abs=0.1)
    boxes = [e for e in root.iter(f"{SVG}rect") if e.get("stroke") not in (None, "none")]
    assert [float(b.get("x")) for b in boxes] == pytest.approx([px(r["q1"]) for r in measured.rows[:5]], abs=0.1)


def test_scatter_has_a_dot_per_region_and_the_slope():
    measured = table()
    _, texts, dots = drawn(region_against_map(measured, "susceptibility", "R2star"))
    assert len(dots) == 5
    assert "slope 100, r = 1.00, 5 regions" in texts
    px, py = axis_px(texts, "0.00", "0.20", 0), axis_px(texts, "20", "40", 1)
    for (x, y), row in zip(dots, measured.rows, strict=False):
        # the label of a tick stands 4.5 px below it
        assert (x, y + 4.5) == pytest.approx((px(row["mean"]), py(20 + 100 * row["mean"])), abs=0.2)


def test_histogram_counts_every_value():
    values = np.random.default_rng(0).normal(0.05, 0.01, 5000)
    root, texts, _ = drawn(histogram(values, "caudate", "susceptibility", "ppm"))
    bars = [e for e in root.iter(f"{SVG}rect") if e.get("stroke") == "white"]
    area = sum(float(b.get("height")) for b in bars)
    py = axis_px(texts, "100", "0", 1)
    assert area / (py(0) - py(100)) * 100 == pytest.approx(values.size, rel=0.01)
    assert "caudate (5000 voxels)" in texts


@pytest.mark.parametrize("times", [("40", "41.5"), ("2023-01-05", "2024-01-05")])
def test_time_course_has_a_line_per_subject(times):
    study = None
    for subject in ("01", "02"):
        for n, time in enumerate(times):
            study = with_scan(study, table(0.01 * n), subject, time=time)
    root, texts, dots = drawn(region_against_time(study, "second"))
    assert {"01", "02", "second"} <= set(texts)
    assert len(dots) == 4 + 2
    lines = [e for e in root.iter(f"{SVG}polyline") if e.get("stroke") in ("#0072B2", "#D55E00")]
    assert len([e for e in lines if e.get("stroke-width") == "1.5"]) == 2 + 4
    assert ("2023-01-05" in texts) == (times[0] == "2023-01-05")


def test_a_curve_of_what_is_expected_lies_among_the_lines():
    study = with_scan(None, table(), "01", time="40")
    root, texts, dots = drawn(region_against_time(study, "second", curve=[(60, 0.06), (20, 0.02), (40, 0.05)]))
    (curve,) = [e for e in root.iter(f"{SVG}polyline") if e.get("stroke") == "#888888"]
    points = [tuple(map(float, pair.split(","))) for pair in curve.get("points").split()]
    px = axis_px(texts, "20", "60", 0)
    assert [x for x, _ in points] == pytest.approx([px(20), px(40), px(60)], abs=0.1)
    assert points[1][1] == pytest.approx(dots[0][1], abs=12)


def test_what_cannot_be_plotted_is_told():
    measured, study = table(), with_scan(None, table(), "01", time="early")
    empty = RegionTable(tuple(r for r in measured.rows if r["segment"] == "none"), measured.settings)
    for call in (
        lambda: box_plot(empty),
        lambda: histogram([], "a", "m", "ppm"),
        lambda: region_against_map(empty, "susceptibility", "R2star"),
        lambda: region_against_time(study, "none"),
    ):
        with pytest.raises(QSMError, match="nothing to plot"):
            call()
    with pytest.raises(QSMError, match="a number .age, months. or a date"):
        region_against_time(study, "second")


def test_constant_values_still_have_axes():
    drawn(histogram(np.full(10, 0.02), "a", "m", "ppm"))
    low, high = spread([3.0])
    assert low < 3 < high


@pytest.mark.parametrize(("low", "high"), [(-0.11, 0.23), (0, 1), (12345.0, 12346.0), (-3e-7, 5e-7), (40, 52)])
def test_ticks_are_round_inside_and_told_apart(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 7
    assert len(set(found.values())) == len(found)
    assert all(
        low - 1e-9 <= at <= high + 1e-9 and math.isclose(float(words), at, abs_tol=1e-12 + 1e-9 * abs(at))
        for at, words in found.items()
    )


def test_files_are_written_all_or_none(tmp_path):
    paths = write_plots({"box-R2*": "<svg/>", "b": "<svg/>"}, tmp_path / "plots")
    assert [p.name for p in paths] == ["box-R2_.svg", "b.svg"]
    (tmp_path / "file").write_text("")
    with pytest.raises(QSMError, match="Cannot write"):
        write_plots({"a": "<svg/>"}, tmp_path / "file")
