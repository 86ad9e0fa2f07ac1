"""What SVG plots and Slicer's charts have in common."""

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.regions import MapImage, Region, RegionTable, measure, with_scan
from QSMLogic.regions.plot_data import box_rows, has_box, histogram_bins, quantity, scatter_rows, time_courses
from QSMLogic.report.plots import region_against_map

SHAPE = (2, 4, 6)
ALL, NONE = Region("all", np.ones(SHAPE, bool)), Region("none", np.zeros(SHAPE, bool))


def table(value=0.1, *regions):
    array = np.full(SHAPE, value, np.float32)
    maps = {"susceptibility": MapImage(array, "ppm"), "R2star": MapImage(100 * array, "1/s")}
    return measure(maps, regions or [ALL, NONE], Grid(SHAPE))


def test_boxes_are_those_of_one_map_and_know_the_empty_ones():
    rows = box_rows(table(), "R2star")
    assert [(row["segment"], row["map"], has_box(row)) for row in rows] == [
        ("all", "R2star", True),
        ("none", "R2star", False),
    ]
    with pytest.raises(QSMError, match="nothing to plot.*'chi'"):
        box_rows(table(), "chi")


@pytest.mark.parametrize("size", [1, 7, 500, 100000])
@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_bins_hold_every_value_once(size, spread):
    values = 0.02 + spread * np.random.default_rng(0).standard_normal(size)
    counts, edges = histogram_bins(values)
    assert counts.sum() == size and len(edges) == len(counts) + 1 <= 81
    assert edges[0] <= values.min() and values.max() <= edges[-1] and (np.diff(edges) > 0).all()


def test_one_region_is_enough_for_a_map_against_another():
    ((x, y),) = scatter_rows(table(), "R2star", "susceptibility")
    assert (x["mean"], y["mean"]) == pytest.approx((10, 0.1))
    assert "R2star" in region_against_map(table(), "R2star", "susceptibility")
    with pytest.raises(QSMError, match="no map 'T2'.*R2star"):
        scatter_rows(table(), "R2star", "T2")
    empty = RegionTable(tuple(row for row in table().rows if row["segment"] == "none"))
    with pytest.raises(QSMError, match="no region has a value in both"):
        scatter_rows(empty, "R2star", "susceptibility")


def test_courses_are_in_the_order_of_time_whatever_that_of_the_study():
    study = None
    for subject, time, value in (("b", "41", 0.3), ("a", "52", 0.2), ("b", "9.5", 0.1)):
        study = with_scan(study, table(value), subject, time=time)
    courses = time_courses(study, "all", "susceptibility")
    found = {name: [(t, round(row["mean"], 6)) for t, row in course] for name, course in courses.subjects.items()}
    assert found == {"b": [(9.5, 0.1), (41, 0.3)], "a": [(52, 0.2)]}
    assert not courses.dated and courses.times == [9.5, 41, 52]


def test_dates_are_days():
    study = None
    for time in ("2024-03-01", "2024-02-28"):
        study = with_scan(study, table(), "a", time=time)
    courses = time_courses(study, "all")
    assert courses.dated and np.ptp(courses.times) == 2


def test_values_are_named_with_their_reference():
    assert quantity(table().rows[0]) == "susceptibility"
    assert quantity(table().relative_to("all").rows[0]) == "susceptibility relative to all"
