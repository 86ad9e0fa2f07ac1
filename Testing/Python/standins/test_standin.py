"""The stand-in for Slicer behaves as Slicer does: PythonQt's rules, the application, its pop-ups and modules."""

import time

import pytest
import slicer
import slicer.util
from standin.application import qt
from standin.pythonqt import slot_errors, warnings
from standin.tooltips import plain
from standin.waiting import EventLoopWatch, wait_until


def test_properties_are_attributes_and_setters_stay(session):
    label = qt.QLabel("before")
    assert label.text == "before"
    label.text = "after"
    with pytest.raises(TypeError):
        label.text()
    label.setText("set")
    assert (label.text, label.visible, label.enabled, label.className()) == ("set", False, True, "QLabel")
    label.name = "title"
    assert (label.objectName, label.name) == ("title", "title")


def test_methods_that_are_no_properties_stay_methods(session):
    table, combo = qt.QTableWidget(2, 3), qt.QComboBox()
    table.setItem(0, 1, qt.QTableWidgetItem("cell"))
    combo.addItem("first", "a")
    combo.addItem("second", "b")
    assert (table.rowCount, table.columnCount, table.item(0, 1).text()) == (2, 3, "cell")
    assert (combo.findData("b"), combo.itemData(1), combo.currentData, combo.count) == (1, "b", "a", 2)


def test_cpp_objects_take_no_new_attributes(session):
    table = qt.QTableWidget(1, 1)
    for thing in (qt.QPushButton(), table, table.horizontalHeader()):
        with pytest.raises(AttributeError, match="tooltip"):
            thing.tooltip = "a typo of toolTip"
        thing.toolTip = "right"
        assert plain(thing.toolTip) == "right"


def test_a_class_of_ones_own_takes_attributes(session):
    class Watcher(qt.QObject):
        pass

    watcher = Watcher()
    watcher.seen = 3
    assert watcher.seen == 3


def test_objects_that_qt_made_follow_the_rules_too(session):
    table = qt.QTableWidget(1, 1)
    header = table.horizontalHeader()
    header.stretchLastSection = True
    assert header.stretchLastSection is True


def test_children_and_dynamic_properties_are_attributes(session):
    parent = qt.QWidget()
    child = qt.QLabel("x", parent)
    child.name = "child"
    parent.setProperty("SlicerParameterName", "volume")
    assert (parent.child, parent.SlicerParameterName) == (child, "volume")
    with pytest.raises(AttributeError):
        _ = parent.stranger


def test_slots_get_as_many_arguments_as_they_take(session):
    button, calls = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda: calls.append("none"))
    button.clicked.connect(lambda checked: calls.append(checked))
    button.connect("clicked(bool)", lambda *arguments: calls.append(arguments))
    button.connect("clicked(bool)", lambda row=7: calls.append(row))  # a default is overwritten, as in PythonQt
    button.click()
    assert calls == ["none", False, (False,), False]


def test_disconnecting(session):
    button, calls = qt.QPushButton(), []
    button.connect("clicked()", calls.clear)
    assert button.disconnect("clicked()", calls.clear)
    assert not button.disconnect("clicked()", calls.clear)
    calls.append(1)
    button.click()
    assert calls == [1]


def test_unknown_signal_warns_and_is_not_connected(session, capsys):
    button = qt.QPushButton()
    assert button.connect("pressd()", print) is False
    assert button.disconnect("pressd()", print) is False
    assert slicer.app.connect("startupComplete()", print) is False
    told = capsys.readouterr().err
    for text in ("connect() signal 'pressd()' does not exist on QPushButton", "exist on qSlicerApplication"):
        assert text in told and any(text in warning for warning in warnings)
    assert len(warnings) == 3
    warnings.clear()


# classes by the method that PythonQt's generated wrappers ask (__nonzero__ in com_trolltech_qt_*.h)
ASKED = {
    "isEmpty": "QByteArray QRect QRectF QSize QSizeF QUrl QMenu QFormLayout QGridLayout QHBoxLayout QVBoxLayout"
    " QStackedLayout QKeySequence QRegion QPolygon QPainterPath QTextDocument QProcessEnvironment",
    "isValid": "QModelIndex QColor QDate QTime QDateTime QTextBlock QMovie",
    "isNull": "QIcon QPixmap QImage QPoint QPointF QMargins QUuid QLine",
}


@pytest.mark.parametrize(("method", "kind"), [(method, kind) for method in ASKED for kind in ASKED[method].split()])
def test_what_is_empty_null_or_not_valid_is_false(session, method, kind):
    value = getattr(qt, kind)()
    assert getattr(value, method)() == (method != "isValid")
    assert not value


def test_what_is_filled_is_true(session):
    widget = qt.QWidget()
    layout, menu = qt.QVBoxLayout(widget), qt.QMenu()
    layout.addWidget(qt.QLabel())
    menu.addAction("x")
    for value in (layout, menu, widget, qt.QSize(1, 1), qt.QByteArray(b"x"), qt.QUrl("file:///x"), qt.QColor("red")):
        assert value


def test_widgets_of_python_must_not_be_deleted_by_qt(session):
    """PythonQtInstanceWrapper.cpp, PythonQtInstanceWrapper_deleteObject: what has no parent goes with its wrapper."""
    parent = qt.QWidget()
    child = qt.QWidget(parent)
    child.deleteLater()
    assert not warnings
    other = qt.QWidget(parent)
    other.setParent(None)
    other.deleteLater()
    assert "deleted twice" in warnings.pop()


def test_what_qt_has_deleted_is_false(session):
    label = qt.QLabel()
    assert label
    label.delete()
    assert not label


def test_empty_layout_is_not_among_the_variables_of_a_ui(session, tmp_path):
    """slicer.util.findChildren leaves out what is false."""
    layouts = "".join(
        f'<item><widget class="QWidget" name="{name}"><layout class="QFormLayout" name="{name}Layout">{row}</layout>'
        "</widget></item>"
        for name, row in (
            ("empty", ""),
            ("filled", '<item row="0" column="0"><widget class="QLabel" name="l"/></item>'),
        )
    )
    file = tmp_path / "toy.ui"
    file.write_text(
        '<ui version="4.0"><widget class="QWidget" name="toy"><layout class="QVBoxLayout" name="rows">'
        f"{layouts}</layout></widget></ui>"
    )
    ui = slicer.util.childWidgetVariables(slicer.util.loadUI(str(file)))
    assert (ui.filledLayout.name, ui.empty.layout().name) == ("filledLayout", "emptyLayout")
    assert not hasattr(ui, "emptyLayout")


def test_tooltips_of_widgets_become_rich_text(session):
    """ctkToolTipTrapper, which Slicer's application uses to wrap them, replaces the text in the widget."""
    label = qt.QLabel()
    label.toolTip = "bright & dark\nsecond line"
    assert label.toolTip == "<p>bright &amp; dark<br>\nsecond line</p>"
    assert plain(label.toolTip) == "bright & dark\nsecond line"
    label.setToolTip("<b>rich</b>")
    assert label.toolTip == "<b>rich</b>"
    item = qt.QTableWidgetItem()
    item.setToolTip("as it is")
    assert item.toolTip() == "as it is"


def test_errors_in_slots_timers_and_observers_are_kept(session, capsys):
    def fails(*_):
        raise ValueError("inside")

    button, node = qt.QPushButton(), session.scene.AddNewNodeByClass("vtkMRMLTextNode")
    button.connect("clicked()", fails)
    button.click()
    qt.QTimer.singleShot(0, fails)
    node.AddObserver("ModifiedEvent", fails)
    node.Modified()
    assert wait_until(lambda: len(slot_errors) == 3, 2)
    slot_errors.clear()
    assert capsys.readouterr().err.count("ValueError: inside") == 3


def test_process_tells_its_output_and_its_end(session):
    process, lines, ends = qt.QProcess(), [], []
    process.connect("readyReadStandardOutput()", lambda: lines.append(process.readAllStandardOutput().data()))
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ends.append((code, status)))
    process.start("sh", ["-c", "echo 0.5; exit 3"])
    assert wait_until(lambda: ends, 10)
    assert ends == [(3, qt.QProcess.NormalExit)]
    assert b"".join(lines) == b"0.5\n"
    assert (process.exitCode(), process.state()) == (3, qt.QProcess.NotRunning)


def test_waiting_ends_in_time_and_the_watch_finds_a_standstill(session):
    qt.QTimer.singleShot(50, lambda: time.sleep(0.3))
    with EventLoopWatch() as watch:
        assert not wait_until(lambda: False, 0.6)
    assert 0.25 < watch.longest_gap_s < 0.6
    assert watch.ticks > 5


def test_waiting_costs_next_to_nothing(session):
    began = time.process_time()
    assert not wait_until(lambda: False, 0.6)
    assert time.process_time() - began < 0.3
