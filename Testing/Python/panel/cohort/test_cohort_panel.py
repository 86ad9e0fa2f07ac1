"""The panel of QSM Cohort: it opens at once, explains itself, fits, and keeps its state in the scene."""

import importlib.util
import os

import pytest
import slicer
from helpers.panel_cohort import names, write_record
from standin.tooltips import plain
from standin.waiting import wait_until
from standin.widget_pictures import clipped, has_font, lay_out


def test_every_widget_has_a_tooltip_and_short_texts(cohort):
    import qt

    kinds = (qt.QPushButton, qt.QToolButton, qt.QComboBox, qt.QLineEdit, qt.QCheckBox, qt.QAbstractSpinBox)
    widgets = [widget for widget in vars(cohort.widget.ui).values() if isinstance(widget, kinds)]
    widgets = [widget for widget in widgets if not widget.objectName.startswith("qt_")]
    assert len(widgets) > 12
    for widget in widgets:
        assert widget.toolTip, widget.objectName
        assert len(getattr(widget, "text", "")) <= 21, widget.objectName


@pytest.mark.parametrize("width", [380, 800])
def test_nothing_is_clipped(cohort, panel, width, tmp_path, monkeypatch):
    import qt
    from QSMLib.panel.cohort import dask

    if not has_font(qt.QApplication):
        pytest.skip("there is no font")
    monkeypatch.setattr(dask, "missing_packages", lambda: ["dask"])
    write_record(panel.state.output, "sub-01", "failed", "The phase is missing.", quality={"snr": 12.3})
    panel.update()
    panel.table.show("")
    panel.state.source = "file"
    assert wait_until(lambda: names(panel) == ["sub-01"], 10)
    panel.table.select("sub-01")
    panel.ui.statusLabel.text = "112 of 200 scans, 14 failed, about 3 h 20 min left."
    panel.ui.dashboardLabel.text = '<a href="http://127.0.0.1">Dashboard</a>'
    panel.ui.dashboardLabel.setVisible(True)
    panel.ui.logButton.checked = True
    lay_out(cohort.panel, width)
    assert cohort.panel.width == width
    assert clipped(cohort.panel) == []


def test_start_says_what_is_missing(cohort, tmp_path):
    panel = cohort.widget.panel
    tip = lambda: plain(panel.ui.startButton.toolTip)  # noqa: E731
    assert not panel.ui.startButton.enabled and "Choose a BIDS folder" in tip()
    panel.ui.inputFolderEdit.currentPath = str(tmp_path / "nowhere")
    assert "no folder" in tip()
    panel.ui.inputFolderEdit.currentPath = str(tmp_path)
    assert "Choose a work folder" in tip()  # as for DICOM files
    (tmp_path / "sub-01").mkdir()
    panel.update()
    assert panel.ui.startButton.enabled, tip()
    assert panel.ui.outputFolderEdit.currentPath == os.path.join(str(tmp_path), "derivatives", "QSM")
    panel.ui.outputFolderEdit.currentPath = str(tmp_path)
    assert "folder of their own" in tip()
    panel.ui.outputFolderEdit.currentPath = ""
    assert "folder for the results" in tip()
    panel.state.output, panel.state.source = str(tmp_path / "out"), "file"
    assert "settings file" in tip()
    panel.state.source, panel.state.atlas = "", str(tmp_path / "nowhere")
    assert "folder of an atlas" in tip()


def test_what_is_chosen_is_kept_in_the_scene(panel):
    box = panel.ui.settingsBox
    box.currentIndex = box.findData("brain-fast")
    box.activated.emit(box.currentIndex)
    panel.settings.boxes["swi"].checked = True
    panel.ui.workersBox.value = 3
    state, chosen = panel.state, (panel.state.root, panel.state.output)
    assert (state.source, state.maps, state.workers) == ("brain-fast", ["swi"], 3)
    text = slicer.mrmlScene
    text.SetSaveToXMLString(1)
    text.Commit()
    xml = text.GetSceneXMLString()
    slicer.mrmlScene.Clear(0)
    assert (panel.state.root, panel.state.maps, panel.ui.workersBox.value) == ("", [], 0)
    assert not panel.settings.boxes["swi"].checked and box.currentIndex == 0
    slicer.mrmlScene.SetLoadFromXMLString(1)
    slicer.mrmlScene.SetSceneXMLString(xml)
    slicer.mrmlScene.Import()
    assert (panel.state.root, panel.state.output) == chosen == (panel.state.root, panel.ui.outputFolderEdit.currentPath)
    assert panel.settings.boxes["swi"].checked and panel.ui.workersBox.value == 3
    assert box.itemData(box.currentIndex) == "brain-fast"


def test_panel_opened_twice_observes_the_scene_once(cohort):
    count = len(cohort.widget.panel.Observations)
    cohort.exit()
    cohort.enter()
    slicer.mrmlScene.Clear(0)
    assert len(cohort.widget.panel.Observations) == count


def test_reloading_keeps_the_state(cohort, panel, packages):
    root, panel_class = panel.state.root, type(panel)
    cohort.widget.onReload()
    anew = slicer.modules.QSMCohortWidget.panel
    assert type(anew) is not panel_class and anew.ui.inputFolderEdit.currentPath == root
    slicer.modules.QSMCohortWidget.cleanup()


@pytest.fixture
def without_dask(monkeypatch):
    """Dask is not there until the list is emptied."""
    lacking, real = ["dask", "distributed"], importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name in lacking else real(name, *more))
    return lacking


@pytest.mark.parametrize("agreed, status", [(True, 0), (True, 1), (False, None)])
def test_dask_is_installed_on_the_users_word_only(without_dask, cohort, session, monkeypatch, agreed, status):
    from QSMLib.panel import packages

    panel, asked = cohort.widget.panel, []

    def install(wanted, on_line, on_end):
        asked.append((wanted, on_end))
        on_line("Collecting dask")

    monkeypatch.setattr(packages, "install", install)
    panel.update()
    assert panel.ui.daskButton.isVisibleTo(cohort.panel) and "one scan" in panel.ui.daskLabel.text
    session.answers[:] = [agreed]
    panel.ui.daskButton.click()
    assert "pypi.org" in session.messages[-1].text
    assert [wanted for wanted, _ in asked] == ([["dask", "distributed"]] if agreed else [])
    if agreed:
        assert not panel.ui.daskButton.enabled and "Collecting dask" in panel.work.log
        if status == 0:
            without_dask.clear()
        asked[0][1](status)
        assert panel.ui.daskButton.isVisibleTo(cohort.panel) == bool(status)
        assert ("could not be installed" in panel.ui.daskLabel.text) == bool(status)


def test_dask_that_is_there_is_not_spoken_of(cohort, monkeypatch):
    from QSMLib.panel.cohort import dask

    monkeypatch.setattr(dask, "missing_packages", lambda: [])
    cohort.widget.panel.update()
    assert not cohort.widget.panel.ui.daskLabel.isVisibleTo(cohort.panel)
