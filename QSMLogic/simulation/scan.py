"""A gradient-echo scan of a head with known susceptibility: field, signal, partial volume, noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.acquisition import Acquisition, Grid, bounding_box, uncropped
from ..model.errors import QSMError
from ..model.units import rad_per_s_and_ppm
from ..numerics.blocks import block_mean
from ..numerics.dipole_field import dipole_field
from ..numerics.parallel import for_slabs


@dataclass(frozen=True)
class SimulatedScan:
    """A simulated scan and its ground truth on the grid of the scan, arrays (k, j, i).

    Parameters
    ----------
    acquisition : Acquisition
        The scan, with wrapped phase in radians.
    mask : ndarray
        The brain, bool.
    labels : ndarray
        The tissue with the largest share of each voxel, uint8.
    names : dict
        {label: name}.
    susceptibility_ppm : ndarray
        Mean over the voxel, relative to cerebrospinal fluid.
    total_field_ppm : ndarray
        Mean over the voxel, after shimming.
    local_field_ppm : ndarray
        The field in the mask of the sources inside it.
    r2star_hz : ndarray
        R2* at the field strength of the scan, mean over the voxel.
    """

    acquisition: Acquisition
    mask: np.ndarray
    labels: np.ndarray
    names: dict
    susceptibility_ppm: np.ndarray
    total_field_ppm: np.ndarray
    local_field_ppm: np.ndarray
    r2star_hz: np.ndarray

    @property
    def grid(self):
        return self.acquisition.grid


def simulate_scan(
    head,
    echo_times_s: Sequence[float] = (0.004, 0.010, 0.016, 0.022, 0.028),
    field_strength_t: float = 3.0,
    b0_direction: Sequence[float] = (1.0, 0.0, 0.0),
    snr: float = 80.0,
    reduction: int = 2,
    repetition_time_s: float = 0.035,
    flip_angle_deg: float = 15.0,
    phase_offset_rad: float = 2.0,
    seed: int = 0,
) -> SimulatedScan:
    """Simulate a spoiled gradient-echo scan of a head.

    Parameters
    ----------
    head : Head
        From QSMLogic.simulation.phantom.head. Its R2* is that at 3 T and scales with the field strength.
    echo_times_s : sequence of float
        Echo times in seconds.
    field_strength_t : float
        Field strength in tesla.
    b0_direction : sequence of float
        B0 along the axes (k, j, i).
    snr : float
        Mean brain signal of the first echo over the standard deviation of the noise of its real part; inf: no noise.
    reduction : int
        A voxel of the scan is the complex mean of this many voxels of the head along each axis.
    repetition_time_s, flip_angle_deg : float
        Repetition time in seconds and flip angle in degrees.
    phase_offset_rad : float
        Amplitude of the smooth phase at echo time zero.
    seed : int
        Seed of the noise.

    Returns
    -------
    SimulatedScan
        The scan with its ground truth.

    Raises
    ------
    QSMError
        If the shape of the head is not divisible by `reduction`.
    """
    if any(n % reduction for n in head.grid.shape):
        raise QSMError(f"The shape {head.grid.shape} of the head is not divisible by {reduction}. Choose another one.")
    grid = _reduced_grid(head.grid, reduction, b0_direction)
    total_ppm = dipole_field(head.susceptibility_ppm, head.grid.spacing_mm, grid.b0_direction)
    total_ppm -= _shim(total_ppm, head.brain_mask, head.grid.spacing_mm)
    images = _echoes(head, total_ppm, echo_times_s, field_strength_t, repetition_time_s, flip_angle_deg, reduction)
    mask = block_mean(head.brain_mask, reduction) > 0.5
    images *= _receiver(grid.shape, phase_offset_rad)
    images += _noise(images, mask, snr, seed)
    return SimulatedScan(
        Acquisition(np.abs(images), np.angle(images), echo_times_s, field_strength_t, grid),
        mask,
        _majority(head.labels, head.names, reduction),
        dict(head.names),
        block_mean(head.susceptibility_ppm, reduction),
        block_mean(total_ppm, reduction),
        np.where(mask, block_mean(_local_field(head, grid.b0_direction), reduction), 0),
        block_mean(head.r2star_hz, reduction) * np.float32(field_strength_t / 3),
    )


def stored_as_integers(acquisition):
    """Magnitude 0..4095 and phase -4096..4094 (pi is 4096) as int16, as scanners store them; (echo, k, j, i)."""
    scale = 4095 / acquisition.magnitude.max()
    magnitude = np.round(acquisition.magnitude * scale).astype(np.int16)
    phase = 2 * np.round(acquisition.phase * (2048 / np.pi)).astype(np.int16)
    return magnitude, np.clip(phase, -4096, 4094)


def _reduced_grid(grid, reduction, b0_direction):
    shape = tuple(n // reduction for n in grid.shape)
    return Grid(shape, tuple(d * reduction for d in grid.spacing_mm), b0_direction)


def _local_field(head, b0_direction):
    """The field of the sources in the brain, around the brain; zero farther away."""
    box = bounding_box(head.brain_mask)
    inside_ppm = np.where(head.brain_mask[box], head.susceptibility_ppm[box], 0)
    return uncropped(dipole_field(inside_ppm, head.grid.spacing_mm, b0_direction), box, head.grid.shape)


def _shim(field_ppm, mask, spacing_mm):
    """The field that a second-order shim removes: the solid harmonics up to order 2 that best fit it in the mask."""
    sizes = [n * d for n, d in zip(field_ppm.shape, spacing_mm, strict=True)]
    axes = zip(field_ppm.shape, sizes, strict=True)
    z, y, x = np.ix_(*(np.linspace(-1, 1, n, dtype=np.float32) * np.float32(size / max(sizes)) for n, size in axes))
    terms = (1, x, y, z, x * y, x * z, y * z, x * x - y * y, 2 * z * z - x * x - y * y)
    every = tuple(slice(None, None, max(n // 64, 1)) for n in mask.shape)
    inside = mask[every]
    design = np.stack([np.broadcast_to(term, mask.shape)[every][inside] for term in terms], axis=1)
    weights, *_ = np.linalg.lstsq(design.astype(float), field_ppm[every][inside].astype(float), rcond=None)
    return sum(np.float32(w) * term for w, term in zip(weights, terms, strict=True))


def _echoes(head, field_ppm, echo_times_s, field_strength_t, repetition_time_s, flip_angle_deg, reduction):
    """Spoiled gradient echoes on the scan's grid, complex64 (echo, k, j, i)."""
    flip = np.deg2rad(flip_angle_deg)
    shape = tuple(n // reduction for n in field_ppm.shape)
    images = np.empty((len(echo_times_s), *shape), np.complex64)

    def work(first, last):
        part = slice(first * reduction, last * reduction)
        recovery = np.exp(np.float32(-repetition_time_s) * head.r1_hz[part])
        start = head.proton_density[part] * np.sin(flip, dtype=np.float32) * (1 - recovery)
        start /= 1 - np.cos(flip, dtype=np.float32) * recovery
        rate = np.empty(start.shape, np.complex64)
        rate.real = head.r2star_hz[part] * np.float32(-field_strength_t / 3)
        rate.imag = field_ppm[part] * np.float32(rad_per_s_and_ppm(field_strength_t))
        for image, time_s in zip(images, echo_times_s, strict=True):
            image[first:last] = block_mean(start * np.exp(rate * np.float32(time_s)), reduction)

    for_slabs(work, images[0])
    return images


def _receiver(shape, phase_offset_rad):
    """A smooth complex sensitivity (k, j, i)."""
    z, y, x = np.ix_(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape))
    gain = 1 - 0.15 * (x * x + y * y + z * z) + 0.1 * x - 0.05 * y
    angle = phase_offset_rad * (0.5 + 0.6 * x - 0.4 * y + 0.3 * z + 0.3 * x * y - 0.4 * z * z)
    return (gain * np.exp(1j * angle)).astype(np.complex64)


def _noise(images, mask, snr, seed):
    deviation = np.abs(images[0][mask]).mean() / snr
    pairs = np.random.default_rng(seed).standard_normal((*images.shape, 2), dtype=np.float32)
    return pairs.view(np.complex64)[..., 0] * np.float32(deviation)


def _majority(labels, names, reduction):
    """The label with the largest share of each voxel; the lower label if shares are equal."""
    shape = tuple(n // reduction for n in labels.shape)
    best, winner = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for label in sorted(names):
        share = block_mean(labels == label, reduction)
        winner[share > best] = label
        np.maximum(best, share, out=best)
    return winner
