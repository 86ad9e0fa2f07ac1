"""A GPU that is not there: its arrays are foreign ones, its memory is a number, and it fails when it is told to."""

import gc
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.foreign_arrays import Foreign, foreign
from helpers.foreign_gpu import fake_gpu

from QSMLogic import Cancelled, FieldMap, Grid, QSMError
from QSMLogic.numerics import device
from QSMLogic.numerics.device import Device, GpuHint, find_device
from QSMLogic.numerics.gpu_memory import Need, needed_bytes
from QSMLogic.numerics.namespace import namespace

X = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


class OutOfMemory(MemoryError):
    """As CuPy's, which is a MemoryError, too."""


def double(x):
    assert isinstance(x, np.ndarray | Foreign)
    return 2 * x, [namespace(x).sqrt(x)], 3


def check_doubled(found):
    assert type(found[0]) is np.ndarray and type(found[1][0]) is np.ndarray and found[2] == 3
    np.testing.assert_array_equal(found[0], 2 * X)
    np.testing.assert_array_equal(found[1][0], np.sqrt(X))


def failing(error):
    """A function that fails on arrays of a GPU; where it has been called."""
    places = []

    def function(x):
        places.append(type(x).__name__)
        if isinstance(x, Foreign):
            raise error
        return double(x)

    return function, places


def living_arrays():
    return sum(isinstance(one, Foreign) for one in gc.get_objects())


@pytest.fixture
def uncollected():
    """No garbage is collected, unless that is asked for; the number of arrays that live already."""
    gc.collect()
    gc.disable()
    yield living_arrays()
    gc.enable()


def test_the_gpu_computes_and_the_host_gets_the_result():
    gpu = fake_gpu()
    before = X.copy()
    places = []
    found = gpu.call(lambda x: places.append(type(x)) or double(x), X, stage="invert", title="Inversion")
    check_doubled(found)
    assert places == [Foreign] and gpu.stages == ["invert"] and not gpu.fallbacks
    np.testing.assert_array_equal(X, before)


def test_maps_go_there_and_back_and_inputs_are_not_moved_twice():
    field = FieldMap(X, X > 3, Grid(X.shape))
    found, mask = fake_gpu().call(lambda field: (field.with_field(field.ppm * 2), field.mask), field)
    assert type(found) is FieldMap and mask is field.mask and found.grid == field.grid
    np.testing.assert_array_equal(found.ppm, 2 * field.ppm)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OutOfMemory("of 3 bytes"), "the GPU ran out of memory."),
        (RuntimeError("cudaErrorUnknown: unknown error\nmore"), "the GPU failed (cudaErrorUnknown: unknown error)."),
        (RuntimeError("CUFFT_ALLOC_FAILED"), "the GPU ran out of memory."),
        (
            RuntimeError("an illegal memory access was encountered"),
            "the GPU failed (an illegal memory access was encountered).",
        ),
        (TypeError("Unsupported type"), "the GPU failed (Unsupported type)."),
    ],
)
def test_what_fails_on_the_gpu_runs_on_the_cpu(error, words):
    gpu, (function, places) = fake_gpu(), failing(error)
    check_doubled(gpu.call(function, X, stage="invert", title="Inversion"))
    assert places == ["Foreign", "ndarray"] and not gpu.stages and len(gpu.releases) == 1
    assert gpu.fallbacks == [f"Inversion ran on the CPU: {words}"]
    check_doubled(gpu.call(double, X, stage="background", title="Background"))
    assert gpu.stages == ["background"]


def test_after_the_gpu_is_lost_all_runs_on_the_cpu():
    gpu, (function, places) = fake_gpu(), failing(RuntimeError("an illegal memory access"))
    gpu.lose("the device is gone")
    for _ in range(2):
        check_doubled(gpu.call(function, X, title="Inversion"))
    assert places == ["Foreign", "ndarray", "ndarray"]
    assert [sentence.partition(":")[0] for sentence in gpu.fallbacks] == [
        "All that followed ran on the CPU",
        "Inversion ran on the CPU",
    ]
    assert "the device is gone" in gpu.fallbacks[0]


@pytest.mark.parametrize("error", [QSMError("The mask is empty."), Cancelled()])
def test_refusals_and_cancelling_are_no_failures_of_the_gpu(error):
    gpu, (function, places) = fake_gpu(), failing(error)
    with pytest.raises(type(error)):
        gpu.call(function, X)
    assert places == ["Foreign"] and not gpu.fallbacks


def test_what_does_not_fit_is_not_tried():
    gpu, (function, places) = fake_gpu(free_bytes=needed_bytes([X]) - 1), failing(OutOfMemory())
    check_doubled(gpu.call(function, X, title="Inversion"))
    assert places == ["ndarray"] and len(gpu.releases) == 1 and "GB of the GPU's memory" in gpu.fallbacks[0]


def test_what_only_garbage_holds_makes_room(uncollected):
    gpu = fake_gpu(free_bytes=0)
    circle = [foreign(X)]
    circle.append(circle)
    del circle
    gpu.call(double, X)
    assert living_arrays() == uncollected


def test_what_is_no_stage_is_not_recorded():
    gpu = fake_gpu()
    gpu.call(double, X, title="The choice")
    assert gpu.stages == [] and gpu.record()["stages"] == []


def test_a_function_says_what_it_needs():
    small, large = Need(per_voxel=1.0), Need(per_voxel=1e9)
    gpu, (function, places) = fake_gpu(), failing(OutOfMemory())
    gpu.call(function, X, need=large)
    assert places == ["ndarray"] and needed_bytes([X], small) < needed_bytes([X]) < needed_bytes([X], large)


def test_needed_memory_is_that_of_the_largest_input():
    one, echoes = needed_bytes([X, X[:1]]), needed_bytes({"a": [X, np.stack([X] * 20)]})
    assert 0 < one < echoes < 20 * one and needed_bytes(["text", 3]) == 0


def test_arrays_that_nobody_can_change_stay_on_the_gpu_as_long_as_they_exist():
    gpu, seen = fake_gpu(), []
    fixed, writable = X.copy(), X.copy()
    fixed.flags.writeable = False
    disguised = writable.view()
    disguised.flags.writeable = False
    for _ in range(2):
        gpu.call(lambda *arrays: seen.append(arrays), fixed, writable, disguised)
    assert seen[0][0] is seen[1][0] and seen[0][1] is not seen[1][1] and seen[0][2] is not seen[1][2]
    assert len(gpu._uploads) == 1
    del fixed
    assert len(gpu._uploads) == 0


def test_gpu_that_nobody_needs_gives_its_memory_back(uncollected):
    fixed = X.copy()
    fixed.flags.writeable = False
    gpu = fake_gpu()
    releases, lost = gpu.releases, fake_gpu()
    gpu.call(double, fixed)
    assert living_arrays() == uncollected + 1 and not releases
    del gpu
    assert living_arrays() == uncollected and len(releases) == 1
    lost.cannot_release("the device is gone")
    del lost  # in silence


def test_a_gpu_that_computes_wrongly_is_none():
    with pytest.raises(RuntimeError, match="wrong result"):
        fake_gpu(factor=3)


class TestFinding:
    def test_cpu_is_not_looked_for(self, monkeypatch):
        monkeypatch.setattr(device, "gpu_hint", lambda: pytest.fail("A GPU was looked for."))
        assert type(find_device("cpu")) is Device and not find_device("cpu").fallbacks

    @pytest.mark.parametrize(
        ("hint", "words"),
        [
            (GpuHint(cupy=False, driver=False), "no NVIDIA driver was found"),
            (GpuHint(cupy=False, driver=True), f"CuPy is not installed. Install it ({device.INSTALL})"),
        ],
    )
    def test_only_who_wants_a_gpu_is_told_that_there_is_none(self, monkeypatch, hint, words):
        monkeypatch.setattr(device, "gpu_hint", lambda: hint)
        wanted, auto = find_device("gpu"), find_device("auto")
        assert wanted.kind == auto.kind == "cpu" and auto.fallbacks == []
        assert words in wanted.fallbacks[0] and auto.reason == wanted.reason == wanted.fallbacks[0]

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (
                RuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient"),
                "install a newer driver",
            ),
            (ImportError("libnvrtc.so.12: cannot open shared object file"), "install CuPy with its libraries"),
            (MemoryError("out of memory"), "Other programs may hold its memory"),
            (RuntimeError("CUFFT_ALLOC_FAILED"), "Other programs may hold its memory"),
            (RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered"), "Update its driver"),
        ],
    )
    def test_a_broken_gpu_is_said_with_a_remedy(self, monkeypatch, error, words):
        def broken():
            raise error

        monkeypatch.setattr(device, "gpu_hint", lambda: GpuHint(True, True))
        monkeypatch.setattr(device, "cupy_library", broken)
        (sentence,) = find_device("gpu").fallbacks
        assert words in sentence and str(error) in sentence and sentence.endswith("or choose the CPU.")

    def test_a_cupy_that_is_too_old_is_said(self, monkeypatch):
        monkeypatch.setattr(device, "gpu_hint", lambda: GpuHint(True, True))
        monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(__version__="13.6.0"))
        device.cupy_library.cache_clear()
        (sentence,) = find_device("gpu").fallbacks
        assert "CuPy is too old (13.6.0). Install version 14 or later: pip install" in sentence

    def test_a_gpu_that_works_is_found(self, monkeypatch):
        gpu = fake_gpu()
        monkeypatch.setattr(device, "_gpu", lambda: gpu)
        assert find_device("auto") is gpu and find_device("gpu").describe()["name"] == "Foreign GPU"
