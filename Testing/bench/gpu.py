"""The default chain and every inversion on the CPU and on a GPU: `./dev bench --device gpu`, under five minutes.

Each is run once before it is measured, as a GPU compiles what it computes for the first time. Where there is no GPU
that works, that is said, and nothing is measured. `./dev bench memory` needs no GPU: it measures the memory that
methods need beyond their inputs, on arrays of another library that numpy allocates, for numerics/device.py.
"""

import time
import tracemalloc

import numpy as np
from bench import synthetic_scan
from helpers.foreign_arrays import Foreign

from QSMLogic import FieldMap, run
from QSMLogic.model.acquisition import bounding_box
from QSMLogic.numerics.device import find_device
from QSMLogic.numerics.moving import moved
from QSMLogic.pipeline.checks.scan import checked_scan
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING

CASES = {(164, 205, 205): 4, (256, 320, 320): 5}  # shape: number of echoes
ON_CPU_TOO = (164, 205, 205)  # where each inversion is compared with the CPU
CPU_LIMIT_S, LIMIT_S = 20.0, 240.0  # of an inversion on the CPU, above which the large case is left out; of all
SMALL = (72, 80, 76)
FEW = {"iterations": 3, "outer_iterations": 2}  # memory is that of one iteration


def compare(device_name):
    """Print the times of the CPU and the GPU, and the largest difference of their maps."""
    device, began = find_device(device_name), time.perf_counter()
    if device.kind != "gpu":
        print(device.reason or f"--device {device_name} is the CPU: there is nothing to compare it with.")
        return
    print(f"{device.name}, driver {device.driver}, {device.software}")
    left_out = set()
    for shape, echoes in CASES.items():
        scan, mask = synthetic_scan(shape, echoes)
        maps = _chain(scan, mask, device_name)
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
    """Print the bytes per voxel that each method needs, its inputs included, on arrays of another library."""
    scan, mask = synthetic_scan(SMALL, echoes)
    box = bounding_box(mask)
    scan, mask = scan.cropped(box), mask[box]
    maps = run(scan, mask)
    local = FieldMap(maps.local_field_ppm, maps.reliable_mask, scan.grid, magnitude=scan.magnitude[0])
    local = local.cropped(bounding_box(maps.reliable_mask, margin=0))
    total = FieldMap(maps.total_field_ppm, mask, scan.grid, magnitude=scan.magnitude[0])
    given = {"background": (total,), "invert": (local,), "offset": (scan, mask), "unwrap": (scan, mask)}
    given |= {"field": (scan, scan.phase, mask), "relaxometry": (scan, mask, total)}
    for stage, inputs in given.items():
        for entry in registry()[stage].values():
            if entry.on_gpu and entry.name != NOTHING:
                _print_memory(entry, (total,) if entry.takes_total_field else inputs)
    _print_peak("checks", lambda inputs: checked_scan(*inputs), (scan, mask))


def _chain(scan, mask, device_name):
    """The maps of the chain on a GPU; its time and that of its stages are printed beside those of the CPU."""
    run(scan, mask, {"device": device_name})
    there, here = run(scan, mask, {"device": device_name}), run(scan, mask)
    seconds, expected = there.provenance["seconds"], here.provenance["seconds"]
    used = there.provenance["device"]["stages"]
    apart = np.abs(there.susceptibility_ppm - here.susceptibility_ppm).max()
    print(f"{scan.grid.shape} x {scan.echoes}: {sum(seconds.values()):.2f} s, CPU {sum(expected.values()):.2f} s")
    print(f"  largest difference {apart:.1e} ppm")
    for stage, value in seconds.items():
        place = "GPU" if stage in used else "CPU"
        print(f"  {stage}: {value:.3f} s on the {place}, {expected[stage]:.3f} s on the CPU")
    for sentence in there.provenance["device"]["fallbacks"]:
        print(f"  {sentence}")
    return here


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


def _print_memory(entry, given):
    few = {p.name: FEW[p.name] for p in entry.parameters if p.name in FEW}
    parameters = entry.make_parameters(few)
    _print_peak(f"{entry.stage} {entry.name}", lambda inputs: entry.run(*inputs, parameters=parameters), given)


def _print_peak(name, work, given):
    tracemalloc.start()
    try:
        work(moved(given, lambda x: Foreign(np.array(x))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"{name}: {peak / np.prod(given[0].grid.shape):.0f} bytes per voxel", flush=True)
