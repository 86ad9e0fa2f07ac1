"""Oxygen saturation of a vein: from known susceptibilities, with its error, and refused where it cannot be."""

import csv
import json
import math

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.cli.main import main
from QSMLogic.files.images import Geometry, write_image
from QSMLogic.regions import MapImage, Region
from QSMLogic.regions.oxygenation import oxygenation

GRID = Grid((20, 26, 30), (1.5, 1.0, 1.0))
_, ROWS, COLUMNS = np.ogrid[:20, :26, :30]
VEIN = np.broadcast_to((ROWS - 13) ** 2 + (COLUMNS - 15) ** 2 <= 4, GRID.shape)
SINUS = Region("straight sinus", VEIN)


def blood_ppm(saturation, hematocrit):
    """As in Jain et al. 2012, in SI units."""
    return 4 * math.pi * hematocrit * (0.273 * (1 - saturation) - 0.008)


def chi(saturation=0.65, hematocrit=0.42, tissue_ppm=-0.03, noise=0.0):
    image = np.where(VEIN, tissue_ppm + blood_ppm(saturation, hematocrit), tissue_ppm)
    return image + noise * np.random.default_rng(0).standard_normal(GRID.shape)


@pytest.mark.parametrize("unit", ["ppm", "ppb"])
@pytest.mark.parametrize(("saturation", "hematocrit"), [(0.65, 0.42), (0.5, 0.36)])
def test_saturation_of_known_blood(saturation, hematocrit, unit):
    image = MapImage(chi(saturation, hematocrit) * {"ppm": 1, "ppb": 1000}[unit], unit)
    found = oxygenation(image, SINUS, GRID, hematocrit)
    assert found.saturation == pytest.approx(saturation, abs=1e-6)
    assert found.difference_ppm == pytest.approx(blood_ppm(saturation, hematocrit))
    assert found.vein_voxels == VEIN.sum() and f"{100 * saturation:.0f} %" in found.sentence()


def test_error_is_that_of_repeated_measurements():
    """Of voxels, hematocrit and constants drawn from their distributions."""
    rng, found = np.random.default_rng(1), []
    told = oxygenation(MapImage(chi(noise=0.1), "ppm"), SINUS, GRID, 0.42, hematocrit_sd=0.03)
    for _ in range(4000):
        hematocrit, deoxy, oxy = rng.normal((0.42, 0.273, -0.008), (0.03, 0.006, 0.003))
        difference = rng.normal(blood_ppm(0.65, 0.42), told.difference_sd_ppm)
        found.append(1 - (difference / hematocrit / 4 / math.pi - oxy) / deoxy)
    assert told.saturation_sd == pytest.approx(np.std(found), rel=0.08)
    with_map = MapImage(chi(), "ppm", np.full(GRID.shape, 0.1))
    assert oxygenation(with_map, SINUS, GRID, 0.42).difference_sd_ppm > 0.06  # neighbors share their errors
    assert not any("lower bound" in caution for caution in oxygenation(with_map, SINUS, GRID, 0.42).cautions)


def test_surroundings_leave_out_the_rim_other_veins_and_what_is_unreliable():
    image, mask = chi(noise=0.005), np.ones(GRID.shape, bool)
    rim = (np.hypot(ROWS - 13, COLUMNS - 15) < 4) & ~VEIN
    image[rim] += 0.2
    image[:, 13, 19] = 0.5
    image[:4], mask[:4] = 7.0, False
    found = oxygenation(MapImage(image, "ppm"), SINUS, GRID, 0.42, mask=mask)
    assert found.saturation == pytest.approx(0.65, abs=0.01)
    given = Region("tissue", np.broadcast_to(COLUMNS > 22, GRID.shape))
    assert oxygenation(MapImage(image, "ppm"), SINUS, GRID, 0.42, surroundings=given, mask=mask).saturation_sd > 0


def test_cautions():
    thin = Region("vein", np.broadcast_to((ROWS == 13) & (COLUMNS == 15), GRID.shape))
    image = MapImage(chi(0.2), "ppm")
    cautions = " ".join(oxygenation(image, thin, GRID, 0.42).cautions)
    assert "voxels wide" in cautions and "more likely" in cautions and "lower bound" in cautions
    few = Region("vein", VEIN & (np.arange(20) < 1)[:, None, None])
    assert "13 voxels only" in " ".join(oxygenation(image, few, GRID, 0.42).cautions)


@pytest.mark.parametrize(
    ("image", "vein", "options", "message"),
    [
        (chi(), VEIN, {"hematocrit": 42}, "0.42 for 42 %"),
        (chi(), VEIN, {"hematocrit": float("nan")}, "fraction"),
        (chi(), VEIN, {"hematocrit_sd": 0.5}, "SD of the hematocrit"),
        (-chi(), VEIN, {}, "below its surroundings.*sign"),
        (10 * chi(), VEIN, {}, "more than blood"),
        (chi(), np.zeros(GRID.shape, bool), {}, "sinus has no reliable voxels"),
        (chi(), VEIN, {"mask": ~VEIN}, "sinus has no reliable voxels"),
        (chi(), VEIN, {"erosion_mm": -1.0}, "distance in mm"),
        (chi(), VEIN, {"mask": VEIN}, "tissue around it has no reliable voxels"),
    ],
)
def test_what_cannot_be_is_refused(image, vein, options, message):
    with pytest.raises(QSMError, match=message):
        oxygenation(MapImage(image, "ppm"), Region("sinus", vein), GRID, **{"hematocrit": 0.42, **options})


@pytest.mark.parametrize("name", ["vein.csv", "vein.json"])
def test_command(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    where = Geometry(tuple(reversed(GRID.shape)), (1.0, 1.0, 1.5))
    write_image("chi.nii.gz", chi(noise=0.01).astype(np.float32), where)
    write_image("seg.nii.gz", VEIN.astype(np.uint8), where)
    options = ["--map", "chi.nii.gz", "--labels", "seg.nii.gz", "--hematocrit", "0.42", "--output", name]
    assert main(["oxygenation", *options, "--vein", "Label 1"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("Venous oxygen saturation 65 %") and "lower bound" in told.err
    with open(name, encoding="utf-8") as file:
        row = json.load(file) if name.endswith("json") else next(csv.DictReader(file))
    assert row["vein"] == "Label 1" and float(row["saturation"]) == pytest.approx(0.65, abs=0.01)
    assert main(["oxygenation", *options, "--vein", "sinus", "--overwrite"]) == 2
    assert "the segments are: Label 1" in capsys.readouterr().err
