"""A mask of the brain without scalp, muscle and orbits: a surface on the magnitude, and voxels like the brain's."""

from dataclasses import dataclass

import numpy as np

from ...model.acquisition import bounding_box, uncropped
from ...model.errors import QSMError
from ...numerics.lazy import ndimage
from ...numerics.voxels import SAME, in_voxels
from ...registry.method import Citation, method, parameter
from ...shared.brain_hull import brain_hull, depth_mm, largest_part
from ...shared.coarse import block_means, stretched
from ...shared.head_size import bright_level, relative_size
from ...shared.mask_recipe import make_mask

COARSE_MM = 3.0  # voxels in which the surface grows; this and all lengths below are an adult head's
RIM_MM = 2.5  # under the surface: voxels unlike the brain's are removed there
BIAS_MM, LEVEL_MM = 30.0, 10.0  # over which the signal of tissue and of the brain is averaged for its local level
DEVIATIONS = 3.0  # robust standard deviations from the median that the brain may have
FAINT = 0.3  # of the signal of tissue: no tissue
KEPT = 0.4  # of the voxels around one that must be like the brain
MOST_SAMPLES = 100_000
MOST_MISJUDGED = 0.8  # see brain_hull; heads have 0.1 to 0.5
EVERYTHING = "phase-quality: otsu, dilate 1, fill-holes, erode 1, largest"


@dataclass(frozen=True)
class BrainParameters:
    threshold: float = parameter(
        0.0,
        "Fractional intensity",
        low=0,
        high=0.99,
        typical=0.6,
        help="Between brain and background; smaller values give a larger brain. 0: automatic, the value that leaves "
        "least dark signal inside and bright signal outside.",
    )
    opening_mm: float = parameter(
        8.0,
        "Opening radius",
        unit="mm",
        low=0,
        high=50,
        help="Morphological opening, which cuts bridges to tissue outside the brain. For the head of an adult; "
        "smaller in a smaller head.",
    )
    smallest_share: float = parameter(
        0.15,
        "Minimum brain fraction",
        low=0,
        high=1,
        help="If the brain is a smaller fraction of the tissue than this, or nothing encloses it, the scan is taken to "
        "show no head, and all voxels with reliable phase are kept.",
    )


@method(
    "mask",
    title="Brain extraction",
    parameters=BrainParameters,
    citations=[Citation("Smith, Hum Brain Mapp 2002;17:143-155 (surface)", "10.1002/hbm.10062")],
)
def brain(acquisition, parameters, progress):
    """Enclose the brain with BET at the threshold that fits best, and remove voxels at its rim that are unlike it.

    acquisition: phase in radians. Returns bool (k, j, i): brain and its fluid; if there is no brain, as in a limb, all
    voxels with reliable phase. Raises QSMError if there is no signal. The surface grows on coarse voxels; lengths are
    those of an adult's head, and smaller in a smaller one. Dice overlap with the brain: 0.95 on a realistic head and on
    a measured EPI (echo time 30 ms), 0.98 on simulated heads. A short-echo head with neck and orbits has 1540 ml.
    """
    image, spacing_mm = np.nan_to_num(acquisition.weight), acquisition.grid.spacing_mm
    if not image.any():
        raise QSMError("The magnitude shows no head. Check the magnitude, or provide a mask.")
    scale = relative_size(np.count_nonzero(image > FAINT * bright_level(image)), spacing_mm)
    factors = [max(1, round(in_voxels(COARSE_MM * scale, d))) for d in spacing_mm]
    blocks, coarse_mm = block_means(image, factors), np.multiply(spacing_mm, factors)
    coarse = _even(blocks, BIAS_MM * scale / coarse_mm)
    progress(0.1)
    hull = brain_hull(
        coarse, coarse_mm, parameters.threshold, parameters.opening_mm, lambda fraction: progress(0.1 + 0.6 * fraction)
    )
    if _is_no_brain(hull, coarse, parameters.smallest_share):
        return make_mask(EVERYTHING, acquisition)
    depth = depth_mm(hull.mask, coarse_mm) - min(coarse_mm) / 2
    level = _level(blocks, hull.mask & (depth > SAME * RIM_MM * hull.scale), LEVEL_MM * hull.scale / coarse_mm)
    box = tuple(
        slice(part.start * f, min(part.stop * f, n))
        for part, f, n in zip(bounding_box(hull.mask), factors, image.shape, strict=True)
    )
    inside, depth, level = (stretched(np.float32(x), factors, box) for x in (hull.mask, depth, level))
    progress(0.8)
    mask = _without_rim(acquisition.cropped(box), inside > 0.5, depth > SAME * RIM_MM * hull.scale, level)
    return uncropped(mask, box, image.shape)


def _even(image, sigma):
    """The image without the receiver's smooth sensitivity; about 1 in tissue."""
    level = bright_level(image)
    for _ in range(2):
        level = _level(image, image > FAINT * level, sigma)
    return image / level


def _is_no_brain(hull, image, smallest_share):
    tissue = np.count_nonzero(image > FAINT * bright_level(image))
    return np.count_nonzero(hull.mask) < max(smallest_share * tissue, 1) or hull.misjudged > MOST_MISJUDGED


def _level(image, core, sigma):
    """The mean signal of the core around each voxel."""
    total, share = (ndimage.gaussian_filter(x.astype(np.float32), sigma) for x in (image * core, core))
    near = share > 1e-6
    total[near] /= share[near]
    total[~near] = image[core].mean()
    return total


def _without_rim(scan, inside, core, level):
    """`inside` without the voxels outside the core whose signal or decay is unlike the core's."""
    rim, known = np.flatnonzero(inside & ~core), np.flatnonzero(inside & core)
    if not len(known):
        return inside
    known = known[:: 1 + len(known) // MOST_SAMPLES]
    (signal, decay), (of_core, decay_of_core) = (_signal_and_decay(scan, level, voxels) for voxels in (rim, known))
    like = inside.ravel().copy()
    (faintest, _), (fastest, slowest) = _typical(of_core), _typical(decay_of_core)
    like[rim] = (signal > faintest) & (fastest <= decay) & (decay <= slowest)
    like = ndimage.uniform_filter(like.reshape(inside.shape).astype(np.float32), 3) > KEPT
    return ndimage.binary_fill_holes(largest_part(inside & (core | like)))


def _signal_and_decay(scan, level, voxels):
    """The signal relative to that of the brain around it, and the mean echo time, weighted by the magnitude."""
    echoes = np.nan_to_num(scan.magnitude.reshape(scan.echoes, -1)[:, voxels])
    signal = np.sqrt(np.einsum("ev,ev->v", echoes, echoes)) / level.ravel()[voxels]
    times = np.array(scan.echo_times_s, np.float32) / np.float32(scan.echo_times_s[-1])
    return signal, (times @ echoes) / np.maximum(echoes.sum(axis=0), np.finfo(np.float32).tiny)


def _typical(values):
    """The lowest and the highest value within so many robust standard deviations of the median."""
    median = np.median(values)
    reach = DEVIATIONS * 1.4826 * np.median(np.abs(values - median)) + 1e-3 * median
    return max(median - reach, FAINT * median), median + reach
