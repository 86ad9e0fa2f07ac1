"""Whatever methods do with echoes, by all of their options, has the same result on arrays of another library."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.foreign_arrays import Foreign
from helpers.same_on_foreign import assert_same_on_foreign

from QSMLogic import Acquisition, Grid
from QSMLogic.registry.method import find
from QSMLogic.shared.coarse import block_means, stretched
from QSMLogic.shared.coil_combination import combine_coils
from QSMLogic.shared.csf import find_fluid
from QSMLogic.shared.phase_quality import scan_quality
from QSMLogic.shared.phase_sign import sign_evidence
from QSMLogic.stages.unwrap.romeo import unwrap_spatially

GRID, TIMES = Grid((24, 30, 28), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3)), (0.004, 0.010, 0.016, 0.022)
MASK, PARITY = ball(GRID, 11), np.float32([1, -1, 1, -1]).reshape(4, 1, 1, 1)
OPTIONS = {
    "relaxometry": [{"field_gradients": "voxel"}, {"field_gradients": "slice"}, {"denoise": True}],
    "scaling": [{}, {"sign": "auto"}, {"rad_per_unit": 0.5}],
    "unwrap": [
        {"echoes": "individual", "phase_linearity": True},
        {"regions": 4, "magnitude_weight": True, "template_echo": 2},
        {"correct_parts": False, "phase_coherence": False, "magnitude_coherence": False},
    ],
}


@cache
def scan():
    """A ball in air with a strong source, which leaves a void whose signal comes back, and a fluid in its middle."""
    random, (field, distance) = np.random.default_rng(1), sphere(GRID, 3, (4, -4, 3), 4.0)
    fluid, void = ball(GRID, 4), distance < 3
    turns = 42.577478518 * 3 * (field + sphere(GRID, 6, (-22, 3, 5), 2.0)[0])
    signal = np.stack([900 * MASK * np.exp((2j * np.pi * turns - np.where(fluid, 2, 30)) * t + 0.3j) for t in TIMES])
    signal *= np.where(void, np.reshape([0.02, 0.01, 0.03, 0.01], PARITY.shape), 1)
    noise = random.normal(0, 4, signal.shape) + 1j * random.normal(0, 4, signal.shape)
    return Acquisition.of_signal(signal + noise, TIMES, 3.0, GRID)


def run(stage, name, options):
    entry = find(stage, name)
    return lambda *inputs: entry.run(*inputs, parameters=entry.make_parameters(options))


@cache
def unwrapped():
    return find("unwrap", "romeo").run(scan(), MASK)


@pytest.mark.parametrize("name", ["phase_snr", "linear_fit", "nonlinear_fit"])
def test_fields_with_voids_and_of_few_echoes(name):
    few = replace(scan(), magnitude=scan().magnitude[:1], phase=scan().phase[:1], echo_times_s=TIMES[:1])
    total, _ = assert_same_on_foreign(run("field", name, {}), scan(), unwrapped(), MASK)
    unfilled = run("field", name, {"fill_voids": False})(scan(), unwrapped(), MASK)
    assert (total.ppm != unfilled.ppm).any(), "There is no void to fill."
    assert_same_on_foreign(run("field", name, {}), few, unwrapped()[:1], MASK)


@pytest.mark.parametrize("offset", ["free", "none"])
def test_fields_with_a_free_offset_or_none(offset):
    assert_same_on_foreign(run("field", "linear_fit", {"phase_offset": offset}), scan(), unwrapped(), MASK)


@pytest.mark.parametrize("options", OPTIONS["relaxometry"], ids=str)
def test_relaxometry(options):
    total = run("field", "phase_snr", {})(scan(), unwrapped(), MASK)
    assert_same_on_foreign(run("relaxometry", "nonlinear", options), scan(), MASK, total)


@pytest.mark.parametrize("options", OPTIONS["unwrap"], ids=str)
def test_unwrapping_of_a_mask_in_two_parts(options):
    parts = MASK & (np.arange(24) != 12)[:, None, None]
    assert_same_on_foreign(run("unwrap", "romeo", options), scan(), parts)


@pytest.mark.parametrize("options", OPTIONS["scaling"], ids=str)
def test_scaling_of_incomplete_images(options):
    magnitude = np.where(np.arange(28) < 2, np.nan, scan().magnitude)
    assert_same_on_foreign(run("scaling", "automatic", options), replace(scan(), magnitude=magnitude))


def test_offsets_of_bipolar_readout():
    bipolar = replace(scan(), phase=scan().phase + 0.4 * PARITY)
    assert_same_on_foreign(run("offset", "mcpc3ds", {"readout": "bipolar"}), bipolar, MASK)


def test_fluid_quality_and_sign():
    (fluid, _), _ = assert_same_on_foreign(find_fluid, scan().magnitude, TIMES, MASK, GRID)
    assert fluid.any()
    assert_same_on_foreign(scan_quality, scan())
    evidence, found = assert_same_on_foreign(lambda scan: (sign_evidence(scan), scan.phase), scan())
    assert evidence[0] == pytest.approx(found[0], abs=1e-5) and evidence[0]


def test_coarse_images():
    assert_same_on_foreign(lambda image: block_means(image, (2, 3, 4)), scan().magnitude[0])
    box = (slice(3, 20), slice(0, 30), slice(5, 28))
    assert_same_on_foreign(lambda image: stretched(image, (2, 3, 4), box), scan().magnitude[0, :12, :10, :7].copy())


def test_coils():
    signal = (scan().magnitude * np.exp(1j * scan().phase)).astype(np.complex64)
    coils = [(signal * np.exp(1j * n)).astype(np.complex64) for n in range(2)]

    def combined(coils):
        return combine_coils(lambda echo, coil: coils[coil][echo], 2, TIMES, GRID.spacing_mm, unwrap_spatially)

    _, (magnitude, _) = assert_same_on_foreign(combined, coils)
    assert isinstance(magnitude, Foreign)
