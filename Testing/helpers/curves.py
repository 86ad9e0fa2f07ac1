"""Normal curves, made up, and a measurement to compare with them."""

import numpy as np

from QSMLogic import Grid
from QSMLogic.regions import LabelRegions, MapImage, NormalCurve, measure

SHAPE = (8, 9, 10)
LABELS = np.zeros(SHAPE, np.uint8)
LABELS[1:4, 1:4, 1:4], LABELS[1:4, 5:8, 1:4], LABELS[5:7, 1:8, 5:9] = 1, 2, 3
NAMES = {1: "Left-Caudate", 2: "Right-Caudate", 3: "CSF"}
PPM = {1: 0.062, 2: 0.050, 3: 0.015}


def curve(**changes):
    """A line of 0.02 ppm + 0.0005 ppm per year, relative to CSF, by 0.01 ppm."""
    made = {
        "region": "caudate nucleus",
        "formula": "linear",
        "coefficients": (0.02, 0.0005),
        "unit": "ppm",
        "youngest": 20,
        "oldest": 80,
        "reference": "CSF",
        "field_strength_t": (3.0,),
        "voxel_mm": (1, 1, 1),
        "population": "100 made-up persons",
        "source": "Nobody 2020",
        "sd": 0.01,
    }
    return NormalCurve(**made | changes)


def map_ppm():
    return np.select([label == LABELS for label in PPM], list(PPM.values()), 0.0).astype(np.float32)


def table(names=NAMES, unit="ppm", reference=None, shift_ppm=0.0):
    """The RegionTable of two caudate nuclei (0.062 and 0.050 ppm, shifted) and CSF (0.015 ppm)."""
    shifted = map_ppm() + np.float32(shift_ppm) * (LABELS < 3)
    image = MapImage(shifted, "ppm", np.full(SHAPE, 0.01, np.float32))
    measured = measure({"susceptibility": image}, LabelRegions(LABELS, names), Grid(SHAPE), reference=reference)
    return measured.in_unit(unit)
