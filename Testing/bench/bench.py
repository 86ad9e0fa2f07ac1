"""Time, memory and accuracy of the default chain, of each method, and of inversions by kind of scan: `./dev bench`.

Times are given in units of one float32 rfftn + irfftn pair at the next fast size of the volume, measured in the same
run, so that they can be compared between machines. Each scan runs in a process of its own, for its peak memory.
With QSM_TEST_DATA set, the realistic head in its folder `head-a` is run with its given mask and scored too.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from QSMLogic import Acquisition, Grid, run  # noqa: E402
from QSMLogic.numerics import fft  # noqa: E402
from QSMLogic.numerics.device import DEVICES  # noqa: E402

SHAPE, ECHO_TIMES_S = (164, 205, 205), (0.004, 0.012, 0.020, 0.028, 0.036)


def speed():
    """An ellipsoid as large as a head, with a smooth field of several wraps, an offset and noise."""
    acquisition, mask = synthetic_scan()
    return measured(acquisition, mask)[0]


def head_a():
    """The realistic head, scored against its truth."""
    import realistic_head
    from scipy.ndimage import binary_erosion

    from QSMLogic.simulation.accuracy import nrmse

    names = "local_field_ppm", "susceptibility_ppm"
    truth, _ = realistic_head.truth(*names)
    figures, maps = measured(realistic_head.scan(), truth["mask"])
    inside = binary_erosion(truth["mask"], iterations=4)
    for name in names:
        figures[f"nrmse {name}"] = round(nrmse(getattr(maps, name), truth[name], inside), 1)
    return figures


def synthetic_scan(shape=SHAPE, echoes=4):
    """An Acquisition and its mask."""
    times_s = ECHO_TIMES_S[:echoes]
    k, j, i = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    k, j, i = k[:, None, None], j[None, :, None], i[None, None, :]
    mask = k**2 + j**2 + i**2 < 0.72
    field_hz = (
        60 * np.exp(-((k + 0.6) ** 2 + (j - 0.4) ** 2 + i**2) / 0.08) + 15 * k * j + 2 * np.sin(9 * i) * np.cos(9 * j)
    )
    random = np.random.default_rng(0)
    magnitude, phase = [], []
    for time_s in times_s:
        signal = mask * np.exp(1j * (2 * np.pi * field_hz * time_s + 1.5 * j * j) - time_s / 0.03).astype(np.complex64)
        signal += 0.01 * random.standard_normal(shape, np.float32) + 0.01j * random.standard_normal(shape, np.float32)
        magnitude.append(np.abs(signal))
        phase.append(np.angle(signal))
    return Acquisition(np.stack(magnitude), np.stack(phase), times_s, 3.0, Grid(shape)), mask


def measured(acquisition, mask):
    """Run the chain with default settings: its figures, and the maps."""
    before = pair_seconds(acquisition.grid.shape)
    maps = run(acquisition, mask)
    pair = (before + pair_seconds(acquisition.grid.shape)) / 2
    record = maps.provenance
    figures = {
        "shape": list(acquisition.grid.shape),
        "echoes": acquisition.echoes,
        "seconds of a pair": round(pair, 4),
        "seconds": record["total_seconds"],
        "pairs": round(record["total_seconds"] / pair, 1),
        "pairs by stage": {stage: round(seconds / pair, 1) for stage, seconds in record["seconds"].items()},
        "peak memory MB": record["peak_memory_mb"],
    }
    return figures, maps


def pair_seconds(shape, repeats=5):
    """The median time of one rfftn + irfftn at the next fast size."""
    shape, times = fft.next_fast_shape(shape), []
    image = np.random.default_rng(0).standard_normal(shape, np.float32)
    for _ in range(repeats + 1):
        start = time.perf_counter()
        fft.irfftn(fft.rfftn(image), shape)
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]))


def methods():
    """Every method of background removal and inversion, as a table that goes to the documents."""
    from methods import methods_table

    methods_table()


def scans():
    """The error of every inversion on kinds of scans, as a table that goes to the documents."""
    from scans import scans_table

    scans_table()


def in_vivo():
    """The error of every inversion on measured heads with a reference, as a table that goes to the documents."""
    from in_vivo import in_vivo_table

    in_vivo_table()


def uncertainty():
    """How well the uncertainty holds on heads with truth, as a table that goes to the documents."""
    from uncertainty import uncertainty_table

    uncertainty_table()


def memory():
    """The memory that methods need on arrays of another library."""
    from gpu import memory

    memory()


TABLES = {"methods": methods, "scans": scans, "in-vivo": in_vivo, "uncertainty": uncertainty, "memory": memory}
BENCHES = {"speed": speed, "head-a": head_a}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to run: {', '.join((*BENCHES, *TABLES))} (default: all)"
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        help="compare the CPU with this device, in under five minutes, and run nothing else",
    )
    parser.add_argument("--inside", choices=BENCHES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(BENCHES[options.inside]()))
        return
    if options.device:
        from gpu import compare

        compare(options.device)
        return
    for name in options.names or (*BENCHES, *TABLES):
        if name in TABLES:
            TABLES[name]()
            continue
        if name not in BENCHES:
            parser.error(f"there is no benchmark {name!r}; there are: {', '.join((*BENCHES, *TABLES))}")
        if name == "head-a" and not os.environ.get("QSM_TEST_DATA"):
            print("head-a: left out, QSM_TEST_DATA is not set")
            continue
        done = subprocess.run(
            [sys.executable, __file__, "--inside", name], stdout=subprocess.PIPE, text=True, check=True
        )
        print(name, *(f"  {key}: {value}" for key, value in json.loads(done.stdout).items()), sep="\n")


if __name__ == "__main__":
    main()
