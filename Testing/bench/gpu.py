"""The default chain and every inversion on the CPU and on a GPU: `./dev bench --device gpu`.

Each is run once before it is measured, as a GPU compiles what it computes for the first time. What would begin after
four minutes is left out, and said; the large scan is mapped on the GPU only. Where there is no GPU that works, that is
said, and nothing is measured. `./dev bench memory` needs no GPU: it measures the memory that methods need, their inputs
included, on arrays of another library that numpy allocates, for the `gpu_need` of methods.
"""

import math
import time

import numpy as np
from bench import synthetic_scan
from helpers.foreign_memory import peak_bytes, peak_bytes_of
from helpers.method_inputs import inputs_of, known_inputs, methods_for_gpu
from helpers.same_on_foreign import arrays

from QSMLogic import FieldMap, run
from QSMLogic.numerics.device import find_device
from QSMLogic.numerics.gpu_memory import USUAL
from QSMLogic.pipeline.checks.scan import checked_scan
from QSMLogic.registry.method import registry

CASES = {(164, 205, 205): 4, (256, 320, 320): 5}  # shape: number of echoes
ON_CPU_TOO = (164, 205, 205)  # where the chain and each inversion are compared with the CPU
CPU_LIMIT_S, LIMIT_S = 20.0, 240.0  # of an inversion on the CPU, above which the large case is left out; of all
SMALL = (72, 80, 76)


def compare(device_name):
    """Print the times of the CPU and the GPU, and the largest difference of their maps."""
    device, began = find_device(device_name), time.perf_counter()
    if device.kind != "gpu":
        print(device.reason or f"--device {device_name} is the CPU: there is nothing to compare it with.")
        return
    print(f"{device.name}, driver {device.driver}, {device.software}")
    left_out = set()
    for shape, echoes in CASES.items():
        if time.perf_counter() - began > LIMIT_S:
            print(f"{shape}: left out, the time is over")
            continue
        scan, mask = synthetic_scan(shape, echoes)
        maps = _chain(scan, mask, device_name, shape == ON_CPU_TOO)
        local = FieldMap(maps.local_field_ppm, maps.reliable_mask, scan.grid, magnitude=scan.magnitude[0])
        total = FieldMap(maps.total_field_ppm, mask, scan.grid, magnitude=scan.magnitude[0])
        for name, entry in registry()["invert"].items():
            if not entry.on_gpu or entry.chooses or name in left_out:
                continue
            if time.perf_counter() - began > LIMIT_S:
                print(f"  {name}: left out, the time is over")
                continue
            seconds = _inversion(entry, total if entry.takes_total_field else local, device, shape == ON_CPU_TOO)
            if seconds > CPU_LIMIT_S:
                left_out.add(name)


def memory(echoes=4):
    """Print the bytes per voxel that each method needs on arrays of another library, and what it says to need."""
    scan, mask = synthetic_scan(SMALL, echoes)
    known = known_inputs(scan.grid, np.ones(SMALL, bool), scan.echo_times_s)
    for entry in methods_for_gpu():
        said = max(entry.gpu_need.bytes_of(x.shape) for x in arrays(inputs_of(entry, known)))
        _print_memory(f"{entry.stage} {entry.name}", peak_bytes_of(entry, known), said)
    said = USUAL.bytes_of(scan.phase.shape)
    _print_memory("checks", peak_bytes(checked_scan, (scan, mask)), said)


def _chain(scan, mask, device_name, on_cpu):
    """The maps of the chain on a GPU; prints its times, with `on_cpu` those of the CPU beside them."""
    run(scan, mask, {"device": device_name})
    there = run(scan, mask, {"device": device_name})
    used, seconds = there.provenance["device"]["stages"], there.provenance["seconds"]
    expected = {}
    print(f"{scan.grid.shape} x {scan.echoes}: {sum(seconds.values()):.2f} s")
    if on_cpu:
        here = run(scan, mask)
        expected = here.provenance["seconds"]
        apart = np.abs(there.susceptibility_ppm - here.susceptibility_ppm).max()
        print(f"  CPU {sum(expected.values()):.2f} s, largest difference {apart:.1e} ppm")
    for stage, value in seconds.items():
        beside = f", {expected[stage]:.3f} s on the CPU" if expected else ""
        print(f"  {stage}: {value:.3f} s on the {'GPU' if stage in used else 'CPU'}{beside}")
    for sentence in there.provenance["device"]["fallbacks"]:
        print(f"  {sentence}")
    return there


def _inversion(entry, field, device, on_cpu):
    """Print its times; returns that of the CPU, 0 if it was not measured."""
    entry.run(field, device=device)
    seconds, found = _timed(lambda: entry.run(field, device=device))
    if not on_cpu:
        print(f"  {entry.name}: {seconds:.3f} s on the {device.kind}")
        return 0
    cpu_seconds, expected = _timed(lambda: entry.run(field))
    apart = np.abs(found - expected).max()
    print(f"  {entry.name}: {seconds:.3f} s, CPU {cpu_seconds:.2f} s, largest difference {apart:.1e} ppm")
    return cpu_seconds


def _timed(work):
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _print_memory(name, measured, said):
    voxels = math.prod(SMALL)
    print(f"{name}: {measured / voxels:.0f} bytes per voxel, of {said / voxels:.0f} said", flush=True)
