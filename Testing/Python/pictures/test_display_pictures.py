"""How maps look on the screen: sources of both signs, the magnitude beneath, legends, and maps side by side."""

import numpy as np
import pytest
import slicer
from standin.bootstrap import bootstrap, current_application
from standin.module import load_module
from standin.scene_files import load_scene, save_scene
from standin.slice_view import SliceView, can_draw

SIZE, MM = (240, 180), 1.0  # of a picture: columns and rows, and what a pixel measures
ORIENTATIONS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
GRAY_LEVEL = 127  # of the magnitude
SOURCES = {0.15: (30, 0, 0), -0.08: (-30, 0, 0), 5.0: (0, 35, 0), -5.0: (0, -35, 0)}  # {ppm: where, in RAS}
NOWHERE = (0, 0, 25)  # where the map is zero
SPACING_MM, COUNT, HALF = 4.0, 30, 3  # of the volumes; a source reaches so many voxels to each side


@pytest.fixture(scope="module", autouse=True)
def _drawing():
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen (EGL or its driver is missing)")


@pytest.fixture
def display(monkeypatch):
    application = bootstrap()
    load_module()
    monkeypatch.delattr(slicer, "app", raising=False)
    from QSMLib.display import views as display

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(application.scene, True)
    yield display
    bootstrap()


@pytest.fixture
def views(display):
    return {name: SliceView(current_application(), kind, SIZE, name=name) for name, kind in ORIENTATIONS.items()}


@pytest.fixture
def magnitude(display):
    node = add("magnitude", np.full((COUNT,) * 3, 100, np.float32))
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(0, 200)
    return node


@pytest.fixture
def qsm(display):
    node = add("qsm", sources())
    display.set_window(node, (-0.1, 0.2))
    return node


def add(name, voxels):
    """A volume of cubic voxels around the origin."""
    matrix = np.diag((SPACING_MM,) * 3 + (1,))
    matrix[:3, 3] = -SPACING_MM * (COUNT - 1) / 2
    node = slicer.util.addVolumeFromArray(np.ascontiguousarray(voxels, np.float32), matrix, name)
    node.SetAttribute("QSM.Version", "1")
    return node


def sources():
    """A map with a cube of each value of SOURCES."""
    voxels = np.zeros((COUNT,) * 3, np.float32)
    for value, center in SOURCES.items():
        middle = (np.array(center)[::-1] / SPACING_MM + COUNT / 2).astype(int)
        voxels[tuple(slice(at - HALF, at + HALF) for at in middle)] = value
    return voxels


def picture(view, at=(0, 0, 0)):
    view.look_at(at, SIZE[0] * MM, SIZE[1] * MM)
    return view.picture().astype(int)


def color(view, at):
    """Red, green and blue that a place has in a view."""
    return picture(view, at)[SIZE[1] // 2, SIZE[0] // 2]


def differs(one, other):
    return np.abs(one - other).sum(-1) > 30


def test_new_result_shows_positive_red_negative_blue_and_the_magnitude_elsewhere(display, views, magnitude, qsm):
    display.show_result(qsm, magnitude)
    display.show_legend(qsm, False)
    for view in views.values():
        red, green, blue = color(view, SOURCES[0.15])
        assert red > green > blue and red > blue + 60
        red, green, blue = color(view, SOURCES[-0.08])
        assert blue > green > red and blue > red + 60
        np.testing.assert_allclose(color(view, NOWHERE), GRAY_LEVEL, atol=2)


def test_magnitude_shines_through_by_the_opacity(display, views, magnitude, qsm):
    display.show_result(qsm, magnitude)
    seen = []
    for opacity in (0.0, 0.5, 1.0):
        display.set_opacity(opacity)
        seen.append(color(views["Red"], SOURCES[0.15]))
    np.testing.assert_allclose(seen[0], GRAY_LEVEL, atol=2)
    np.testing.assert_allclose(seen[1], (seen[0] + seen[2]) / 2, atol=3)


@pytest.mark.parametrize("name", ["Blue to red", "Cold and hot, clear at zero"])
@pytest.mark.parametrize("window", [(-0.1, 0.2), (-0.15, 0.15), (-0.01, 1), (-3, 0.02), (0.05, 0.2), (-0.2, -0.01)])
def test_zero_is_dark_in_every_window_of_the_map_alone(display, views, qsm, name, window):
    display.show_overlay(None, qsm)
    display.set_window(qsm, window)
    display.set_colors(qsm, name)
    assert not color(views["Red"], NOWHERE).any()


@pytest.mark.parametrize("name", ["Grey", "Blue to red", "Cold and hot, clear at zero"])
def test_values_beyond_the_window_have_the_colors_of_its_ends(display, views, qsm, name):
    display.show_overlay(None, qsm)
    display.set_colors(qsm, name)
    lowest, highest = (color(views["Red"], SOURCES[value]) for value in (-5.0, 5.0))
    display.set_window(qsm, (-5, 5))
    np.testing.assert_allclose(color(views["Red"], SOURCES[-5.0]), lowest, atol=2)
    np.testing.assert_allclose(color(views["Red"], SOURCES[5.0]), highest, atol=2)
    assert np.abs(highest - lowest).sum() > 100


def test_gray_rises_with_the_susceptibility(display, views, qsm):
    display.show_overlay(None, qsm)
    display.set_colors(qsm, "Grey")
    levels = [color(views["Red"], place) for place in (SOURCES[-0.08], NOWHERE, SOURCES[0.15])]
    assert (np.ptp(levels, axis=1) == 0).all()
    np.testing.assert_allclose([level[0] for level in levels], [17, 85, 212], atol=2)


def test_legend_is_drawn_at_the_right_edge(display, views, magnitude, qsm):
    display.show_overlay(magnitude, qsm)
    without = {name: picture(view) for name, view in views.items()}
    display.show_legend(qsm)
    for name, view in views.items():
        rows, columns = np.nonzero(differs(picture(view), without[name]))
        assert rows.size > 300
        assert columns.min() > 0.6 * SIZE[0] and columns.max() > 0.95 * SIZE[0]
        assert SIZE[1] * 0.1 < rows.min() and rows.max() < SIZE[1] * 0.9
    display.show_legend(qsm, False)
    assert not differs(picture(views["Red"]), without["Red"]).any()


def test_legend_follows_the_window(display, views, magnitude, qsm):
    display.show_overlay(magnitude, qsm)
    display.show_legend(qsm)
    before = picture(views["Red"])
    display.set_window(qsm, "Iron overload (-2 to 2 ppm)")
    changed = differs(picture(views["Red"]), before)
    assert changed[:, int(0.7 * SIZE[0]) :].any()


def test_three_images_side_by_side(display, magnitude, qsm):
    application = current_application()
    views = [SliceView(application, "Axial", SIZE, name=name) for name in display.VIEWS]
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(application.scene)
    field = add("field", np.gradient(sources())[2])
    display.set_window(field, (-0.05, 0.05))
    display.show_side_by_side(magnitude, field, qsm)
    pictures = [picture(view) for view in views]
    for n in range(3):
        assert differs(pictures[n], pictures[n - 1]).sum() > 1000
    left = int(0.6 * SIZE[0])
    assert (np.ptp(pictures[0], axis=-1) == 0).all()
    np.testing.assert_allclose(pictures[0][60:120, 90:150], GRAY_LEVEL, atol=2)
    for node in (field, qsm):
        slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node).SetVisibility(False)
    legends = [differs(picture(view), before) for view, before in zip(views, pictures, strict=True)]
    assert not legends[0].any()
    for changed in legends[1:]:
        assert changed.sum() > 300 and not changed[:, :left].any()


@pytest.mark.parametrize("name", ["Blue to red", "Cold and hot, clear at zero"])
def test_saved_scene_looks_the_same(display, qsm, name, tmp_path):
    display.set_colors(qsm, name)
    display.set_window(qsm, "Symmetric (-0.15 to 0.15 ppm)")
    view = SliceView(current_application(), "Axial", SIZE, name="Red")
    display.show_overlay(None, qsm)
    before = picture(view)
    save_scene(tmp_path / "scene.mrb")
    application = bootstrap()
    load_scene(tmp_path / "scene.mrb")
    qsm = slicer.util.getNode("qsm")
    view = SliceView(application, "Axial", SIZE, name="Again")
    view.logic.GetSliceCompositeNode().SetBackgroundVolumeID(qsm.GetID())
    np.testing.assert_allclose(picture(view), before, atol=6)  # files hold fewer digits: the next entry of the table
    assert display.colors_of(qsm) == name
    assert display.window_of(qsm).startswith("Symmetric")
    tables = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    assert len([table for table in tables if table.GetName().startswith("QSM")]) == 1
