"""Pictures of widgets show what is there, and texts that do not fit are found."""

import ctk
import pytest
import slicer
from standin.application import qt
from standin.widget_pictures import FONT, clipped, grab, has_font, lay_out

TEXT = "The mask covers the whole head"


@pytest.fixture
def column(session):
    """A widget with a column of widgets, and a function that adds to it."""
    widget = qt.QWidget()
    layout = qt.QVBoxLayout(widget)

    def put(child, name="it"):
        child.name = name
        layout.addWidget(child)
        return child

    yield widget, put
    widget.delete()


def found_in(widget, width=None):
    lay_out(widget, width or widget.property("sizeHint").width())
    return clipped(widget)


def darkest_and_brightest(image):
    values = [image.pixelColor(x, y).value() for x in range(image.width()) for y in range(image.height())]
    return min(values), max(values)


@pytest.mark.parametrize("dark", [False, True])
def test_header_is_readable_in_light_and_dark(column, dark):
    widget, put = column
    button = put(ctk.ctkCollapsibleButton())
    button.text = "MMMM"
    image = grab(widget, 200, dark=dark)
    dark_value, bright_value = darkest_and_brightest(image)
    assert bright_value - dark_value > 120
    around = image.pixelColor(2, 2).value()
    assert around < 90 if dark else around > 200


def test_double_resolution_has_double_pixels_and_the_same_layout(column):
    widget, put = column
    put(qt.QLabel(TEXT))
    once, twice = grab(widget, 300), grab(widget, 300, dpi=192)
    assert (twice.width(), twice.height()) == (2 * once.width(), 2 * once.height()) == (600, 2 * widget.height)
    shrunk = twice.scaled(once.size())
    sharp = [
        [image.pixelColor(x, y).value() for x in range(300) for y in range(image.height())] for image in (once, shrunk)
    ]
    assert sum(abs(a - b) for a, b in zip(*sharp, strict=True)) / len(sharp[0]) < 8


def test_grabbing_leaves_the_widget_as_it_was(column):
    widget, put = column
    put(qt.QLabel(TEXT))
    palette = qt.QApplication.palette()
    grab(widget, 200, dark=True)
    assert not widget.visible
    assert qt.QApplication.palette() == palette


def test_letters_are_letters(session):
    assert has_font(qt.QApplication)
    assert qt.QFontInfo(qt.QApplication.font()).family() == FONT


def test_nothing_is_told_where_all_fits(column):
    widget, put = column
    label = put(qt.QLabel(TEXT * 3))
    label.wordWrap = True
    box = put(qt.QComboBox())
    box.addItems(["one", TEXT])
    group, table = put(ctk.ctkCollapsibleGroupBox()), put(qt.QTableWidget(1, 1))
    group.title = TEXT
    table.setHorizontalHeaderLabels(["TE"])
    for child in (qt.QPushButton(TEXT), qt.QCheckBox(TEXT), qt.QRadioButton(TEXT), qt.QDoubleSpinBox(), qt.QLineEdit()):
        put(child)
    put(ctk.ctkSliderWidget())
    put(ctk.ctkCollapsibleButton(TEXT))
    put(slicer.qMRMLNodeComboBox())
    assert found_in(widget, 300) == []


@pytest.mark.parametrize(
    "make",
    [qt.QLabel, qt.QPushButton, qt.QCheckBox, qt.QRadioButton, ctk.ctkCollapsibleButton],
    ids=lambda kind: kind.__name__,
)
def test_text_that_is_cut_off_is_found(column, make):
    widget, put = column
    child = put(make(TEXT), "narrow")
    assert found_in(widget, 400) == []
    child.setFixedWidth(90)
    (told,) = found_in(widget, 400)
    assert "narrow" in told
    assert TEXT in told


def test_text_that_is_cut_off_in_height_is_found(column):
    widget, put = column
    label = put(qt.QLabel(TEXT * 4), "flat")
    label.wordWrap = True
    label.setFixedHeight(18)
    (told,) = found_in(widget, 200)
    assert "flat" in told


def test_choice_that_does_not_fit_is_found(column):
    widget, put = column
    box = put(qt.QComboBox(), "choice")
    box.addItem(TEXT)
    box.setFixedWidth(80)
    assert "choice" in found_in(widget)[0]


def test_cells_and_headers_of_tables_are_looked_at(column):
    widget, put = column
    table = put(qt.QTableWidget(1, 2), "table")
    table.setHorizontalHeaderLabels(["Echo", TEXT])
    table.setItem(0, 0, qt.QTableWidgetItem(TEXT))
    told = found_in(widget, 400)
    assert len(told) == 2
    table.resizeColumnsToContents()
    assert found_in(widget, 800) == []


def test_placeholder_is_looked_at(column):
    widget, put = column
    line = put(qt.QLineEdit(), "line")
    line.placeholderText = TEXT
    line.setFixedWidth(80)
    assert "line" in found_in(widget)[0]


def test_widget_beyond_its_parent_is_found(session):
    parent = qt.QWidget()
    child = qt.QPushButton("x", parent)
    child.name = "lost"
    lay_out(parent, 200, height=100)
    child.move(180, 10)
    child.show()
    assert any("lost" in told and "beyond" in told for told in clipped(parent))
    child.move(10, 10)
    assert clipped(parent) == []


def test_hidden_texts_do_not_count(column):
    widget, put = column
    button = put(ctk.ctkCollapsibleButton("Closed"))
    label = qt.QLabel(TEXT)
    label.setFixedWidth(20)
    qt.QVBoxLayout(button).addWidget(label)
    assert len(found_in(widget, 300)) == 1
    button.collapsed = True
    assert found_in(widget, 300) == []
