"""How well the uncertainty of susceptibility holds, and the weights of its sources: `./dev bench uncertainty`.

Heads whose truth is known are mapped with the default inversion, and with the weights of the code it is counted in what
share of the voxels of a tissue the error is below one and two times the uncertainty. The weights are then fitted to the
errors on some of the heads again, and printed. Takes some minutes; with QSM_TEST_DATA and QSM_IN_VIVO_DATA
(in_vivo.py) for all heads.
"""

from dataclasses import dataclass
from pathlib import Path

import in_vivo
import numpy as np
from scans import SCANS
from scipy.optimize import minimize

from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.regions.sample import Sample
from QSMLogic.registry.method import find
from QSMLogic.registry.stages import STAGES
from QSMLogic.stages.uncertainty.error_sources import WEIGHTS, measured, variances

TABLE = Path(__file__).resolve().parents[2] / "Resources" / "docs" / "uncertainty-measured.md"
INTRODUCTION = """# Uncertainty of susceptibility, measured

Written by `./dev bench uncertainty`. Heads whose truth is known are mapped with the default inversion. The table says
in how many percent of the voxels the error is below one and below two times the uncertainty; 68 and 95 would be right.
Errors are counted after the mean difference is removed. The weights of the error sources were fitted to the heads
marked with a star; the others confirm them. The last column is the root mean square of the errors of the means of the
deep gray nuclei (left and right apart) over their uncertainty in the table of regions; 1 would be right.

- 3 T, noisy, 7 T, tilted, hemorrhage, head: simulated scans, as in scans-measured.md. Deep gray and white matter are
  those of the truth.
- Others: heads in vivo with a reference from several orientations, if QSM_IN_VIVO_DATA has them. Deep gray are voxels
  deep inside whose reference is above 0.04 ppm, white matter voxels inside whose reference is below its median.
- Rim: the outermost 4 voxels of the mask.

"""
TISSUES = ("deep gray", "white matter", "rim")
FITTED_ON, IN_VIVO_FITTED_ON = ("3 T", "tilted"), 1
RIGHT = (0.683, 0.95)
RIM, INSIDE, DEEP = 4, 10, 20  # voxels
NUCLEI, WHITE = range(1, 8), 8
DRAWN, LEAST_NUCLEUS = 4000, 60  # voxels
FREEDOM, SOFTNESS, COVERAGE_WEIGHT = 8.0, 0.25, 30.0


@dataclass(frozen=True)
class Head:
    """Errors of a map, variances by source {name: image}, tissues {name: mask}, and masks of nuclei."""

    error: np.ndarray
    variances: dict
    tissues: dict
    nuclei: tuple
    fitted: bool

    def sample(self, tissue):
        """Squared errors, and variances as columns, of some voxels of a tissue."""
        found = np.flatnonzero(self.tissues[tissue])
        some = np.random.default_rng(0).choice(found, min(DRAWN, found.size), replace=False)
        columns = [self.variances[source].ravel()[some] for source in WEIGHTS]
        return np.square(self.error.ravel()[some]), np.stack(columns, 1).astype(float)

    def sigma(self, weights):
        return np.sqrt(sum(weights[source] * self.variances[source] for source in weights))

    def coverage(self, weights):
        """The shares below one and two times the uncertainty, for each tissue."""
        ratio = np.abs(self.error) / np.maximum(self.sigma(weights), 1e-9)
        return {name: [(ratio[inside] < times).mean() for times in (1, 2)] for name, inside in self.tissues.items()}

    def of_means(self, weights):
        """Root mean square of the errors of means over their uncertainty; None without nuclei."""
        sigma = self.sigma(weights)
        samples = [Sample(self.error[inside].astype(float), uncertainty=sigma[inside]) for inside in self.nuclei]
        ratios = [sample.mean() / sample.mean_uncertainty() for sample in samples]
        return np.sqrt(np.mean(np.square(ratios))) if ratios else None


def uncertainty_table():
    """Measure with the WEIGHTS of the code, and write the table; fits them again, and prints what it found."""
    heads = dict(_heads())
    refitted = _rounded(_balanced(_fitted(heads), heads))
    lines = [f"| head | {' | '.join(TISSUES)} | means |\n|---|{'---:|' * (len(TISSUES) + 1)}\n"]
    for name, head in heads.items():
        cells = [" / ".join(f"{100 * share:.0f}" for share in pair) for pair in head.coverage(WEIGHTS).values()]
        means = head.of_means(WEIGHTS)
        cells.append("" if means is None else f"{means:.2f}")
        lines.append(f"| {name}{' *' if head.fitted else ''} | {' | '.join(cells)} |\n")
    listed = ", ".join(f"{source} {weight:g}" for source, weight in WEIGHTS.items())
    TABLE.write_text(f"{INTRODUCTION}{''.join(lines)}\nWeights: {listed}.\n", encoding="utf-8")
    print("".join(lines), f"\nfitted again, for stages/uncertainty/error_sources.py: {refitted}")


def _heads():
    """(name, Head) of every head that there is."""
    for number, (name, (local, truth, counts)) in enumerate(in_vivo.heads().items()):
        yield name, _head(local, local, truth, counts, None, number < IN_VIVO_FITTED_ON)
        print(name, flush=True)
    for name, make in SCANS.items():
        scan = make()
        if scan:
            extra = scan.inside if scan.lesion is None else scan.inside & ~ndimage.binary_dilation(scan.lesion)
            yield name, _head(scan.total, scan.local, scan.truth_ppm, extra, scan.labels, name in FITTED_ON)
            print(name, flush=True)


def _head(total, local, truth, counts, labels, fitted):
    method = find("invert", STAGES["invert"].default)
    method = find("invert", method.chooses(local)[0]) if method.chooses else method
    x = method.run(total if method.takes_total_field else local)
    if method.takes_total_field:
        field = dipole_field(x, total.grid.spacing_mm, total.grid.b0_direction)
        local = measured(total, total.with_field(field))
    error = x - truth
    error = error - error[counts & local.mask].mean()
    sources = dict(variances(local, x))
    tissues = _tissues(truth, local.mask, _depth(local), counts, labels)
    return Head(error, sources, tissues, () if labels is None else tuple(_nuclei(labels, local.mask)), fitted)


def _depth(local):
    """Distance to the boundary of the mask in voxel lengths."""
    spacing, inside = [d / local.grid.voxel_length_mm for d in local.grid.spacing_mm], (slice(1, -1),) * 3
    return ndimage.distance_transform_edt(np.pad(local.mask, 1), sampling=spacing)[inside]


def _tissues(truth, mask, deep, counts, labels):
    """{tissue: mask}"""
    rim = mask & (deep <= RIM)
    if labels is not None:
        inside = mask & ~rim
        return dict(zip(TISSUES, (inside & np.isin(labels, NUCLEI), inside & (labels == WHITE), rim), strict=True))
    smooth = ndimage.gaussian_filter(np.where(mask, truth, 0), 1.0) - np.median(truth[counts])
    gray, white = mask & (deep > DEEP) & (smooth > 0.04), mask & (deep > INSIDE) & (smooth < 0)
    return dict(zip(TISSUES, (gray, white, rim), strict=True))


def _nuclei(labels, mask):
    """The mask of each nucleus, left and right apart."""
    for label in NUCLEI:
        parts, count = ndimage.label((labels == label) & mask)
        yield from (parts == part for part in range(1, count + 1) if np.count_nonzero(parts == part) > LEAST_NUCLEUS)


def _fitted(heads):
    """{source: weight}: the likeliest by Student's distribution, with a penalty for shares that are not RIGHT."""
    samples = [head.sample(tissue) for head in heads.values() if head.fitted for tissue in TISSUES]
    scale = np.concatenate([columns for _, columns in samples]).mean(0)
    typical = np.mean([np.minimum(squares, np.percentile(squares, 99)).mean() for squares, _ in samples])

    def loss(logarithms):
        losses = [_loss(squares, columns / scale @ np.exp(logarithms)) for squares, columns in samples]
        values, slopes = zip(*losses, strict=True)
        gradient = sum((columns / scale).T @ slope for (_, columns), slope in zip(samples, slopes, strict=True))
        return sum(values), gradient * np.exp(logarithms)

    start = np.full(len(WEIGHTS), np.log(typical / len(WEIGHTS)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-30, 5)] * len(WEIGHTS))
    return dict(zip(WEIGHTS, np.exp(found.x) / scale, strict=True))


def _loss(squares, variance):
    """The loss of one tissue, and its slope by the variance of each voxel."""
    ratio, half = squares / variance, (FREEDOM + 1) / 2
    value = (np.log(variance) / 2 + half * np.log1p(ratio / FREEDOM)).mean()
    slope = (0.5 - half * ratio / (FREEDOM + ratio)) / variance / ratio.size
    for times, right in zip((1, 2), RIGHT, strict=True):
        below = 1 / (1 + np.exp(-np.clip((2 * np.log(times) - np.log(ratio + 1e-12)) / SOFTNESS, -30, 30)))
        off = below.mean() - right
        value += COVERAGE_WEIGHT * off**2
        slope += 2 * COVERAGE_WEIGHT * off * below * (1 - below) / SOFTNESS / variance / ratio.size
    return value, slope


def _balanced(weights, heads):
    """The weights times the factor for which the share that is farthest off is nearest to RIGHT."""

    def worst(factor):
        shares = [head.coverage({s: factor * w for s, w in weights.items()}) for head in heads.values() if head.fitted]
        return max(np.abs(np.subtract(pair, RIGHT)).max() for of_head in shares for pair in of_head.values())

    factor = min(np.linspace(0.7, 1.3, 25), key=worst)
    return {source: factor * weight for source, weight in weights.items()}


def _rounded(weights):
    return {source: float(f"{weight:.2g}") for source, weight in weights.items()}
