"""Every text of the panel fits, in a narrow and a wide dock, light and dark, at the usual and twice the resolution."""

import json

import pytest
import slicer
from standin.widget_pictures import clipped, grab, has_font, lay_out

from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING, STAGES

DOUBTED = {
    "name": "mask_signal",
    "value": 0.56,
    "limit": 0.2,
    "verdict": "doubtful",
    "sentence": "56 % of the mask (1.2e+03 ml, mostly in slices 1 to 20) has no signal; its phase is noise. Draw the "
    "mask over tissue only, or omit it for an automatic mask.",
}
OFFERED = {
    stage: [m.name for m in methods.values() if not m.unavailable and not (STAGES[stage].yields and m.name == NOTHING)]
    for stage, methods in registry().items()
}
GROUPS = ("studyBox", "lesionsBox", "ageBox", "followUpBox")
MOST_METHODS = max(map(len, OFFERED.values()))


@pytest.fixture
def panel(loaded):
    """The panel with a scan chosen, everything unfolded and a message, so that all that can be seen is seen."""
    import qt
    from QSMLib.scan import sample

    if not has_font(qt.QApplication):
        pytest.skip("there is no font")
    magnitude, _, segmentation = sample.add_spheres()
    loaded.enter()
    panel = loaded.widget.panel
    panel.state.mask = segmentation
    magnitude[0].SetAttribute("QSM.Provenance", json.dumps({"checks": [DOUBTED]}))
    panel.state.result = magnitude[0]
    panel.regions.choices.source, panel.regions.choices.regions = "atlas", segmentation
    for button in ("stagesBox", "mapsButton", "regionsButton", *GROUPS, "reuseButton"):
        getattr(panel.ui, button).collapsed = False
    for row in panel.maps.stages.values():
        row.label.checked = True
    for row in rows_of(panel).values():
        row.unfold.checked = True
    panel.ui.measureButton.click()
    panel.ui.logButton.checked = panel.ui.checksButton.checked = True
    panel.mask_preview.begin()
    panel.ui.statusLabel.text = (
        "The mask is nowhere deeper than 1.0 mm, too thin for V-SHARP, which erodes it by 1.0 mm."
    )
    return panel


def rows_of(panel):
    """{stage: its row}"""
    return panel.methods.stages | panel.maps.stages


def too_narrow(loaded):
    """What does not fit, but for the names of nodes in the table: those have a tooltip, as no width fits every name."""
    names = [f"{kind}Selector_{n}" for kind in ("magnitude", "phase") for n in range(3)]
    inside = [child for name in names for child in loaded.panel.findChildren(slicer.qMRMLNodeComboBox, name)]
    shown = {selector.currentNode().GetName() for selector in inside}
    assert len(shown) == 6
    return [found for found in clipped(loaded.panel) if not any(f"'{name}'" in found for name in shown)]


@pytest.mark.parametrize(("width", "count"), [(380, MOST_METHODS), (800, 4)])
def test_nothing_is_clipped(loaded, panel, width, count):
    """With the methods of every stage, as many at a time as there are stages; with all of them where room is short."""
    for method in range(count):
        chosen = [choose(panel, stage, method) for stage in STAGES]
        lay_out(loaded.panel, width)
        assert loaded.panel.width == width
        assert too_narrow(loaded) == [], chosen


def choose(panel, stage, method):
    """Choose a stage's method by its number, or one of the first if it has not so many; returns its name."""
    row, names = rows_of(panel)[stage], OFFERED[stage]
    name = names[method % len(names)]
    row.menu.currentIndex = row.menu.findData(name)
    row.menu.activated.emit(row.menu.currentIndex)
    return name


@pytest.mark.parametrize("dpi", [96, 192])
@pytest.mark.parametrize("dark", [False, True])
def test_panel_is_drawn_in_light_and_dark(loaded, panel, dpi, dark):
    image = grab(loaded.panel, 420, dpi, dark)
    assert image.width() == 420 * dpi / 96
    corner = image.pixelColor(1, 1).value()
    assert corner < 90 if dark else corner > 200


def test_panel_is_not_wider_than_a_narrow_dock(loaded, panel):
    assert loaded.panel.minimumSizeHint.width() <= 380
