"""Regions of the scene compared with normal values, from the console."""

import numpy as np
import pytest
import slicer
from helpers.curves import curve
from helpers.nodes import SHAPE, segmentation
from helpers.region_nodes import CSF, LEFT, REGIONS, RIGHT, add_map, column, texts

from QSMLogic import QSMError
from QSMLogic.regions import write_normal_curves


@pytest.fixture
def table(scene, logic):
    ppm = np.zeros(SHAPE, np.float32)
    ppm[RIGHT], ppm[LEFT], ppm[CSF] = 0.05, 0.062, 0.015
    volume = add_map(ppm, "susceptibility", "ppm")
    return logic.regionTable(segmentation(REGIONS, volume), volume, reference="CSF")


def test_comparison_in_a_table_of_the_scene(table, logic, tmp_path):
    write_normal_curves([curve()], tmp_path / "curves.csv")
    made = logic.compareWithAge(table, 40, str(tmp_path / "curves.csv"), plotsFolder=str(tmp_path / "plots"))
    assert texts(made, "segment") == ["caudate_l", "caudate_r"]
    assert column(made, "z")[0] == pytest.approx((0.047 - 0.04) / 0.01, abs=1e-4)
    assert (tmp_path / "plots" / "age-caudate.svg").is_file()
    again = logic.compareWithAge(table, 50, str(tmp_path / "curves.csv"))
    assert again is made and column(made, "age_years") == [50, 50]
    assert logic.saveRegions(made, str(tmp_path / "ages.csv")) == [tmp_path / "ages.csv"]
    assert "z" in (tmp_path / "ages.csv").read_text().splitlines()[0].split(",")


def test_what_cannot_be_compared_changes_nothing(table, logic, tmp_path):
    write_normal_curves([curve()], tmp_path / "curves.csv")
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(QSMError, match="outside the 20 to 80 years"):
        logic.compareWithAge(table, 90, str(tmp_path / "curves.csv"))
    with pytest.raises(QSMError, match="There is no table of regions"):
        logic.compareWithAge(None, 40, str(tmp_path / "curves.csv"))
    assert slicer.mrmlScene.GetNumberOfNodes() == before
