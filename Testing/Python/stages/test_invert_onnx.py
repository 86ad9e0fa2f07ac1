"""Networks of the user's own: how images are laid out and scaled for them, and what is said if they do not fit."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from helpers.fields import ball

from QSMLogic import FieldMap, Grid, QSMError
from QSMLogic.cli.listings import listed_methods, methods_as_text
from QSMLogic.model.progress import Progress
from QSMLogic.registry.method import find
from QSMLogic.stages.invert import onnx as module

GRID = Grid((11, 14, 18), (2.0, 1.5, 1.0))
MASK = ball(GRID, 8)
FREE = ("batch", 1, "k", "j", "i")


def field():
    return FieldMap(np.random.default_rng(0).normal(0, 0.05, GRID.shape), MASK, GRID)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts an onnxruntime in place whose sessions return network(*arrays) for inputs of these shapes, and keep them."""
    fed = []

    def make(network, *shapes, outputs=1, type="tensor(float)"):
        class Session:
            def __init__(self, path, providers):
                assert Path(path).read_bytes() == b"weights"
                assert providers == ["CPU"]

            def get_inputs(self):
                return [SimpleNamespace(name=f"input{n}", shape=shape, type=type) for n, shape in enumerate(shapes)]

            def get_outputs(self):
                return [SimpleNamespace(name="map")] * outputs

            def run(self, names, arrays):
                fed[:] = arrays.values()
                return [network(*fed)]

        runtime = ModuleType("onnxruntime")
        runtime.InferenceSession, runtime.get_available_providers = Session, lambda: ["AzureExecutionProvider", "CPU"]
        monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
        monkeypatch.setattr(module, "missing", lambda: "")
        path = tmp_path / "net.onnx"
        path.write_bytes(b"weights")
        return str(path)

    make.fed = fed
    return make


def mapped(local, progress=None, **values):
    method = find("invert", "onnx")
    return method.run(local, parameters=method.make_parameters(values), progress=progress)


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        (FREE, "kji", (1, 1, 8, 16, 16)),
        (FREE, "ijk", (1, 1, 16, 16, 8)),
        ((1, "k", "j", "i", 1), "kji", (1, 8, 16, 16, 1)),
        ((None, None, None), "kji", (8, 16, 16)),
        ((1, 1, 20, 20, 20), "kji", (1, 1, 20, 20, 20)),
    ],
)
def test_images_are_padded_and_laid_out_as_the_network_wants(shape, axes, expected, install):
    local = field()
    path, fractions = install(lambda x: 2 * x, shape), []
    found = mapped(local, fractions.append, model=path, axes=axes, multiple=8)
    assert install.fed[0].shape == expected and install.fed[0].dtype == np.float32
    np.testing.assert_allclose(found, 2 * local.ppm, atol=1e-7)
    assert found.dtype == np.float32 and not found[~MASK].any()
    assert fractions == sorted(fractions) and fractions[-1] == 1 and len(fractions) > 3


def test_input_and_output_are_scaled_and_zero_outside_the_mask(install):
    local = field()
    path = install(lambda x: x, FREE, type="tensor(double)")
    values = {"input_scale": 127.7, "input_mean": 0.5, "input_sd": 4.0, "output_sd": 0.03, "output_mean": 0.01}
    found = mapped(local, model=path, **values)
    (fed,) = install.fed
    assert fed.dtype == np.float64 and np.count_nonzero(fed) == np.count_nonzero(MASK)
    scaled = (127.7 * local.ppm[MASK] - 0.5) / 4
    np.testing.assert_allclose(found[MASK], 0.03 * scaled + 0.01, atol=1e-6)


def test_second_input_is_the_mask_and_the_network_is_noted(install):
    progress = Progress()
    path = install(lambda x, mask: mask, FREE, FREE)
    np.testing.assert_array_equal(mapped(field(), progress, model=path), MASK)
    assert progress.notes["model"] == "net.onnx" and len(progress.notes["model_sha256"]) == 64


def fails(x):
    raise RuntimeError("Got invalid dimensions for input\nat node 3")


@pytest.mark.parametrize(
    ("network", "shapes", "message"),
    [
        (fails, [FREE], "net.onnx failed: Got invalid dimensions for input$"),
        (lambda x: x[..., ::2], [FREE], r"shape \(1, 1, 16, 16, 8\) for images of .* must match"),
        (lambda x: x.swapaxes(2, 4), [(1, 1, 16, 16, 32)], r"shape \(1, 1, 32, 16, 16\) for images of .* must match"),
        (lambda x: np.where(x > 0, np.nan, x), [FREE], "not finite"),
        (lambda x: x, [FREE] * 3, "3 inputs and 1 outputs.*field and mask"),
        (lambda x: x, [(1, 8)], r"\[1, 8\].*3D"),
        (lambda x: x, [(1, 1, 4, 16, 16)], "voxels, but the mask fills"),
    ],
)
def test_networks_that_do_not_fit_are_refused(network, shapes, message, install):
    path = install(network, *shapes)
    with pytest.raises(QSMError, match=message):
        mapped(field(), model=path)


def test_a_file_that_is_not_there_and_one_that_is_no_network(install, tmp_path):
    path = install(lambda x: x, FREE)
    with pytest.raises(QSMError, match="Cannot read the network.*nothing.onnx"):
        mapped(field(), model=str(tmp_path / "nothing.onnx"))
    with pytest.raises(QSMError, match="--model"):
        mapped(field())
    Path(path).write_bytes(b"text")
    with pytest.raises(QSMError, match="cannot be loaded"):
        mapped(field(), model=path)


def test_without_onnxruntime_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install onnxruntime" in find("invert", "onnx").unavailable
    assert "onnx (not installed)" in methods_as_text(listed_methods())
    with pytest.raises(QSMError, match="is not installed.*choose another"):
        mapped(field(), model="net.onnx")
