"""The driver of NVIDIA's GPUs: whether there is one, and which; nothing is started on a GPU."""

import ctypes
import sys
from contextlib import suppress

LIBRARY = {"win32": "nvcuda.dll", "linux": "libcuda.so.1"}  # there is none for macOS


def has_driver():
    """Whether the driver is installed."""
    with suppress(OSError, KeyError):
        ctypes.CDLL(LIBRARY[sys.platform])
        return True
    return False


def driver_version():
    """As NVIDIA numbers its drivers, by the library that comes with them; "" if it does not say."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(80)
        if library.nvmlInit_v2() == 0:
            found = library.nvmlSystemGetDriverVersion(text, len(text))
            library.nvmlShutdown()
            return "" if found else text.value.decode()
    return ""
