"""A new column of the region table needs nothing but its entry, in the scene, too."""

import json

import numpy as np
import pytest
import slicer
from helpers.nodes import SHAPE, segmentation
from helpers.region_nodes import LEFT, REGIONS, add_map, column, texts
from standin import segment_statistics as slicers

from QSMLogic import QSMError
from QSMLogic.regions import columns
from QSMLogic.regions.column import Column, SegmentStatistic, shifted

PLUGIN = "QSMSegmentStatisticsPlugin"
UNDECLARED = columns.COLUMNS


def skewness(sample):
    difference = sample.values - sample.mean()
    return sample.average(difference**3) / sample.average(difference**2) ** 1.5


def midrange(sample):
    return (sample.quantile(0) + sample.quantile(1)) / 2


NEW = (
    Column(
        "test_moment",
        "Made-up moment",
        "Third standardized moment",
        statistic=skewness,
        segment_statistics=SegmentStatistic(derivation=("KE2A", "IBSI", "Intensity Skewness"), default=False),
    ),
    Column(
        "mean_extreme",  # begins like another column
        "Mid-range",
        "Mean of the smallest and the largest value",
        "map",
        statistic=midrange,
        relative=shifted,
        segment_statistics=SegmentStatistic("midrange"),
    ),
)


def declare(monkeypatch):
    """The new columns before the others, as if their entries stood in the file of the columns."""
    every = (*UNDECLARED[:3], *NEW, *UNDECLARED[3:])
    monkeypatch.setattr("QSMLogic.regions.columns.COLUMNS", every)
    monkeypatch.setattr("QSMLogic.regions.columns.STUDY_COLUMNS", (*columns.SCAN_COLUMNS, *every))


@pytest.fixture
def ppm(scene):
    return np.random.default_rng(1).gamma(2, 0.05, SHAPE).astype(np.float32)


@pytest.fixture
def qsm(ppm):
    return add_map(ppm, "map", "ppm")


@pytest.fixture
def drawn(qsm):
    return segmentation(REGIONS, qsm)


def expected(ppm, region, reference):
    values, zero = ppm[region].astype(float), ppm[reference].mean(dtype=float)
    third = ((values - values.mean()) ** 3).mean() / values.std() ** 3
    return third, 1000 * ((values.min() + values.max()) / 2 - zero)


def test_a_new_column_is_in_the_table_node_its_files_and_the_report(logic, qsm, drawn, ppm, tmp_path, monkeypatch):
    from QSMLib.regions.tables import read_table

    declare(monkeypatch)
    table = logic.regionTable(drawn, qsm, unit="ppb", reference="CSF")
    wanted = expected(ppm, LEFT, REGIONS["CSF"])
    assert (column(table, "test_moment")[0], column(table, "mean_extreme_ppb")[0]) == pytest.approx(wanted, rel=1e-4)
    assert table.GetColumnUnitLabel("mean_extreme_ppb") == "ppb" and table.GetColumnUnitLabel("test_moment") == ""
    assert table.GetColumnTitle("mean_extreme_ppb") == "Mid-range"
    assert table.GetColumnDescription("test_moment") == "Third standardized moment"
    row = read_table(table).rows[0]
    assert (row["test_moment"], row["mean_extreme"]) == pytest.approx(wanted, rel=1e-4)
    assert row["mean"] == column(table, "mean_ppb")[0]
    _, dictionary = logic.saveRegions(table, tmp_path / "t.tsv")
    assert json.loads(dictionary.read_text(encoding="utf-8"))["mean_extreme_ppb"]["Units"] == "ppb"
    (page,) = logic.saveRegions(table, tmp_path / "t.html")
    assert "Mid-range<br>(ppb)" in page.read_text(encoding="utf-8")


def test_tables_from_before_a_column_stay_readable_and_studies_go_on(logic, qsm, drawn, monkeypatch):
    from QSMLib.regions.study import read_study
    from QSMLib.regions.tables import read_table

    table = logic.regionTable(drawn, qsm)
    study = logic.addToStudy(table, None, "01")
    declare(monkeypatch)
    assert [row["test_moment"] for row in read_table(table).rows] == [None] * 3
    assert read_table(table).rows[0]["mean"] == column(table, "mean_ppm")[0]
    logic.addToStudy(logic.regionTable(drawn, qsm, table), study, "02")
    assert texts(study, "subject") == ["01"] * 3 + ["02"] * 3
    known = np.isfinite(column(study, "mean_extreme_ppm"))
    assert known.tolist() == [False] * 3 + [True] * 3
    assert [row["test_moment"] is None for row in read_study(study).rows] == [True] * 3 + [False] * 3


def test_a_study_with_a_column_of_a_newer_version_is_not_robbed_of_it(logic, qsm, drawn, monkeypatch):
    with monkeypatch.context() as newer:
        declare(newer)
        study = logic.addToStudy(logic.regionTable(drawn, qsm), None, "01")
    before = column(study, "test_moment")
    with pytest.raises(QSMError, match="unknown columns test_moment, mean_extreme_ppm"):
        logic.addToStudy(logic.regionTable(drawn, qsm), study, "02")
    assert column(study, "test_moment") == before


@pytest.mark.parametrize("required", [c.key for c in columns.COLUMNS if c.required])
def test_a_table_that_lost_a_required_column_is_refused(logic, qsm, drawn, required):
    from QSMLib.regions.tables import read_table

    table = logic.regionTable(drawn, qsm)
    (title, name) = next((c.title, c.header("ppm")) for c in columns.COLUMNS if c.key == required)
    table.RemoveColumn(table.GetColumnIndex(name))
    with pytest.raises(QSMError, match=f"lost columns .*{title}"):
        read_table(table)


@pytest.fixture
def statistics(loaded, qsm, drawn):
    """A function: (values of the left caudate, what is told of them, the plug-in) in Segment Statistics."""

    def compute():
        slicers.install()
        from QSMLib.regions import segment_statistics

        segment_statistics.register()
        from SegmentStatistics import SegmentStatisticsLogic

        logic = SegmentStatisticsLogic()
        logic.getParameterNode().SetParameter("Segmentation", drawn.GetID())
        logic.getParameterNode().SetParameter("ScalarVolume", qsm.GetID())
        logic.computeStatistics()
        found = logic.getStatistics()
        (plugin,) = [plugin for plugin in logic.plugins if type(plugin).__name__ == PLUGIN]
        values = {key[1]: value for key, value in found.items() if key[0] == "id_caudate_l"}
        return values, found["MeasurementInfo"], plugin

    return compute


def test_segment_statistics_shows_every_column_that_says_so(statistics, logic, qsm, drawn, ppm):
    qsm.SetNodeReferenceID("QSM.Uncertainty", add_map(np.abs(ppm), "uncertainty", "ppm").GetID())
    values, told, plugin = statistics()
    table = logic.regionTable(drawn, qsm)
    shown = {c.segment_statistics.key or c.key: c for c in columns.COLUMNS if c.segment_statistics}
    assert list(shown) == plugin.keys and len(shown) == len({c.key for c in shown.values()})
    for key, entry in shown.items():
        name = entry.header("ppm")
        assert values[f"{PLUGIN}.{key}"] == pytest.approx(column(table, name)[0], abs=1e-9)
        assert told[f"{PLUGIN}.{key}"]["units"] == table.GetColumnUnitLabel(name)
        assert told[f"{PLUGIN}.{key}"]["description"] == entry.meaning


def test_segment_statistics_shows_a_new_column(statistics, ppm, monkeypatch):
    declare(monkeypatch)
    values, told, plugin = statistics()
    skew, middle = expected(ppm, LEFT, np.ones(SHAPE, bool))
    middle = middle / 1000 + ppm.mean(dtype=float)
    assert (values[f"{PLUGIN}.test_moment"], values[f"{PLUGIN}.midrange"]) == pytest.approx((skew, middle), rel=1e-5)
    assert told[f"{PLUGIN}.midrange"]["units"] == "ppm" and "[ppm]" in told[f"{PLUGIN}.midrange"]["DICOM.UnitsCode"]
    assert "KE2A" in told[f"{PLUGIN}.test_moment"]["DICOM.DerivationCode"]
    assert "no units" in told[f"{PLUGIN}.test_moment"]["DICOM.UnitsCode"]
    assert "midrange" in plugin.defaultKeys and "test_moment" not in plugin.defaultKeys
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
