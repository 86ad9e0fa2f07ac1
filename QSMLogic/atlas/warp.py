"""The non-linear part of a registration: a velocity field that brings an aligned template onto the subject."""

from dataclasses import dataclass

import numpy as np

from ..numerics.lazy import ndimage
from .contrast import translated
from .velocity import displacement_of, finer, points, pulled, smoothed

# of each level: shrink factor, iterations, and the Gaussian (control points) that smooths the velocity at each of them
PYRAMID = ((4, 60, 0.6), (2, 60, 0.45), (1, 20, 0.38))
CAUTION = 1.0
MULTIPLE = 8  # sizes of images are padded to multiples of it, so that levels fit onto each other
TAPER = 4  # control points at the border of a part over which it goes over into its surroundings


@dataclass(frozen=True)
class Channel:
    """A pair of images, float32 (k, j, i) on one grid.

    translate: whether they differ in contrast; then `moving` is a pair of images of which the contrast of `fixed` is
    predicted.
    """

    fixed: np.ndarray
    moving: np.ndarray
    translate: bool = False


def velocity_between(channels, mask, part, report):
    """The velocity whose displacement brings the moving images of the channels onto the fixed ones.

    Log-domain demons (Vercauteren 2008, doi:10.1007/978-3-540-85988-8_90), each step solved for the voxels around a
    control point and for all channels together, each weighted by the inverse variance of its fixed image.

    Parameters
    ----------
    channels : sequence of Channel
        Whose sizes are multiples of MULTIPLE.
    mask : numpy.ndarray
        Where both show the subject, bool; elsewhere nothing pulls.
    part : tuple of slice
        Control points of the finest level that are refined; the rest keeps what the coarser levels found.
    report : callable
        Takes the share that is done; it may raise.

    Returns
    -------
    numpy.ndarray
        float32 (3, k, j, i) on control points.
    """
    work = [iterations / shrink**3 for shrink, iterations, _ in PYRAMID]
    velocity = None
    for level, (shrink, iterations, sigma) in enumerate(PYRAMID):
        inside = _shrunk(mask.astype(np.float32), shrink) > 0.5
        pairs = [_pair(channel, shrink) for channel in channels]
        sources = [channel.translate for channel in channels]
        shape = points(inside.shape)
        velocity = np.zeros((3, *shape), np.float32) if velocity is None else finer(velocity, shape)
        start, share = sum(work[:level]) / sum(work), work[level] / sum(work)
        box = part if shrink == 1 else tuple(slice(0, n) for n in shape)
        voxels = tuple(slice(2 * s.start, 2 * s.stop) for s in box)
        own = velocity[(slice(None), *box)]
        pairs = [
            _comparable(*(x[(..., *voxels)] for x in pair), inside[voxels], own, translate)
            for pair, translate in zip(pairs, sources, strict=True)
        ]
        found = _iterated(
            pairs, inside[voxels], own, iterations, sigma, lambda done, a=start, b=share: report(a + b * done)
        )
        velocity = velocity.copy()
        velocity[(slice(None), *box)] += _tapered(found - own, box, shape)
    return velocity


def padded(image):
    """The image with zeros up to sizes that are multiples of MULTIPLE."""
    return np.pad(image, [(0, -n % MULTIPLE) for n in image.shape])


def _pair(channel, shrink):
    moving = channel.moving if channel.translate else [channel.moving]
    return _shrunk(channel.fixed, shrink), np.stack([_shrunk(image, shrink) for image in moving])


def _comparable(fixed, moving, inside, velocity, translate):
    """The images in one contrast, with the variance of 1 that noise would have to explain: fixed, moving."""
    if not inside.any():
        return fixed, moving[0]
    share = 1.0
    if translate:
        displacement = displacement_of(velocity, inside.shape)
        moved = [pulled(image, displacement) for image in moving]
        predicted, share = translated(fixed, moved, inside)
        moving = [pulled(predicted, displacement_of(-velocity, inside.shape))]
    middle, spread = fixed[inside].mean(), max(float(fixed[inside].std()), np.finfo(np.float32).tiny)
    scale = np.float32(np.sqrt(share) / spread)
    return (fixed - middle) * scale, (moving[0] - middle) * scale


def _iterated(pairs, inside, velocity, iterations, sigma, report):
    weight = inside.astype(np.float32)
    pairs = [(fixed, moving, np.stack(np.gradient(fixed))) for fixed, moving in pairs]
    for iteration in range(iterations):
        displacement = displacement_of(velocity, inside.shape)
        pull, stiffness = np.zeros_like(velocity), np.full(velocity.shape[1:], 1e-6, np.float32)
        for fixed, moving, slope in pairs:
            moved = pulled(moving, displacement)
            misfit = (fixed - moved) * weight
            slope = (slope + np.stack(np.gradient(moved))) * np.float32(0.5)
            pull += _summed(misfit * slope)
            stiffness += _summed((np.square(slope).sum(axis=0) + CAUTION * np.square(misfit)) * weight)
        velocity = smoothed(velocity + pull / (2 * stiffness), sigma)
        report((iteration + 1) / iterations)
    return velocity


def _summed(image):
    """Sums over the eight voxels around every control point."""
    *more, k, j, i = image.shape
    return image.reshape(*more, k // 2, 2, j // 2, 2, i // 2, 2).sum(axis=(-5, -3, -1))


def _shrunk(image, factor):
    if factor == 1:
        return image
    image = ndimage.gaussian_filter(image, 0.4 * factor, truncate=3)
    k, j, i = (n // factor for n in image.shape)
    return image.reshape(k, factor, j, factor, i, factor).mean(axis=(1, 3, 5))


def _tapered(change, box, shape):
    """The change of a velocity in a box, going to 0 towards those of its sides that are not the image's."""
    for axis, (s, n) in enumerate(zip(box, shape, strict=True)):
        at, size = np.arange(s.stop - s.start), s.stop - s.start
        low = at / TAPER if s.start > 0 else np.ones(size)
        high = (size - 1 - at) / TAPER if s.stop < n else np.ones(size)
        ramp = np.clip(np.minimum(low, high), 0, 1).astype(np.float32)
        change = change * ramp.reshape([-1 if a == axis else 1 for a in range(3)])
    return change
