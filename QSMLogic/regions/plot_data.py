"""What plots of regions show, whoever draws them: boxes, bins, points and time courses."""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..model.errors import QSMError
from .brain import BRAIN, without_brain

MOST_BINS, LEAST_BINS, BINS_WITHOUT_SPREAD = 80, 5, 10
BOX = ("p5", "q1", "median", "q3", "p95", "mean")


def box_rows(table, map_name=None):
    """The rows of a map, of which at least one `has_box`.

    Parameters
    ----------
    table : RegionTable
        The measured regions.
    map_name : str, optional
        The map, by default the first of the table.

    Returns
    -------
    list of dict
        In the order of the table, without the whole brain if there are others.

    Raises
    ------
    QSMError
        If no region has values in the map.
    """
    map_name = map_name or table.maps[0]
    rows = without_brain([row for row in table.rows if row["map"] == map_name])
    if not any(map(has_box, rows)):
        raise QSMError(f"There is nothing to plot: no region has a value in {map_name!r}.")
    return rows


def has_box(row):
    """Whether a row has the quartiles, whiskers and mean of a box."""
    return all(row[key] is not None for key in BOX)


def histogram_bins(values):
    """Counts and edges of a histogram.

    Parameters
    ----------
    values : ndarray
        The values of a region's voxels, at least one.

    Returns
    -------
    counts, edges : ndarray
        Bins of equal width.

    References
    ----------
    Freedman and Diaconis (1981), On the histogram as a density estimator. https://doi.org/10.1007/BF01025868
    """
    low, high = values.min(), values.max()
    if low == high:
        room = 0.5 * abs(low) or 0.5
        return np.array([values.size]), np.array([low - room, high + room])
    width = 2 * np.subtract(*np.percentile(values, (75, 25))) / values.size ** (1 / 3)
    number = min(MOST_BINS, math.ceil((high - low) / width)) if width > 0 else BINS_WITHOUT_SPREAD
    return np.histogram(values, max(number, LEAST_BINS))


def scatter_rows(table, x_map, y_map):
    """The regions with a mean in both of two maps, without the whole brain.

    Parameters
    ----------
    table : RegionTable
        The measured regions.
    x_map, y_map : str
        The maps along the axes.

    Returns
    -------
    list of tuple
        (row of the one map, row of the other) of each region.

    Raises
    ------
    QSMError
        If there is no such region.
    """
    pairs = [(table.of(name, x_map), table.of(name, y_map)) for name in table.segments if name != BRAIN]
    pairs = [(x, y) for x, y in pairs if None not in (x["mean"], y["mean"])]
    if not pairs:
        raise QSMError(f"There is nothing to plot: no region has a value in both {x_map!r} and {y_map!r}.")
    return pairs


@dataclass(frozen=True)
class TimeCourses:
    """The values of one region in one map over the time of a study.

    Parameters
    ----------
    subjects : dict
        {subject: [(time, row), ...] in the order of time}.
    dated : bool
        Whether times are days (proleptic Gregorian ordinals of dates), and not numbers such as ages.
    """

    subjects: dict
    dated: bool

    @property
    def rows(self):
        """All rows, subject by subject."""
        return [row for course in self.subjects.values() for _, row in course]

    @property
    def times(self):
        """The times of all rows."""
        return [time for course in self.subjects.values() for time, _ in course]


def time_courses(study, segment, map_name=None):
    """The values of a region over the time of a study.

    Parameters
    ----------
    study : RegionTable
        A study.
    segment : str
        The region.
    map_name : str, optional
        The map, by default the first of the study.

    Returns
    -------
    TimeCourses

    Raises
    ------
    QSMError
        If there are no values, or scans without a time that can be ordered.
    """
    map_name = map_name or study.maps[0]
    rows = [r for r in study.rows if (r["segment"], r["map"]) == (segment, map_name) and r["mean"] is not None]
    if not rows:
        raise QSMError(f"There is nothing to plot: the study has no value of {segment} in {map_name!r}.")
    times, dated = times_of([row["time"] for row in rows])
    subjects = {row["subject"]: [] for row in rows}
    for time, row in zip(times, rows, strict=True):
        subjects[row["subject"]].append((time, row))
    return TimeCourses({name: sorted(course, key=_place) for name, course in subjects.items()}, dated)


def times_of(texts):
    """(numbers, whether they are dates) of times as text; QSMError unless all are numbers, or all are dates."""
    try:
        return [float(text) for text in texts], False
    except ValueError:
        pass
    try:
        return [float(date.fromisoformat(text).toordinal()) for text in texts], True
    except ValueError:
        raise QSMError("To plot over time, all scans need a time: a number (age, months) or a date.") from None


def quantity(row):
    """What the values of a row are, such as "susceptibility relative to CSF"."""
    return f"{row['map']} relative to {row['relative_to']}" if row["relative_to"] else row["map"]


def _place(timed):
    time, row = timed
    return time, row["mean"], row["sem"] or 0
