"""The simulated scan: its physics against formulas and against its own truth."""

from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.numerics.blocks import block_mean
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.simulation.scan import simulate_scan, stored_as_integers


def wrapped(angle):
    return np.angle(np.exp(1j * angle))


@pytest.mark.parametrize("b0_direction", [(1, 0, 0), (0, 1, 0), (0.6, 0, 0.8)])
def test_field_of_a_sphere(b0_direction):
    shape, spacing, radius, ppm = (56, 72, 48), (2.0, 1.5, 2.5), 14.0, 1.0
    position = np.meshgrid(*((np.arange(n) - n // 2) * d for n, d in zip(shape, spacing, strict=True)), indexing="ij")
    distance = np.sqrt(sum(x * x for x in position))
    along = sum(x * b for x, b in zip(position, b0_direction, strict=True))
    cosine = along / np.maximum(distance, 1e-9)
    share = np.clip((radius - distance) / 2 + 0.5, 0, 1)  # of the voxels on the surface
    field = dipole_field(ppm * share, spacing, b0_direction)
    outside = (distance > radius + 4) & (distance < 2.2 * radius)
    expected = ppm / 3 * (radius / distance[outside]) ** 3 * (3 * cosine[outside] ** 2 - 1)
    error = field[outside] - expected
    assert np.sqrt(np.mean(error**2)) < 0.07 * np.sqrt(np.mean(expected**2))
    assert abs(field[distance < radius - 4].mean()) < 0.01


def test_field_is_linear_and_blind_to_a_constant(small_head):
    chi, spacing = small_head.susceptibility_ppm, small_head.grid.spacing_mm
    field = dipole_field(chi, spacing, (1, 0, 0))
    assert dipole_field(2 * chi + 5, spacing, (1, 0, 0)) == pytest.approx(2 * field, abs=1e-4)


def test_phase_is_the_total_field_at_the_echo_time(small_scan):
    acquisition, inside = small_scan.acquisition, small_scan.mask
    for phase, time_s in zip(acquisition.phase, acquisition.echo_times_s, strict=True):
        expected = 2 * np.pi * 42.577478518 * 3 * time_s * small_scan.total_field_ppm
        assert np.abs(wrapped(phase - expected))[inside].max() < 1e-3


def test_positive_susceptibility_turns_phase_positive(small_head):
    size = small_head.grid.shape
    chi = np.zeros(size, np.float32)
    middle = tuple(slice(n // 2 - 3, n // 2 + 3) for n in size)
    chi[middle] = 0.3
    one = np.ones(size, np.float32)
    body = replace(small_head, susceptibility_ppm=chi, proton_density=one, r1_hz=one, r2star_hz=one)
    scan = simulate_scan(body, (0.01,), snr=np.inf, reduction=1, phase_offset_rad=0)
    above = tuple(slice(n // 2 + 3, n // 2 + 5) if axis == 0 else middle[axis] for axis, n in enumerate(size))
    beside = tuple(slice(n // 2 + 3, n // 2 + 5) if axis == 1 else middle[axis] for axis, n in enumerate(size))
    assert scan.acquisition.phase[0][above].mean() > 0.05 > scan.acquisition.phase[0][beside].mean()


def test_shim_leaves_no_second_order_field(small_scan):
    inside = small_scan.mask
    z, y, x = (c[inside] for c in np.meshgrid(*(np.linspace(-1, 1, n) for n in inside.shape), indexing="ij"))
    field = small_scan.total_field_ppm[inside]
    for term in (np.ones_like(x), x, y, z, x * y, y * z, x * z):
        assert abs(field @ term) < 0.02 * np.linalg.norm(field) * np.linalg.norm(term)


def test_shim_has_no_sources_on_voxels_that_are_no_cubes(small_head):
    """What it takes away satisfies Laplace's equation in mm."""
    spacing = (2.0, 1.0, 0.8)
    flat = replace(small_head, grid=replace(small_head.grid, spacing_mm=spacing))
    scan = simulate_scan(flat, (0.004,), snr=np.inf, reduction=1)
    shim = (dipole_field(flat.susceptibility_ppm, spacing, (1, 0, 0)) - scan.total_field_ppm).astype(float)
    middle = tuple(slice(n // 4, 3 * n // 4) for n in shim.shape)
    curvatures = [np.gradient(np.gradient(shim, d, axis=a), d, axis=a)[middle].mean() for a, d in enumerate(spacing)]
    assert abs(sum(curvatures)) < 0.02 * np.abs(curvatures).max()


def test_local_field_comes_from_the_brain_alone(small_head, small_scan):
    quiet = replace(
        small_head, susceptibility_ppm=np.where(small_head.brain_mask, small_head.susceptibility_ppm, 9).astype("f4")
    )
    scan = simulate_scan(quiet, (0.004,), snr=np.inf, reduction=1)
    assert np.array_equal(scan.local_field_ppm, small_scan.local_field_ppm)
    assert not np.allclose(scan.total_field_ppm, small_scan.total_field_ppm, atol=0.01)
    assert not small_scan.local_field_ppm[~small_scan.mask].any()


def test_voxels_are_complex_means(small_head, small_scan):
    coarse = simulate_scan(small_head, echo_times_s=(0.004, 0.009), snr=np.inf, reduction=2, phase_offset_rad=0)
    fine = small_scan.acquisition.magnitude * np.exp(1j * small_scan.acquisition.phase)
    found = coarse.acquisition.magnitude * np.exp(1j * coarse.acquisition.phase)
    expected = block_mean(fine, 2)
    inside = coarse.mask
    ratio = np.abs(found[:, inside]) / np.abs(expected[:, inside])
    assert ratio == pytest.approx(np.ones_like(ratio), rel=0.1)  # the receiver's gain is sampled at other points
    assert np.abs(np.angle(found * expected.conj()))[:, inside].max() < 0.05
    assert coarse.grid.spacing_mm == (6.0, 6.0, 6.0)
    assert coarse.susceptibility_ppm == pytest.approx(block_mean(small_head.susceptibility_ppm, 2))
    # dephasing: where the field is steep, a large voxel has less signal than its parts
    assert np.abs(expected[1]).sum() < 0.995 * block_mean(np.abs(fine[1]), 2).sum()


def test_labels_are_those_of_most_of_the_voxel(small_head):
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[:2, :2, :2] = [[[3, 3], [3, 3]], [[3, 5], [5, 5]]]
    tiny = replace(
        small_head,
        grid=replace(small_head.grid, shape=(4, 4, 4)),
        labels=labels,
        brain_mask=np.ones((4, 4, 4), bool),
        **{
            name: getattr(small_head, name)[20:24, 20:24, 20:24]
            for name in ("susceptibility_ppm", "proton_density", "r1_hz", "r2star_hz")
        },
    )
    assert simulate_scan(tiny, (0.004,)).labels.ravel().tolist() == [3] + [0] * 7


def test_noise_has_the_level_asked_for_and_the_seed_fixes_it(small_head, small_scan):
    times, options = (0.004, 0.009), {"reduction": 1, "phase_offset_rad": 0}
    noisy = simulate_scan(small_head, times, snr=40, seed=3, **options).acquisition
    clean = small_scan.acquisition
    difference = noisy.magnitude * np.exp(1j * noisy.phase) - clean.magnitude * np.exp(1j * clean.phase)
    expected = clean.magnitude[0][small_scan.mask].mean() / 40
    assert difference.real.std() == pytest.approx(expected, rel=0.02)
    assert difference.imag.std() == pytest.approx(expected, rel=0.02)
    again = simulate_scan(small_head, times, snr=40, seed=3, **options).acquisition
    assert again.phase.tobytes() == noisy.phase.tobytes()
    other = simulate_scan(small_head, times, snr=40, seed=4, **options).acquisition
    assert not np.array_equal(other.phase, noisy.phase)


def test_stored_integers_hold_magnitude_and_phase(small_scan):
    acquisition = small_scan.acquisition
    magnitude, phase = stored_as_integers(acquisition)
    assert (magnitude.dtype, phase.dtype) == (np.int16, np.int16)
    assert (magnitude.min() >= 0, magnitude.max()) == (True, 4095)
    assert (phase.min() >= -4096, phase.max() <= 4094) == (True, True)
    assert np.abs(wrapped(phase * (np.pi / 4096) - acquisition.phase)).max() < 1.01 * np.pi / 4096 * 2
    assert np.abs(magnitude / 4095 - acquisition.magnitude / acquisition.magnitude.max()).max() < 0.51 / 4095


def test_head_is_left_as_it_was(small_head):
    arrays = [v for v in vars(small_head).values() if isinstance(v, np.ndarray)]
    before = [a.copy() for a in arrays]
    simulate_scan(small_head, (0.004,), b0_direction=(1, 0.2, 0))
    for array, copy in zip(arrays, before, strict=True):
        assert np.array_equal(array, copy)


def test_shape_that_cannot_be_reduced_is_refused(small_head):
    with pytest.raises(QSMError, match="divisible by 3"):
        simulate_scan(small_head, reduction=3)
