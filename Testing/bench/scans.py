"""Error of every inversion method on kinds of scans: `./dev bench scans`, a Markdown table.

Each scan runs through the default chain up to the inversion, with its true mask; then every method inverts the same
field with its default settings. What the table shows is why the default and the presets are what they are.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import realistic_head
from methods import tissue_slope

from QSMLogic import FieldMap, run
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import registry
from QSMLogic.simulation.accuracy import nrmse
from QSMLogic.simulation.phantom import head
from QSMLogic.simulation.scan import simulate_scan

TABLE = Path(__file__).resolve().parents[2] / "Resources" / "docs" / "scans-measured.md"
INTRODUCTION = """# Inversions by kind of scan, measured

Written by `./dev bench scans`. Simulated scans run through the default pipeline with their true masks, up to the
inversion; then every method inverts the same field (TGV: the total field) with its default settings. NRMSE in percent
in the mask eroded by 4 voxels; for the hemorrhage (a ball of 20 mm, 2 ppm, without signal at later echoes), outside
it, and the fraction of its susceptibility that the map shows. The slope is that of tissue means against the truth at
3 T.

- 3 T: 1.5 mm, five echoes to 28 ms. Noisy: the same with a third of the signal-to-noise ratio.
- 7 T: another head, 1.2 mm, five echoes to 20 ms. Tilted: 3 T, slices tilted by 37 degrees, voxels of 1 x 1 x 2 mm.
- Head: a realistic head from another source at 3 T, 1.25 mm, five echoes, if QSM_TEST_DATA has it.

"""
SEVEN_TESLA = {"field_strength_t": 7.0, "echo_times_s": (0.004, 0.008, 0.012, 0.016, 0.020)}


def scans_table(only=()):
    """Measure, and write the table; returns its text. only: names of methods, for a part of the table."""
    scans = {title: make() for title, make in SCANS.items()}
    scans = {title: scan for title, scan in scans.items() if scan}
    titles = [*scans, "hemorrhage reads", "slope"]
    lines = [f"| method | {' | '.join(titles)} |\n|---|{'---:|' * len(titles)}\n"]
    for name, method in registry()["invert"].items():
        if method.chooses or method.missing or (only and name not in only):
            continue
        maps = {title: scan.inverted(method) for title, scan in scans.items()}
        row = [f"{scans[title].error(x):.1f}" for title, x in maps.items()]
        row.append(f"{scans['hemorrhage'].reading(maps['hemorrhage']):.2f}")
        row.append(f"{scans['3 T'].slope(maps['3 T']):.2f}")
        lines.append(f"| {name} | {' | '.join(row)} |\n")
        print(lines[-1], end="", flush=True)
    text = INTRODUCTION + "".join(lines)
    if not only:
        TABLE.write_text(text, encoding="utf-8")
    return text


class Scan:
    """The fields of a scan, and its truth."""

    def __init__(self, acquisition, mask, truth_ppm, labels, tissues, lesion=None):
        maps = run(acquisition, mask, {"invert": {"method": "tkd"}})
        extra = maps.uncertainty_ppm, acquisition.weight
        self.total = FieldMap(maps.total_field_ppm, mask, acquisition.grid, *extra).without_unreliable_rim()
        self.local = FieldMap(maps.local_field_ppm, maps.reliable_mask, acquisition.grid, *extra)
        self.truth_ppm, self.labels, self.tissues, self.lesion = truth_ppm, labels, tissues, lesion
        self.inside = ndimage.binary_erosion(mask, iterations=4)

    def inverted(self, method):
        """The method's map on the whole grid."""
        return method.run(self.total if method.takes_total_field else self.local)

    def error(self, x):
        outside = self.inside if self.lesion is None else self.inside & ~ndimage.binary_dilation(self.lesion)
        return nrmse(x, self.truth_ppm, outside)

    def slope(self, x):
        return tissue_slope(x, self.truth_ppm, self.labels, self.tissues, self.inside)

    def reading(self, x):
        """The lesion's mean over its true one, both relative to the brain around it."""
        around = self.inside & ~ndimage.binary_dilation(self.lesion, iterations=2)
        difference = [image[self.lesion].mean() - image[around].mean() for image in (x, self.truth_ppm)]
        return difference[0] / difference[1]


def simulated(seed=1, fine_mm=(0.75, 0.75, 0.75), shape=(208, 256, 224), bleed=False, **options):
    """A Scan of the project's phantom."""
    made = head(shape, fine_mm, seed=seed)
    if bleed:
        made = with_hemorrhage(made)
    scan = simulate_scan(made, seed=seed, **options)
    deep = ndimage.binary_erosion(scan.mask, iterations=4)  # air is far above the mask's susceptibilities
    lesion = deep & (scan.susceptibility_ppm > 1.9) if bleed else None
    return Scan(scan.acquisition, scan.mask, scan.susceptibility_ppm, scan.labels, range(1, 11), lesion)


def with_hemorrhage(made, radius_mm=10.0, susceptibility_ppm=2.0, r2star_hz=250.0):
    """The head with a ball of old blood in the white matter of the left half."""
    axes = [(np.arange(n) - n / 2) * d for n, d in zip(made.grid.shape, made.grid.spacing_mm, strict=True)]
    ball = sum(np.square(x - at) for x, at in zip(np.ix_(*axes), (22.0, 10.0, 22.0), strict=True)) < radius_mm**2
    chi, decay = made.susceptibility_ppm.copy(), made.r2star_hz.copy()
    chi[ball], decay[ball] = susceptibility_ppm, r2star_hz
    return replace(made, susceptibility_ppm=chi, r2star_hz=decay)


def realistic():
    """A Scan of the head in QSM_TEST_DATA, or None."""
    if not realistic_head.is_there():
        return None
    images, _ = realistic_head.truth("susceptibility_ppm", "labels")
    truth = images["mask"], images["susceptibility_ppm"], images["labels"]
    return Scan(realistic_head.scan(), *truth, realistic_head.TISSUES)


SCANS = {
    "3 T": simulated,
    "noisy": lambda: simulated(snr=27.0),
    "7 T": lambda: simulated(seed=5, fine_mm=(0.6, 0.6, 0.6), shape=(240, 320, 272), **SEVEN_TESLA),
    "tilted": lambda: simulated(seed=3, fine_mm=(1.0, 0.5, 0.5), shape=(160, 384, 320), b0_direction=(0.8, 0.6, 0.0)),
    "hemorrhage": lambda: simulated(seed=2, bleed=True),
    "head": realistic,
}
