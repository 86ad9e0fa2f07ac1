"""Plots of region tables are plot nodes that hold the right numbers, and files."""

import numpy as np
import pytest
import slicer
from helpers.nodes import SHAPE, points, segmentation, series
from helpers.region_nodes import LEFT, REGIONS, add_map
from standin.chart_view import ChartView
from standin.slice_view import can_draw

from QSMLogic import QSMError


@pytest.fixture
def ppm(scene):
    return np.random.default_rng(1).normal(0.02, 0.05, SHAPE).astype(np.float32)


@pytest.fixture
def table(logic, ppm):
    qsm, rate = add_map(ppm, "map", "ppm"), add_map(30 + 100 * ppm, "R2star", "1/s")
    return logic.regionTable(segmentation(REGIONS, qsm), [qsm, rate], unit="ppb", reference="CSF")


def test_boxes_show_the_quartiles_of_each_region(logic, table, ppm):
    chart = logic.regionPlot(table, "box", "map")
    assert [node.GetName() for node in series(chart)] == [f"{n} {name}" for n, name in enumerate(REGIONS, 1)]
    for place, (node, region) in enumerate(zip(series(chart), REGIONS.values(), strict=True), 1):
        x, y = points(node)
        expected = 1000 * (np.percentile(ppm[region], (5, 25, 50, 75, 95)) - ppm[REGIONS["CSF"]].mean())
        np.testing.assert_allclose(np.unique(y.round(4)), expected, atol=1e-3)
        assert x.mean() == pytest.approx(place, abs=0.2) and np.ptp(x) < 1
        assert node.GetPlotType() == node.PlotTypeScatter
    assert chart.GetYAxisTitle() == "map relative to CSF [ppb]"
    assert chart.GetXAxisTitle() == "Region"


NAMES = ("Caudate", "Substantia nigra", "Dentate nucleus", "Cerebrospinal fluid", "Veins", "Red nucleus", "Pallidum")


@pytest.mark.parametrize("count", [1, 2, 6, 13])
@pytest.mark.parametrize("size", [(420, 200), (900, 500)])
def test_nothing_hides_the_boxes_and_nothing_is_cut_off(logic, ppm, count, size):
    """In the small plot view beside slices and table as well as in a large one."""
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen (EGL or its driver is missing)")
    regions = {f"{NAMES[n % 7]} {n // 7}": np.roll(LEFT, n, axis=2) for n in range(count)}
    qsm = add_map(ppm, "susceptibility", "ppm")
    table = logic.regionTable(segmentation(regions, qsm), qsm, reference="Caudate 0")
    view = ChartView(logic.regionPlot(table, "box"), size)
    assert len(series(view.node)) == count
    assert view.hidden_by_legend() == 0
    assert view.cut_off() == []
    assert bool(view.node.GetLegendVisibility()) == (1 < count <= 6)


def test_subjects_over_time_are_not_hidden_by_their_names(logic, table):
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen (EGL or its driver is missing)")
    study = None
    for subject in ("control 1", "control 2", "patient with a long name"):
        for time in ("1", "2.5"):
            study = logic.addToStudy(table, study, subject, time, time)
    view = ChartView(logic.regionPlot(study, "time", "caudate_l", "map"), (420, 200))
    assert (view.hidden_by_legend(), view.cut_off()) == (0, [])


def test_histogram_counts_each_voxel_once(logic, table, ppm):
    chart = logic.regionPlot(table, "histogram", "caudate_l", "map")
    x, y = points(*series(chart))
    counts = y[1:-1:2]
    assert counts.sum() == LEFT.sum()
    values = 1000 * (ppm[LEFT] - ppm[REGIONS["CSF"]].mean())
    assert (x.min(), x.max()) == pytest.approx((values.min(), values.max()), abs=1e-2)


def test_one_map_against_another_has_a_point_for_each_region(logic, table, ppm):
    (node,) = series(logic.regionPlot(table, "scatter", "R2star", "map"))
    x, y = points(node)
    np.testing.assert_allclose(x, [30 + 100 * ppm[r].mean() for r in REGIONS.values()], rtol=1e-5)
    np.testing.assert_allclose(np.diff(y), np.diff([1000 * ppm[r].mean() for r in REGIONS.values()]), atol=1e-3)
    labels = node.GetTableNode().GetTable().GetColumnByName(node.GetLabelColumnName())
    assert [labels.GetValue(n) for n in range(3)] == list(REGIONS)


@pytest.mark.parametrize(
    "times", [("40", "41.5", "38"), ("2020-01-01", "2021-07-02", "2018-01-01")], ids=["ages", "dates"]
)
def test_study_over_time_has_a_line_for_each_subject(logic, table, times):
    study = None
    for subject, session, time in zip(("01", "01", "02"), ("a", "b", "a"), times, strict=True):
        study = logic.addToStudy(table, study, subject, session, time)
    first, second = series(logic.regionPlot(study, "time", "caudate_l", "map"))
    assert (first.GetName(), second.GetName()) == ("01", "02")
    assert np.diff(points(first)[0])[0] == pytest.approx(1.5, abs=0.01)
    assert points(first)[0][0] - points(second)[0][0] == pytest.approx(2, abs=0.01)


def test_plotting_again_fills_the_same_chart(logic, table):
    chart = logic.regionPlot(table, "box", "map")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert logic.regionPlot(table, "box", "R2star") is chart
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


@pytest.mark.parametrize("plot", [("box",), ("histogram", "CSF"), ("scatter", "R2star", "map")])
def test_plots_are_written_as_drawings(logic, table, tmp_path, plot):
    (path,) = logic.regionPlot(table, *plot, path=tmp_path / "plot.svg")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<svg") and ("ppb" in text or "1/s" in text)


BAD = {
    "another ending": (("box",), "plot.jpg", "must end in"),
    "unknown kind": (("pie",), "plot.svg", "no plot 'pie'"),
    "unknown region": (("histogram", "pons"), "plot.svg", "no 'pons'"),
    "study of no study": (("time", "CSF", "map"), "plot.svg", "not the table of a study"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_plots_are_refused_and_leave_nothing(logic, table, tmp_path, case):
    plot, name, reason = BAD[case]
    with pytest.raises(QSMError, match=reason):
        logic.regionPlot(table, *plot, path=tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_chart_of_an_unknown_kind_is_refused(logic, table):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(QSMError, match="no plot 'pie'.*box, histogram, scatter or time"):
        logic.regionPlot(table, "pie")
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_study_grows_and_refuses_what_does_not_fit(logic, table, ppm, tmp_path):
    study = logic.addToStudy(table, None, "01", "a", "0")
    assert study.GetNumberOfRows() == 6
    with pytest.raises(QSMError, match="has subject 01 session a"):
        logic.addToStudy(table, study, "01", "a", "0")
    logic.addToStudy(table, study, "01", "a", "0", replace=True)
    assert study.GetNumberOfRows() == 6
    from QSMLib.regions.measure import recalled

    again = recalled(table)
    other = logic.regionTable(again.regions, list(again.maps), unit="ppb", reference="CSF", erosionMm=0.1)
    with pytest.raises(QSMError, match="same settings|mixed settings"):
        logic.addToStudy(other, study, "02")
    assert study.GetNumberOfRows() == 6
    logic.addToStudy(other, study, "02", mixedSettings=True)
    flags = study.GetTable().GetColumnByName("mixed_settings")
    assert [flags.GetValue(n) for n in range(12)] == ["yes"] * 12
    path = tmp_path / "study.csv"
    logic.addToStudy(table, path, "01")
    logic.addToStudy(table, path, "02")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 13
    with pytest.raises(QSMError, match="not the table of a study"):
        logic.addToStudy(table, table, "03")
