"""The sign of the phase for positive susceptibility, estimated from the field of a head in air."""

import numpy as np

from ..numerics.blocks import block_mean
from ..numerics.dipole_field import dipole_field
from ..numerics.namespace import like, namespace, to_host
from .mask_recipe import otsu
from .phase_quality import neighbors, wrapped

TISSUE_PPM = -9.4  # against air
CERTAIN = 0.08  # correlation from which the sign is held to be known
RIM_VOXELS, MOST_SAMPLES = 2, 50000
LARGE, THIN = 1_000_000, 48  # images of more voxels are looked at in blocks of two, but along short axes


def sign_evidence(acquisition):
    """The correlation of the phase's steps with those of the field that tissue in air has, -1 to 1.

    acquisition: phase in radians. What is linear in space, in either steps, counts as shim and is left out. Beyond
    CERTAIN the sign of the evidence is that of the phase; simulated heads give 0.16 to 0.30, realistic ones 0.31. In a
    crop that shows no air there is no evidence, and it is about zero. If the field of view cuts the head in half or the
    B0 direction is wrong, it can be wrong: of 153 simulated scans (17 settings in 9 fields of view), 6
    gave the wrong sign, down to -0.07 in cubic voxels, and -0.44 for the upper half of a head in thick slices; with B0
    along a wrong axis whole heads gave -0.13 to -0.18.
    """
    blocks = tuple(2 if acquisition.phase[0].size > LARGE and n > THIN else 1 for n in acquisition.grid.shape)
    tissue = otsu(_in_blocks(acquisition.weight, blocks))
    spacing = np.multiply(acquisition.grid.spacing_mm, blocks)
    expected = dipole_field(np.float32(TISSUE_PPM) * tissue, spacing, acquisition.grid.b0_direction)
    deep = _without_rim(tissue, RIM_VOXELS // max(blocks))
    products = np.zeros(3)
    for axis in range(3):
        before, after = _neighbors_inside(deep, axis)
        if before[0].size < 10:
            continue
        shim = np.stack([np.ones(before[0].size), *before], axis=1)
        steps = _steps(acquisition, before, blocks, axis)
        steps = wrapped(steps - np.angle(np.exp(1j * steps).sum()).astype(np.float32))  # half turns would wrap
        measured, predicted = _residuals((steps, _at(expected, after) - _at(expected, before)), shim)
        products += measured @ predicted, measured @ measured, predicted @ predicted
    return float(products[0] / np.sqrt(products[1] * products[2])) if products[1:].all() else 0.0


def _in_blocks(image, blocks):
    """The image in means over blocks; those that are not whole are cut off."""
    return block_mean(image[tuple(slice(n - n % b) for n, b in zip(image.shape, blocks, strict=True))], blocks)


def _without_rim(tissue, voxels):
    """The tissue without so many voxels at its surface, of which the image's border is a part."""
    for _ in range(voxels):
        inner = namespace(tissue).zeros_like(tissue)
        inner[1:-1, 1:-1, 1:-1] = tissue[1:-1, 1:-1, 1:-1]
        for axis in range(3):
            here, there = neighbors(axis)
            inner[here] &= tissue[there]
            inner[there] &= tissue[here]
        tissue = inner
    return tissue


def _neighbors_inside(mask, axis):
    """The indices of a sample of the voxels whose next neighbor along `axis` is in the mask, too, and of those.

    As what is computed of a sample takes no time, they are numpy arrays.
    """
    here, there = neighbors(axis)
    both = mask[here] & mask[there]
    places = namespace(mask).flatnonzero(both)
    before = np.unravel_index(to_host(places[:: max(places.size // MOST_SAMPLES, 1)]), both.shape)
    return before, tuple(index + (a == axis) for a, index in enumerate(before))


def _steps(acquisition, places, blocks, axis):
    """The steps of the phase, or of its evolution from the first echo to the second, from blocks to the next ones.

    They are taken between the two voxels on either side of the border of the blocks.
    """
    last = [b * index + (b - 1 if a == axis else 0) for a, (b, index) in enumerate(zip(blocks, places, strict=True))]
    following = tuple(index + (a == axis) for a, index in enumerate(last))
    phases = [(_at(echo, following), _at(echo, last)) for echo in acquisition.phase[:2]]
    if len(phases) == 1:
        return phases[0][0] - phases[0][1]
    (there, here), (there_later, here_later) = phases
    return (there_later - there) - (here_later - here)


def _at(image, places):
    """The values of an image at these indices, a numpy array."""
    return to_host(image[tuple(like(index, image) for index in places)])


def _residuals(steps, shim):
    """Each of the steps less what is linear in space, cut off at their largest percent."""
    steps = np.stack(steps, axis=1).astype(float)
    steps -= shim @ np.linalg.lstsq(shim, steps, rcond=None)[0]
    limits = np.percentile(np.abs(steps), 99, axis=0)
    return np.clip(steps, -limits, limits).T
