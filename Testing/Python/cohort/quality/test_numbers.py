"""Each number of the quality responds to the fault that it is there for, and none is invented."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.mapped_head import GEOMETRY, mapped

from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS
from QSMLogic.cohort.quality.numbers import measured
from QSMLogic.files.geometry import Geometry
from QSMLogic.model.acquisition import Acquisition, FieldMap, Grid
from QSMLogic.pipeline.chain import run
from QSMLogic.registry.method import find
from QSMLogic.stages.invert.tkd import TkdParameters


def quality(fault="", **options):
    return measured(*mapped(fault, **options), GEOMETRY)


def test_there_is_a_plain_value_for_every_column():
    values = quality()
    assert list(values) == [column.key for column in QUALITY_COLUMNS]
    assert json.loads(json.dumps(values)) == values
    for column in QUALITY_COLUMNS:
        if values[column.key] is not None:
            assert isinstance(values[column.key], str) == column.is_text, column.key
    assert {key for key, value in values.items() if value is None} == {"scanner", "scanner_software"}


@pytest.mark.parametrize(
    ("fault", "key", "least"),
    [
        ("moved", "echo_residual_rad", 2),
        ("moved", "nonlinearity", 10),
        ("one-sided field", "asymmetry_percent", 1.2),
        ("one-sided field", "noise_p95_ppm", 1.5),
    ],
)
def test_a_fault_raises_its_number(fault, key, least):
    assert quality(fault)[key] > least * quality()[key]


def test_noise_lowers_the_snr_and_raises_the_residual():
    good, bad = quality(), quality(snr=8.0)  # of 80
    assert 4 < good["snr"] / bad["snr"] < 11  # anatomy hides some of it in voxels of 3 mm
    assert 7 < bad["echo_residual_rad"] / good["echo_residual_rad"] < 12


def test_phase_is_unreliable_where_the_field_is_uncertain():
    acquisition, maps = mapped()
    uncertainty = np.where(np.arange(64)[:, None] < 20, 50, 1) * maps.uncertainty_ppm
    share = 100 * np.mean(np.nonzero(maps.mask)[1] < 20)
    values = measured(acquisition, replace(maps, uncertainty_ppm=uncertainty), GEOMETRY)
    assert values["unreliable_phase_percent"] == pytest.approx(share, rel=0.1)
    assert quality()["unreliable_phase_percent"] < 0.5


def test_streaks_raise_the_energy_in_the_cone():
    acquisition, maps = mapped()
    local = FieldMap(maps.local_field_ppm, maps.reliable_mask, maps.grid)
    energies = []
    for threshold in (0.05, 0.1, 0.2):
        found = find("invert", "tkd").run(local, parameters=TkdParameters(threshold))
        energies.append(measured(acquisition, replace(maps, susceptibility_ppm=found), GEOMETRY)["cone_energy"])
    assert energies[0] > 1.5 * energies[1] > 3 * energies[2]


def test_a_reversed_map_reverses_its_skewness_and_its_fluid():
    acquisition, maps = mapped()
    good, bad = quality(), measured(acquisition, replace(maps, susceptibility_ppm=-maps.susceptibility_ppm), GEOMETRY)
    assert good["skew"] > 0.1
    for key in ("skew", "csf_mean_ppm"):
        assert bad[key] == pytest.approx(-good[key], rel=1e-3)


def without(part):
    """The quality with a part of both masks missing; part: slices (k, j, i)."""
    acquisition, maps = mapped()
    masks = {name: getattr(maps, name).copy() for name in ("mask", "reliable_mask")}
    for mask in masks.values():
        mask[part] = False
    return measured(acquisition, replace(maps, **masks), GEOMETRY)


def test_a_truncated_mask_has_less_volume():
    good, bad = quality(), without(np.s_[35:])
    assert bad["mask_ml"] < 0.85 * good["mask_ml"] and bad["map_ml"] < 0.85 * good["map_ml"]
    assert bad["mask_asymmetry_percent"] == pytest.approx(good["mask_asymmetry_percent"], abs=2)


def test_a_missing_quarter_makes_the_mask_asymmetric():
    assert without(np.s_[26:, :, :28])["mask_asymmetry_percent"] > 3 * quality()["mask_asymmetry_percent"]


def test_clipped_magnitudes_are_counted():
    acquisition, maps = mapped()
    limit = np.median(acquisition.magnitude[0][maps.mask])
    clipped = replace(acquisition, magnitude=np.minimum(acquisition.magnitude, limit))
    assert quality()["clipped_percent"] == 0
    assert measured(clipped, maps, GEOMETRY)["clipped_percent"] == pytest.approx(50, abs=1)


def test_other_heads_have_nearly_the_same_numbers():
    values = quality(), quality(seed=1, deformation=1.0)
    for key in ("snr", "echo_residual_rad", "noise_ppm", "spread_ppm", "cone_energy"):
        assert values[0][key] == pytest.approx(values[1][key], rel=0.15), key


def test_a_single_echo_has_no_residual_but_unreliable_phase():
    values = quality("single echo")
    assert values["echo_residual_rad"] is None and values["csf_sd_ppm"] is None
    assert 0 <= values["unreliable_phase_percent"] < 5 and values["echoes"] == 1


def test_the_border_cuts_a_mask():
    acquisition, maps = mapped()
    assert quality()["cut_percent"] < 1
    part = (slice(0, 52), slice(30, 64), slice(0, 56))
    scan = acquisition.cropped(part)
    arrays = {entry.name: array[part] for entry, array in maps.items()} | {"susceptibility_uncertainty_ppm": None}
    values = measured(scan, replace(maps, grid=scan.grid, **arrays), replace(GEOMETRY, size=scan.grid.shape[::-1]))
    assert 10 < values["cut_percent"] < 40
    assert values["noise_ppm"] is None


def test_unknown_magnitudes_outside_the_mask_do_not_count():
    acquisition, maps = mapped()
    magnitude = np.where(maps.mask, acquisition.magnitude, np.nan)
    values = measured(replace(acquisition, magnitude=magnitude), maps, GEOMETRY)
    good = quality()
    assert {k: v for k, v in values.items() if v != good[k]}.keys() <= {"csf_mean_ppm", "csf_sd_ppm"}


def test_the_fluid_of_the_reference_is_not_measured_again():
    acquisition, maps = mapped()
    notes = {"reference": {"region": "CSF", "mean_relative_to_brain_ppm": 0.0123, "sd_ppm": 0.0456}}
    values = measured(acquisition, replace(maps, provenance=maps.provenance | {"notes": notes}), GEOMETRY)
    assert (values["csf_mean_ppm"], values["csf_sd_ppm"]) == (0.0123, 0.0456)


def test_a_ball_in_few_voxels_can_be_measured():
    k, j, i = np.ogrid[-10:10, -10:10, -10:10]
    ball = k**2 + j**2 + i**2 < 64
    images = np.ones((2, 20, 20, 20)) * ball
    phase = images * 0.2 * (k * k - i * i) / 64 * np.reshape((1, 3), (2, 1, 1, 1))
    scan = Acquisition(images, phase, (0.004, 0.012), 3, Grid((20, 20, 20), (8, 8, 8)))
    quick = {"background": {"method": "pdf"}, "invert": {"method": "tkd"}, "uncertainty": {"method": "none"}}
    values = measured(scan, run(scan, ball, quick), Geometry((20, 20, 20), (8.0, 8.0, 8.0)))
    assert values["mask_ml"] == pytest.approx(np.count_nonzero(ball) * 0.512, rel=1e-5)
    assert values["snr"] is None  # without noise
