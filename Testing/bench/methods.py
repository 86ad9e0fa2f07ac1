"""Cost, memory and accuracy of each background and inversion method: `./dev bench methods`, a Markdown table.

Cost: processor time in pairs (one float32 rfftn + irfftn at the next fast size of the volume, measured around each
method). Overhead: that time over the time of the transforms that the method makes, at their sizes. Memory: the most
that the method holds beside its input, in float32 volumes of the image. Processor time, not time on the clock, as
other work on the machine then disturbs least.
"""

import time
import tracemalloc
from pathlib import Path

import numpy as np
import realistic_head

from QSMLogic import FieldMap
from QSMLogic.numerics import fft
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.numerics.namespace import NUMPY
from QSMLogic.registry.method import registry
from QSMLogic.simulation.accuracy import nrmse, region_agreement
from QSMLogic.simulation.phantom import head
from QSMLogic.simulation.scan import simulate_scan

TABLE = Path(__file__).resolve().parents[2] / "Resources" / "docs" / "methods-measured.md"
HEADER = (
    "| stage | method | pairs | transforms | overhead | volumes | phantom NRMSE | phantom slope | head NRMSE |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
)


class Transforms:
    """Counts the pairs' worth of transforms made on the CPU, by standing for the scipy.fft of numpy's arrays."""

    NAMES = ("rfftn", "irfftn", "dctn", "idctn")

    def __enter__(self):
        self.count, self.seconds, self.scipy = 0, 0.0, NUMPY.fft
        object.__setattr__(NUMPY, "fft", self)
        return self

    def __exit__(self, *error):
        object.__setattr__(NUMPY, "fft", self.scipy)

    def __getattr__(self, name):
        function = getattr(self.scipy, name)
        if name not in self.NAMES:
            return function

        def timed(*arguments, **options):
            began = time.process_time()
            result = function(*arguments, **options)
            self.count, self.seconds = self.count + 1, self.seconds + time.process_time() - began
            return result

        return timed


def methods_table(only=()):
    """Measure, and write the table; returns its text. only: names of methods, for a part of the table."""
    total, local, truth = phantom_fields()
    known = realistic_fields()
    rows = []
    for stage, given in (("background", total), ("invert", local)):
        for name, method in registry()[stage].items():
            if method.chooses or method.missing or (only and name not in only):
                continue
            field = total if method.takes_total_field else given
            result, cost = measured(method, field)
            accuracy = judged(stage, result, truth)
            other = "-"
            if known:
                field = known["background" if method.takes_total_field else stage]
                other = f"{judged(stage, method.run(field), known['truth'])[0]:.1f}"
            slope = "-" if accuracy[1] is None else f"{accuracy[1]:.2f}"
            rows.append(f"| {stage} | {name} | {cost} | {accuracy[0]:.1f} | {slope} | {other} |\n")
            print(rows[-1], end="", flush=True)
    text = f"# Methods, measured\n\n{explanation(total.grid.shape, known)}\n\n{HEADER}{''.join(rows)}"
    if not only:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(text, encoding="utf-8")
    return text


def explanation(shape, known):
    """What the table's columns are."""
    realistic = "a realistic head at 3 T (1.25 mm)" if known else "not measured: QSM_TEST_DATA was not set"
    return (
        f"Written by `./dev bench methods`, every method with its default settings, on the project's own phantom\n"
        f"({' x '.join(map(str, shape))} voxels of 1.5 mm, 3 T): background removal from its true total field, dipole\n"
        "inversion from the local field of the default pipeline (TFI, TGV: the true total field). Pairs: processor\n"
        "time over that of one float32 rfftn + irfftn at the next fast size of the volume. Transforms: of any size,\n"
        "in pairs. Overhead: total processor time over that of the transforms. Volumes: peak memory in addition to\n"
        "the input, in float32 volumes. NRMSE in percent, in the mask eroded by 4 voxels, for a background method\n"
        "in its own mask; slope of tissue means against the truth.\n"
        f"Head: {realistic}, from its true fields.\n"
        "An inversion works in the bounding box of its mask, a good half of the voxels here; background removal\n"
        "works on the image as given, which a run crops to the mask first."
    )


def measured(method, given):
    """The result of a method, and its row of costs."""
    pair = pair_seconds(given.grid.shape)
    with Transforms() as transforms:
        began = time.process_time()
        result = method.run(given)
        seconds = time.process_time() - began
    pair = (pair + pair_seconds(given.grid.shape)) / 2
    tracemalloc.start()
    method.run(given)
    volumes = tracemalloc.get_traced_memory()[1] / 4 / given.mask.size
    tracemalloc.stop()
    overhead = f"{seconds / transforms.seconds:.1f}" if transforms.seconds else "-"
    return result, f"{seconds / pair:.0f} | {transforms.count / 2:.0f} | {overhead} | {volumes:.1f}"


def pair_seconds(shape, repeats=5):
    """Processor time of one rfftn + irfftn at the next fast size."""
    shape = fft.next_fast_shape(shape)
    image = np.random.default_rng(0).standard_normal(shape, np.float32)
    fft.irfftn(fft.rfftn(image), shape)
    began = time.process_time()
    for _ in range(repeats):
        fft.irfftn(fft.rfftn(image), shape)
    return (time.process_time() - began) / repeats


def judged(stage, result, truth):
    """NRMSE, and for susceptibility the slope of the tissues' means, or None."""
    mask, labels = truth["inside"], truth["labels"]
    if stage == "background":
        return nrmse(result.ppm, truth["local"], mask & result.mask), None
    true = truth["susceptibility"]
    return nrmse(result, true, mask), tissue_slope(result, true, labels, truth["tissues"], mask)


def tissue_slope(x, true, labels, tissues, inside):
    """The slope of the tissues' means against their truths."""
    regions = [region for region in (inside & (labels == label) for label in tissues) if region.sum() > 10]
    return region_agreement(*([image[region].mean() for region in regions] for image in (x, true)))[0]


def phantom_fields():
    """A scan of the project's phantom: total field, local field of the default chain, truth."""
    from QSMLogic import run

    scan = simulate_scan(head((208, 256, 224), (0.75,) * 3, seed=1), seed=1)
    maps = run(scan.acquisition, scan.mask)
    inside = ndimage.binary_erosion(scan.mask, iterations=4)
    truth = {
        "inside": inside,
        "labels": scan.labels,
        "tissues": range(1, 11),
        "local": scan.local_field_ppm,
        "susceptibility": scan.susceptibility_ppm,
    }
    total = FieldMap(scan.total_field_ppm, scan.mask, scan.grid)
    return total, FieldMap(maps.local_field_ppm, maps.reliable_mask, scan.grid), truth


def realistic_fields():
    """The true fields of the head in QSM_TEST_DATA and their truth, or None."""
    if not realistic_head.is_there():
        return None
    images, grid = realistic_head.truth("total_field_ppm", "local_field_ppm", "susceptibility_ppm", "labels")
    mask, local = images["mask"], images["local_field_ppm"]
    truth = {
        "inside": ndimage.binary_erosion(mask, iterations=4),
        "labels": images["labels"],
        "tissues": realistic_head.TISSUES,
        "local": local,
        "susceptibility": images["susceptibility_ppm"],
    }
    total = FieldMap(images["total_field_ppm"], mask, grid)
    return {"background": total, "invert": FieldMap(local, mask, grid), "truth": truth}
