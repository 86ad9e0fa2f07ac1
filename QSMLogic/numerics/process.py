"""What this process has used."""

import platform
from contextlib import suppress
from pathlib import Path


def peak_memory_mb():
    """The peak memory of this process in MB; None on Windows, where Python does not report it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if platform.system() == "Darwin" else 1e3), 1)


def forget_peak():
    """Let the peak memory count from now on, which only Linux can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
