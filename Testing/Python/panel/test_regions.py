"""The section Regions measures the chosen maps in the chosen regions, and hands the values on."""

import numpy as np
import pytest
import slicer
from standin.scene_files import close_scene, load_scene, save_scene
from standin.waiting import wait_until

NAMES = ["Paramagnetic", "Diamagnetic"]


@pytest.fixture
def panel(loaded):
    """The panel with the simulated spheres, a map of them and their segmentation chosen."""
    from QSMLib.scan import sample
    from QSMLib.scan.units import set_unit

    magnitude, _, segmentation = sample.add_spheres()
    loaded.enter()
    panel = loaded.widget.panel
    volume = add_volume(panel, "Spheres QSM")
    set_unit(volume, "ppm")
    volume.SetAttribute("QSM.Version", "1")
    volume.SetAttribute("QSM.Map", "QSM")
    panel.state.result = volume
    panel.ui.regionsButton.collapsed = False
    panel.ui.regionSelector.setCurrentNode(segmentation)
    panel.drawn, panel.volume, panel.magnitude = segmentation, volume, magnitude[0]
    return panel


def add_volume(panel, name):
    magnitude = panel.state.rows[0][0]
    voxels = np.random.default_rng(0).normal(0.02, 0.05, slicer.util.arrayFromVolume(magnitude).shape)
    volume = slicer.util.addVolumeFromArray(voxels.astype(np.float32), None, name)
    volume.CopyOrientation(magnitude)
    return volume


def inside(panel, name):
    reference = panel.volume
    return slicer.util.arrayFromSegmentBinaryLabelmap(panel.drawn, name, reference) > 0


def choose(box, data):
    box.currentIndex = box.findData(data)
    box.activated.emit(box.currentIndex)


def measure(panel):
    panel.ui.measureButton.click()
    return panel.region_results.node


def tick(panel, name, on=True):
    import qt

    table = panel.ui.regionMapsTable
    (row,) = [n for n in range(table.rowCount) if table.item(n, 0).text() == name]
    table.item(row, 0).setCheckState(qt.Qt.Checked if on else qt.Qt.Unchecked)
    qt.QApplication.processEvents()
    return row


def column(table, name):
    return list(slicer.util.arrayFromTableColumn(table, name))


def entries(menu, press=None):
    """{text: action} of a menu, filled as it is when it opens; also of the menus below it."""
    if press is None:
        menu.aboutToShow.emit()
    found = {}
    for action in menu.actions():
        below = action.menu() if hasattr(action, "menu") else None
        found |= {f"{action.text}/{k}": v for k, v in entries(below, 1).items()} if below else {action.text: action}
    return found


def test_measures_the_result_at_one_click_and_shows_the_table(panel):
    table = measure(panel)
    values = slicer.util.arrayFromVolume(panel.volume)
    expected = [np.median(values[inside(panel, name)]) for name in NAMES]
    assert column(table, "median_ppm")[:2] == pytest.approx(expected, abs=1e-6)
    assert table.GetCellText(2, 0) == "Whole brain"
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveTableID() == table.GetID()
    shown = panel.ui.regionResultsTable
    assert [shown.item(n, 0).text() for n in range(2)] == NAMES
    assert float(shown.item(0, 1).text()) == pytest.approx(values[inside(panel, NAMES[0])].mean(), abs=1e-4)
    assert measure(panel) is table


def test_all_that_is_chosen_counts(panel):
    tick(panel, panel.magnitude.GetName())
    choose(panel.ui.regionUnitBox, "ppb")
    choose(panel.ui.referenceBox, NAMES[1])
    choose(panel.ui.edgesBox, "weights")
    panel.ui.erosionBox.value = 2.5
    from QSMLib.regions.measure import recalled

    measurement = recalled(measure(panel))
    assert measurement.maps == (panel.volume, panel.magnitude)
    assert (measurement.unit, measurement.reference, measurement.erosion_mm) == ("ppb", NAMES[1], 2.5)
    assert measurement.edges == "weights"
    assert column(panel.region_results.node, "mean")[1] == 0


def test_map_without_unit_is_asked_for_it(panel):
    other = add_volume(panel, "bare")
    assert wait_until(lambda: panel.ui.regionMapsTable.rowCount == 3, 5)
    row = tick(panel, "bare")
    assert not panel.ui.measureButton.enabled
    assert "bare has no unit" in panel.ui.measureButton.toolTip
    panel.ui.regionMapsTable.item(row, 1).setText("ms")
    assert wait_until(lambda: panel.ui.measureButton.enabled, 5)
    assert other.GetVoxelValueUnits().GetCodeValue() == "ms"
    table = measure(panel)
    assert table.GetCellText(3, table.GetColumnIndex("unit")) == "ms"


def test_what_is_missing_is_told(panel):
    panel.ui.regionSelector.setCurrentNode(None)
    assert not panel.ui.measureButton.enabled
    assert "segmentation or a label map" in panel.ui.measureButton.toolTip
    assert "Measure first" in panel.ui.regionSaveButton.toolTip
    panel.ui.regionSelector.setCurrentNode(panel.drawn)
    measure(panel)
    assert panel.ui.regionSaveButton.enabled and not panel.ui.addToStudyButton.enabled
    assert "subject" in panel.ui.addToStudyButton.toolTip


def test_bad_regions_are_told_and_nothing_is_lost(panel):
    table = measure(panel)
    before = column(table, "mean_ppm")
    panel.drawn.GetSegmentation().GetSegment(NAMES[0]).SetName(NAMES[1])
    panel.ui.measureButton.click()
    assert "Two regions are called" in panel.ui.regionsLabel.text
    assert column(table, "mean_ppm") == before


def test_reference_follows_the_segments(panel):
    panel.drawn.GetSegmentation().GetSegment(NAMES[1]).SetName("CSF")
    assert panel.ui.referenceBox.findData("CSF") > 0
    choose(panel.ui.referenceBox, "CSF")
    panel.drawn.GetSegmentation().RemoveSegment(NAMES[1])
    assert not panel.ui.measureButton.enabled
    assert "no region 'CSF'" in panel.ui.measureButton.toolTip


def test_another_result_gets_a_table_of_its_own(panel):
    first = measure(panel)
    other = add_volume(panel, "Second QSM")
    other.SetAttribute("QSM.Version", "1")
    from QSMLib.scan.units import set_unit

    set_unit(other, "ppm")
    panel.state.result = other
    assert panel.regions.maps == [other]
    second = measure(panel)
    assert second is not first
    panel.state.result = panel.volume
    assert panel.regions.maps == [panel.volume]


def test_plots_are_shown(panel):
    tick(panel, panel.magnitude.GetName())
    measure(panel)
    selection = slicer.app.applicationLogic().GetSelectionNode()
    for kind in ("Box plot", "Histogram", "against"):
        actions = entries(panel.region_results.plot_menu)
        next(action for text, action in actions.items() if kind in text).trigger()
        charts = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
        assert selection.GetActivePlotChartID() == charts[-1].GetID()
    assert len(charts) == 3


FILES = (("Table", "t.csv"), ("Table", "t.tsv"), ("Report", "t.html"), ("Plot", "t.svg"), ("Plot", "t.png"))


def test_files_are_saved_where_the_user_says(panel, tmp_path, monkeypatch):
    import qt

    measure(panel)
    for entry, name in FILES:
        path = str(tmp_path / name)
        monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments, path=path: path)
        actions = entries(panel.region_results.save_menu)
        next(action for text, action in actions.items() if text.startswith(entry)).trigger()
        assert (tmp_path / name).stat().st_size > 300
        assert f"Saved {name}" in panel.ui.regionsLabel.text
    image = qt.QImage(path)
    assert image.width() > 800
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 3


def test_python_measures_as_the_panel_does(panel):
    tick(panel, panel.magnitude.GetName())
    choose(panel.ui.regionUnitBox, "ppb")
    choose(panel.ui.referenceBox, NAMES[1])
    panel.ui.erosionBox.value = 2.5
    means = column(measure(panel), "mean")
    entries(panel.region_results.save_menu)["Copy as Python"].trigger()
    names = {"slicer": slicer}
    exec(slicer.app.clipboard().text(), names)
    assert names["table"] is not panel.region_results.node
    assert column(names["table"], "mean") == means


def test_place_that_cannot_be_written_is_told(panel, tmp_path, monkeypatch):
    import qt

    measure(panel)
    (tmp_path / "t.csv").mkdir()
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(tmp_path / "t.csv"))
    entries(panel.region_results.save_menu)["Table..."].trigger()
    assert "Cannot write" in panel.ui.regionsLabel.text


def test_study_grows_in_the_scene_and_in_a_file(panel, tmp_path, monkeypatch):
    measure(panel)
    for name, text in (("subjectEdit", "01"), ("timeEdit", "34")):
        edit = getattr(panel.ui, name)
        edit.text = text
        edit.editingFinished.emit()
    panel.ui.addToStudyButton.click()
    study = panel.regions.choices.study
    assert study.GetNumberOfRows() == 3
    panel.ui.addToStudyButton.click()
    assert "has subject 01" in panel.ui.regionsLabel.text
    assert study.GetNumberOfRows() == 3
    panel.ui.sessionEdit.text = "b"
    panel.ui.sessionEdit.editingFinished.emit()
    panel.ui.addToStudyButton.click()
    assert study.GetNumberOfRows() == 6
    monkeypatch.setattr(panel.region_results, "ask_study_file", lambda: str(tmp_path / "study.csv"))
    panel.ui.addToFileButton.click()
    assert len((tmp_path / "study.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert any("over time" in text for text in entries(panel.region_results.plot_menu))


def test_saved_scene_brings_choices_and_values_back(panel, tmp_path):
    choose(panel.ui.regionUnitBox, "ppb")
    panel.ui.erosionBox.value = 1.0
    before = column(measure(panel), "mean_ppb")
    save_scene(tmp_path / "regions.mrb")
    close_scene()
    assert panel.ui.regionResultsTable.isHidden()
    load_scene(tmp_path / "regions.mrb")
    assert panel.ui.regionUnitBox.currentText == "ppb"
    assert panel.ui.erosionBox.value == 1.0
    assert panel.ui.regionSelector.currentNode().GetName() == panel.state.result.GetName().replace(
        "Spheres QSM", "Segmentation"
    )
    assert column(panel.region_results.node, "mean_ppb")[:2] == pytest.approx(before[:2])
    assert column(panel.region_results.node, "mean_ppb") == pytest.approx(before, rel=1e-5)  # Slicer keeps six digits
    shown = panel.ui.regionResultsTable
    assert [shown.item(n, 0).text() for n in range(2)] == NAMES


def test_dialogues_open_without_a_wait_cursor_and_files_are_written_under_one(panel, tmp_path, monkeypatch):
    import qt
    from QSMLib.regions import exports

    cursors, write = [], exports.save_table
    path = str(tmp_path / "table.csv")
    shape = lambda: qt.QApplication.overrideCursor() and qt.QApplication.overrideCursor().shape()  # noqa: E731
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: cursors.append(shape()) or path)
    monkeypatch.setattr(exports, "save_table", lambda *given: cursors.append(shape()) or write(*given))
    measure(panel)
    panel.region_results.save_menu.aboutToShow.emit()
    panel.region_results.save_menu.actions()[0].trigger()
    assert cursors == [None, qt.Qt.WaitCursor]
    assert shape() is None


def test_table_that_has_lost_columns_offers_no_plots(panel):
    node = measure(panel)
    node.RemoveColumn(node.GetColumnIndex("segment"))
    panel.update()
    assert "has lost columns" in panel.ui.regionPlotButton.toolTip
    assert not panel.ui.regionPlotButton.enabled and not panel.ui.regionSaveButton.enabled


def test_without_a_main_window_values_are_shown_all_the_same(panel, monkeypatch):
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    assert measure(panel) is not None
    assert panel.ui.regionResultsTable.rowCount == 3


@pytest.mark.parametrize("lesion", ["Lesion #1", " with a blank"])
def test_tables_are_the_same_after_saving_whatever_the_names(panel, tmp_path, lesion):
    """In the files of Slicer's tables, # begins a comment, a quotation mark a text, and blanks are skipped."""
    names = [lesion, 'the "red" one']
    for n, name in enumerate(names):
        panel.drawn.GetSegmentation().GetNthSegment(n).SetName(name)
    measure(panel)
    for edit, text in ((panel.ui.subjectEdit, "case #7"), (panel.ui.timeEdit, "40")):
        edit.text = text
        edit.editingFinished.emit()
    panel.ui.addToStudyButton.click()
    panel.region_results.plot("box", "susceptibility")
    before = study_of(panel).rows
    save_scene(tmp_path / "study.mrb")
    close_scene()
    load_scene(tmp_path / "study.mrb")
    assert len(study_of(panel).rows) == len(before) == 3
    for row, saved in zip(study_of(panel).rows, before, strict=True):  # Slicer keeps six digits
        assert row == {key: pytest.approx(x, rel=1e-4) if isinstance(x, float) else x for key, x in saved.items()}
    assert [row["segment"] for row in before] == [*names, "Whole brain"]
    assert [panel.ui.regionResultsTable.item(n, 0).text() for n in range(2)] == names
    panel.region_results.plot("histogram", names[0], "susceptibility")
    chart = panel.region_results.node.GetNodeReference("QSM.BoxChart")
    for n in range(chart.GetNumberOfPlotSeriesNodes()):
        series = chart.GetNthPlotSeriesNode(n)
        assert series.GetTableNode().GetColumnIndex(series.GetXColumnName()) >= 0


def study_of(panel):
    from QSMLib.regions.study import read_study

    return read_study(panel.regions.choices.study)
