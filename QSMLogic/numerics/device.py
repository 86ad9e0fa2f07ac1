"""Where methods run: on the CPU, or on a GPU through CuPy, from which every failure leads back to the CPU."""

import ctypes
import gc
import importlib.util
import math
import platform
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .moving import moved
from .namespace import Library, cupy_library, to_host

CPU, GPU, AUTO = DEVICES = ("cpu", "gpu", "auto")
PACKAGE = "cupy-cuda12x[ctk]"
INSTALL = f'pip install "{PACKAGE}"'
DRIVER_LIBRARY = {"win32": "nvcuda.dll", "linux": "libcuda.so.1"}  # there is none for macOS
# The peak of any method and check, its inputs included, at 64 x 72 x 68 voxels on arrays of another library that numpy
# allocates was 319 bytes per voxel (./dev bench memory; at most 119 with 4 echoes, about 20 for each); and half as much
# again for work areas of a GPU's transforms, which numpy does not see
BYTES_PER_VOXEL, BYTES_PER_VOXEL_AND_ECHO = 480.0, 60.0
SMALL = (16, 16, 16)  # of what is tried before a GPU is used
GB = 1e9
REMEDIES = (  # part of an error's name or text, and what to do
    ("InsufficientDriver", "Its driver is too old for this CuPy: install a newer driver from nvidia.com"),
    ("NoDevice", "Check that the GPU is visible to this process (CUDA_VISIBLE_DEVICES)"),
    ("memory", "Other programs may hold its memory: close them"),
    ("", f"Update its driver, and install CuPy with its libraries: {INSTALL}"),
)


@dataclass(frozen=True)
class GpuHint:
    """What can be known of a GPU at no cost: whether CuPy is installed, and whether NVIDIA's driver is."""

    cupy: bool
    driver: bool


class Device:
    """The CPU; what is to run elsewhere runs here.

    Attributes
    ----------
    kind, name, driver, library : str
        "cpu" or "gpu", and what it is; "" if unknown.
    memory_bytes : float or None
        Of a GPU.
    reason : str
        Why it is not the GPU that was wanted, or might have been used; "" if none was wanted.
    stages : list of str
        What has run on the GPU.
    fallbacks : list of str
        A sentence for whatever should have run on the GPU, but did not.
    """

    kind, driver, memory_bytes, key = CPU, "", None, ""

    def __init__(self, reason="", fallbacks=()):
        self.name, self.library = platform.processor() or platform.machine(), f"numpy {np.__version__}"
        self.reason, self.stages, self.fallbacks = reason, [], list(fallbacks)

    def call(self, function, *inputs, stage="", title=""):
        """The result of a function of arrays of any library, as numpy arrays.

        inputs: numpy arrays, and what holds such (numerics/moving.py). stage, title: what it is, for the records and
        for sentences.
        """
        return function(*inputs)

    def describe(self):
        """What it is, a plain dictionary for JSON."""
        facts = ("kind", "name", "memory_bytes", "driver", "library", "reason")
        return {name: getattr(self, name) for name in facts}

    def record(self):
        """What a run records of it."""
        facts = {name: getattr(self, name) for name in ("kind", "name", "driver", "library")}
        return {**facts, "stages": list(self.stages), "fallbacks": list(dict.fromkeys(self.fallbacks))}


@dataclass(frozen=True)
class Handle:
    """What a GPU is asked besides arithmetic.

    free_bytes(): the memory that can be had. release(): gives back what is not used.
    """

    free_bytes: Callable
    release: Callable


class Gpu(Device):
    """A GPU whose arrays have a library; raises whatever CuPy raises if it does not work."""

    kind = GPU

    def __init__(self, library: Library, handle: Handle, name, memory_bytes, driver, library_name):
        super().__init__()
        self.name, self.memory_bytes, self.driver, self.library = name, memory_bytes, driver, library_name
        self.key = f"{name}, {library_name}"
        self._modules, self._handle, self._kept, self._is_lost = library, handle, {}, False
        self._try()

    def call(self, function, *inputs, stage="", title=""):
        """As Device.call, on the GPU; on the CPU, and with a sentence among the fallbacks, if that is not possible."""
        why = self._too_large(inputs)
        if not why and not self._is_lost:
            try:
                result = self._called(function, inputs)
            except Exception as error:
                if getattr(error, "is_final", False):
                    raise
                why = _sentence_of(error)
            else:
                self.stages += [stage] if stage not in self.stages else []
                return result
            self._recover()
        self.fallbacks += [f"{title or stage or 'This step'} ran on the CPU: {why}"] if why else []
        return function(*inputs)

    def _called(self, function, inputs):
        """The result on the host; inputs that come back are not moved."""
        homes = {}  # {id: (array on the GPU, numpy array)}

        def move(x):
            there = self._uploaded(x)
            homes[id(there)] = there, x
            return there

        result = function(*moved(inputs, move))
        return moved(result, lambda x: homes[id(x)][1] if id(x) in homes else to_host(x))

    def _uploaded(self, x):
        """The array on the GPU, where those stay that nobody can change, as long as they exist here."""
        if not _is_constant(x):
            return self._modules.xp.array(x)
        source, there = self._kept.get(id(x), (lambda: None, None))
        if source() is not x:
            key, kept, there = id(x), self._kept, self._modules.xp.array(x)
            kept[key] = weakref.ref(x, lambda ref: kept.pop(key, None)), there
        return there

    def _too_large(self, inputs):
        """Why the memory is too small, a sentence; "" if it is not."""
        needed = needed_bytes(inputs)
        if self._is_lost or needed <= self._free_bytes():
            return ""
        self._kept.clear()
        with suppress(Exception):  # without an answer, as below
            self._handle.release()
        free = self._free_bytes()
        if needed <= free:
            return ""
        return f"it needs about {needed / GB:.1f} GB of the GPU's memory, of which {free / GB:.1f} GB are free."

    def _free_bytes(self):
        """Without an answer, the attempt shows it."""
        try:
            return self._handle.free_bytes()
        except Exception:
            return math.inf

    def _recover(self):
        """After a failure: free the memory, and give the GPU up if it does not work any more."""
        self._kept.clear()
        gc.collect()  # an error may still hold the arrays of the failed attempt
        try:
            self._handle.release()
            self._try()
        except Exception as error:
            self._is_lost = True
            self.fallbacks.append(f"All that followed ran on the CPU: the GPU was lost ({_first_line(error)}).")

    def _try(self):
        """Compute something small there and back."""
        ones = np.ones(SMALL, np.float32)
        found = to_host(self._modules.fft.rfftn(self._modules.xp.array(ones) * np.float32(2)))
        if not math.isclose(abs(found[0, 0, 0]), 2 * ones.size, rel_tol=1e-3):
            raise RuntimeError("a Fourier transform on the GPU gave a wrong result")


def find_device(wanted=CPU):
    """The Device of one of DEVICES: "auto" is the GPU if there is one that works, "gpu" says why it is not."""
    if wanted == CPU:
        return Device()
    try:
        return _gpu()
    except _NoGpu as none:
        return Device(str(none), [str(none)] if wanted == GPU else [])


def gpu_hint():
    """The GpuHint of this computer; imports nothing, and starts nothing on a GPU."""
    return GpuHint(importlib.util.find_spec("cupy") is not None, _has_driver())


def needed_bytes(inputs):
    """An upper bound of the memory that a method needs on a GPU for these inputs."""
    shapes = []
    moved(inputs, lambda x: shapes.append(x.shape) or x)
    return max((_bytes_of(shape) for shape in shapes), default=0.0)


class _NoGpu(Exception):
    """Why there is no GPU to use: cause and remedy."""


def _gpu():
    hint = gpu_hint()
    if not hint.driver:
        raise _NoGpu("There is no GPU to use: no NVIDIA driver was found. Install the driver, or choose the CPU.")
    if not hint.cupy:
        raise _NoGpu(f"The GPU cannot be used: CuPy is not installed. Install it ({INSTALL}), or choose the CPU.")
    try:
        library = cupy_library()
        return Gpu(library, *_facts(library.xp))
    except Exception as error:
        text = f"{type(error).__name__} {error}"
        remedy = next(remedy for part, remedy in REMEDIES if part.lower() in text.lower())
        raise _NoGpu(f"The GPU cannot be used: {_first_line(error)}. {remedy}, or choose the CPU.") from None


def _facts(cupy):
    """What Gpu is made with, of the GPU that CuPy uses."""
    runtime, pool = cupy.cuda.runtime, cupy.get_default_memory_pool()
    facts = runtime.getDeviceProperties(cupy.cuda.Device().id)
    number = runtime.driverGetVersion()
    cuda = f"CUDA {number // 1000}.{number % 1000 // 10}"

    def release():
        cupy.fft.config.get_plan_cache().clear()
        pool.free_all_blocks()

    handle = Handle(lambda: runtime.memGetInfo()[0] + pool.free_bytes(), release)
    driver = f"{_driver_version()} ({cuda})".strip()
    return handle, facts["name"].decode(), facts["totalGlobalMem"], driver, f"CuPy {cupy.__version__}"


def _has_driver():
    with suppress(OSError, KeyError):
        ctypes.CDLL(DRIVER_LIBRARY[sys.platform])
        return True
    return False


def _driver_version():
    """As NVIDIA numbers its drivers, by the library that comes with them; "" if it does not say."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(80)
        if library.nvmlInit_v2() == 0:
            found = library.nvmlSystemGetDriverVersion(text, len(text))
            library.nvmlShutdown()
            return "" if found else text.value.decode()
    return ""


def _bytes_of(shape):
    echoes = shape[0] if len(shape) > 3 else 1
    return math.prod(shape[-3:]) * max(BYTES_PER_VOXEL, BYTES_PER_VOXEL_AND_ECHO * echoes)


def _is_constant(x):
    """Whether nobody can write into a numpy array, nor into what it is a view of."""
    while isinstance(x, np.ndarray):
        if x.flags.writeable:
            return False
        x = x.base
    return x is None


def _sentence_of(error):
    if isinstance(error, MemoryError):
        return "the GPU ran out of memory."
    return f"the GPU failed ({_first_line(error)})."


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
