"""Where methods run: on the CPU, or on a GPU through CuPy, from which every failure leads back to the CPU."""

import gc
import importlib.util
import math
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .driver import driver_version, has_driver
from .gpu_memory import USUAL, Uploads, needed_bytes
from .moving import moved
from .namespace import OLDEST_CUPY, TOO_OLD, Library, cupy_library, to_host

CPU, GPU, AUTO = DEVICES = ("cpu", "gpu", "auto")
PACKAGE = f"cupy-cuda12x[ctk]>={OLDEST_CUPY}"
INSTALL = f'pip install "{PACKAGE}"'
SMALL = (16, 16, 16)  # of what is tried before a GPU is used
GB = 1e9
OUT_OF_MEMORY = ("MemoryError", "out of memory", "ALLOC_FAILED")  # parts of an error's name or text
REMEDIES = (  # part of an error's name or text, and what to do
    (TOO_OLD, f"Install version {OLDEST_CUPY} or later: {INSTALL}"),
    ("InsufficientDriver", "Its driver is too old for this CuPy: install a newer driver from nvidia.com"),
    ("NoDevice", "Check that the GPU is visible to this process (CUDA_VISIBLE_DEVICES)"),
    *((part, "Other programs may hold its memory: close them") for part in OUT_OF_MEMORY),
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
    kind, name, driver, software : str
        "cpu" or "gpu", and what it is; "" if unknown. software: the library that computes, with its version.
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
        self.name, self.software = platform.processor() or platform.machine(), f"numpy {np.__version__}"
        self.reason, self.stages, self.fallbacks = reason, [], list(fallbacks)

    def call(self, function, *inputs, stage="", title="", need=USUAL):
        """The result of a function of arrays of any library, as numpy arrays.

        inputs: numpy arrays, and what holds such (numerics/moving.py). stage, title: what it is, for the records, which
        leave out what is no stage, and for sentences. need: of memory.
        """
        return function(*inputs)

    def describe(self):
        """What it is, a plain dictionary for JSON."""
        return {**self._facts(), "memory_bytes": self.memory_bytes, "reason": self.reason}

    def record(self):
        """What a run records of it."""
        return {**self._facts(), "stages": list(self.stages), "fallbacks": list(dict.fromkeys(self.fallbacks))}

    def _facts(self):
        return {"kind": self.kind, "name": self.name, "driver": self.driver, "library": self.software}


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

    def __init__(self, library: Library, handle: Handle, name, memory_bytes, driver, software):
        super().__init__()
        self.name, self.memory_bytes, self.driver, self.software = name, memory_bytes, driver, software
        self.key = f"{name}, {software}"
        self._modules, self._handle, self._is_lost = library, handle, False
        self._uploads = Uploads(library.xp.array)
        self._try()

    def __del__(self):
        with suppress(Exception):  # of a GPU that is lost, or has never worked
            self._uploads.clear()
            self._handle.release()

    def call(self, function, *inputs, stage="", title="", need=USUAL):
        """As Device.call, on the GPU; on the CPU, and with a sentence among the fallbacks, if that is not possible."""
        why = self._too_large(needed_bytes(inputs, need))
        if not why and not self._is_lost:
            try:
                result = self._called(function, inputs)
            except Exception as error:
                if getattr(error, "is_final", False):
                    raise
                why = _sentence_of(error)
            else:
                self.stages += [stage] if stage and stage not in self.stages else []
                return result
            self._recover()
        self.fallbacks += [f"{title or stage or 'This step'} ran on the CPU: {why}"] if why else []
        return function(*inputs)

    def _called(self, function, inputs):
        """The result on the host; inputs that come back are not moved."""
        homes = {}  # {id: (array on the GPU, numpy array)}

        def move(x):
            there = self._uploads.of(x)
            homes[id(there)] = there, x
            return there

        result = function(*moved(inputs, move))
        return moved(result, lambda x: homes[id(x)][1] if id(x) in homes else to_host(x))

    def _too_large(self, needed):
        """Why the memory is too small for so many bytes, a sentence; "" if it is not."""
        if self._is_lost or needed <= self._free_bytes():
            return ""
        with suppress(Exception):  # without an answer, as below
            self._release()
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
        try:
            self._release()
            self._try()
        except Exception as error:
            self._is_lost = True
            self.fallbacks.append(f"All that followed ran on the CPU: the GPU was lost ({_first_line(error)}).")

    def _release(self):
        self._uploads.clear()
        gc.collect()  # what has failed or has ended may still hold arrays
        self._handle.release()

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
    return GpuHint(importlib.util.find_spec("cupy") is not None, has_driver())


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
        remedy = next(remedy for part, remedy in REMEDIES if _says(error, part))
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
        cupy.get_default_pinned_memory_pool().free_all_blocks()  # of the computer, for transfers

    handle = Handle(lambda: runtime.memGetInfo()[0] + pool.free_bytes(), release)
    driver = f"{driver_version()} ({cuda})".strip()
    return handle, facts["name"].decode(), facts["totalGlobalMem"], driver, f"CuPy {cupy.__version__}"


def _sentence_of(error):
    if isinstance(error, MemoryError) or any(_says(error, part) for part in OUT_OF_MEMORY):
        return "the GPU ran out of memory."
    return f"the GPU failed ({_first_line(error)})."


def _says(error, part):
    return part.lower() in f"{type(error).__name__} {error}".lower()


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
