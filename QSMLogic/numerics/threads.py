"""The threads of a process: of everything that runs in parallel, ITK, BLAS and the Fourier transforms alike."""

import math
import os
from contextlib import suppress
from pathlib import Path

OMP = "OMP_NUM_THREADS"
VARIABLES = (
    *(OMP, "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
CPU_LIMITS = Path("/sys/fs/cgroup")


def cores():
    """How many cores this process may use: those that a batch system or a container gives it, or all."""
    with suppress(AttributeError, OSError):
        return min(len(os.sched_getaffinity(0)), _limit_of_container())
    return os.cpu_count() or 1


def threads():
    """How many threads this process starts for a computation: as many as cores, or fewer if OMP_NUM_THREADS says so."""
    wanted = os.environ.get(OMP, "").split(",")[0].strip()
    return min(cores(), int(wanted)) if wanted.isdecimal() and int(wanted) else cores()


def environment(count):
    """{variable: value} that lets a Python that is started with it use `count` threads, whatever the library."""
    return dict.fromkeys(VARIABLES, str(count))


def _limit_of_container():
    """The cores' worth of time that a container's control group grants, rounded up; infinite if there is no limit."""
    with suppress(OSError, ValueError):
        quota, period = (CPU_LIMITS / "cpu.max").read_text().split()
        return max(1, math.ceil(int(quota) / int(period)))
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (int((CPU_LIMITS / "cpu" / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return max(1, math.ceil(quota / period)) if quota > 0 else math.inf
    return math.inf
