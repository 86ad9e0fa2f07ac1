"""Steps of the phase from voxel to voxel in tissue: they hardly wrap, and phase offsets cancel in them.

What is computed of a sample of voxels takes no time: these are numpy arrays.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...numerics.namespace import like, namespace, to_host
from ...shared.mask_recipe import otsu
from ...shared.phase_quality import wrapped

LAG = 2  # voxels between two steps that share no voxel, and hardly noise, be the image interpolated
STEEPEST_RAD = 1.6  # steps beyond this may wrap at another echo
MOST_PLACES = 30000
MOST_OF_SLICE = 3000  # voxels of a slice that its phase is taken from
BLOCK, MOST_BLOCKS = 12, 10  # the least voxels of a block and the most blocks along each axis


@dataclass(frozen=True)
class Tissue:
    """A scan with phase in radians, and where it shows tissue.

    Parameters
    ----------
    scan : Acquisition
        The scan, phase in radians.
    mask : ndarray
        Bool (k, j, i).
    places : ndarray
        Flat indices of a sample of the voxels in the mask, with room for steps behind them.
    """

    scan: object
    mask: np.ndarray
    places: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, scan, mask=None):
        """The tissue of a scan: the voxels of the mask or, without one, those above Otsu's threshold."""
        mask = otsu(namespace(scan.phase).nan_to_num(scan.weight)) if mask is None else mask
        roomy = mask.copy()
        for axis in cls._axes(mask):
            roomy[(*(slice(None),) * axis, slice(-LAG - 1, None))] = False
        places = namespace(mask).flatnonzero(roomy)
        return cls(scan, mask, to_host(places[:: max(places.size // MOST_PLACES, 1)]))

    @property
    def axes(self):
        """The axes along which the image is thick enough for steps at a lag."""
        return self._axes(self.mask)

    @staticmethod
    def _axes(mask):
        return [axis for axis in range(3) if mask.shape[axis] > LAG + 1]

    def with_scan(self, scan):
        """The same tissue of the scan with another phase."""
        return Tissue(scan, self.mask, self.places)

    @cached_property
    def covariance(self):
        """Covariance of the steps of the echoes with those LAG voxels aside (echo, echo) in rad^2, and their number.

        Noise, which is not the same LAG voxels aside, has no part in it, nor have ramps that all echoes share; what
        remains is that of fields and offsets.
        """
        return self._covariance(lambda places, steps: steps)

    @cached_property
    def fine_covariance(self):
        """Like covariance, of what is left of the steps without their means in blocks: of fields, not of offsets."""
        return self._covariance(self._without_means)

    @cached_property
    def _pairs(self):
        """For each axis and each other one: places, their steps along the axis, and those LAG voxels aside."""
        pairs = []
        for axis in self.axes:
            stride, ramp_rad = self.stride(axis), self._ramp_rad(axis)
            steps, valid = self._steps(self.places, stride, ramp_rad)
            for aside in self.axes:
                if aside != axis:
                    others, also_valid = self._steps(self.places + LAG * self.stride(aside), stride, ramp_rad)
                    both = valid & also_valid
                    pairs.append((self.places[both], steps[:, both], others[:, both]))
        return pairs

    def _covariance(self, part):
        total, count = np.zeros((self.scan.echoes,) * 2), 0
        for places, *pair in self._pairs:
            here, there = (part(places, steps) for steps in pair)
            total += (here @ there.T).astype(float)
            count += places.size
        return (total + total.T) / (2 * max(count, 1)), count

    def _without_means(self, places, steps):
        block, _ = self._blocks(places)
        size = np.maximum(np.bincount(block), 1)
        return np.stack([echo - (np.bincount(block, echo) / size)[block] for echo in steps])

    def _ramp_rad(self, axis):
        """The mean step of the first echo along `axis`: a ramp, as of a shifted k-space, is an offset of all echoes."""
        here, there = (self.values(self.scan.phase[0], self.places + n) for n in (0, self.stride(axis)))
        return np.angle(np.exp(1j * (there - here)).sum())

    def _steps(self, places, stride, ramp_rad=0.0):
        """The steps (echo, place) to the neighbors `stride` farther, and which lie in tissue and are not steep."""
        (here, there), (inside, next_inside) = (
            [self.values(images, at) for at in (places, places + stride)] for images in (self.scan.phase, self.mask)
        )
        steps = wrapped(there - here - np.float32(ramp_rad))
        flat = np.abs(steps).max(axis=0) < STEEPEST_RAD
        return steps, inside & next_inside & flat

    def values(self, images, places):
        """The values of an image (k, j, i), or of several, at these flat indices; a numpy array."""
        return to_host(images.reshape(*images.shape[:-3], -1)[..., like(places, images)])

    def stride(self, axis):
        """By how much the flat index grows from a voxel to the next along `axis`."""
        return self.scan.phase[0].strides[axis] // self.scan.phase.itemsize

    def steps_along(self, axis):
        """The steps along `axis` (echo, place) where they are valid, and their places."""
        steps, valid = self._steps(self.places, self.stride(axis))
        return steps[:, valid], self.places[valid]

    def in_blocks(self, places, values):
        """The number of places and the sum of their values in each block of the image."""
        block, blocks = self._blocks(places)
        size, total = np.bincount(block, minlength=blocks), np.bincount(block, values.real, blocks)
        return size, total + 1j * np.bincount(block, values.imag, blocks) if np.iscomplexobj(values) else total

    def _blocks(self, places):
        """The number of the block of each place, and the number of blocks."""
        shape = self.mask.shape
        sizes = [max(BLOCK, -(-n // MOST_BLOCKS)) for n in shape]
        counts = [-(-n // size) for n, size in zip(shape, sizes, strict=True)]
        where = [i // size for i, size in zip(np.unravel_index(places, shape), sizes, strict=True)]
        return np.ravel_multi_index(where, counts), int(np.prod(counts))

    def slice_steps(self, axis):
        """The mean step of the offset (phase at echo time zero) between slices along `axis`, and the voxels it is of.

        Of a single echo, the step of its phase. Radians; one value for each pair of slices.
        """
        xp, times, every = namespace(self.mask), self.scan.echo_times_s, self._thinned(axis)
        here, there = (tuple(p if a == axis else every[a] for a in range(3)) for p in (slice(None, -1), slice(1, None)))
        inside = self.mask[here] & self.mask[there]
        steps, *later = (wrapped(phase[there] - phase[here]) for phase in self.scan.phase[:2])
        for echo in later:
            steps -= wrapped(echo - steps) * np.float32(times[0] / (times[1] - times[0]))
        magnitude = self.scan.magnitude[0]
        other = tuple(a for a in range(3) if a != axis)
        signal = (magnitude[here] * magnitude[there] * inside * xp.exp(1j * steps)).sum(axis=other)
        return np.angle(to_host(signal)), to_host(xp.count_nonzero(inside, axis=other))

    def _thinned(self, axis):
        """Slices of every axis but `axis` that leave so many voxels of a slice as are needed."""
        shape = self.mask.shape
        area = np.prod([n for a, n in enumerate(shape) if a != axis])
        every = max(int(np.sqrt(area / MOST_OF_SLICE)), 1)
        return [slice(None, None, every)] * 3
