"""Plots of regions as SVG: boxes, a histogram, means against another map and against time."""

from datetime import date
from pathlib import Path

import numpy as np

from ..files.atomic import write_texts
from ..model.errors import QSMError
from ..regions.plot_data import box_rows, has_box, histogram_bins, quantity, scatter_rows, time_courses, times_of
from .svg import COLORS, INK, Figure, spread, text_width, ticks

ROW_PX, LEGEND_PX, MOST_LINES = 26, 18, 40


def box_plot(table, map_name=None):
    """Every region of a map, the first by default: quartiles, 5th to 95th percentile, median and mean. SVG text."""
    rows = box_rows(table, map_name)
    filled = [row for row in rows if has_box(row)]
    ends = [row[key] for row in filled for key in ("p5", "p95", "mean")]
    left = 24 + max(text_width(row["segment"]) for row in rows)
    figure = Figure(spread(ends), (-len(rows) + 0.4, 0.6), 460 + left, 136 + ROW_PX * len(rows), left, bottom=92)
    for n, row in enumerate(rows):
        _box(figure, -n, row)
    if figure.x[0] < 0 < figure.x[1]:
        figure.line([(0, figure.y[0]), (0, figure.y[1])], INK, 1, "2 3")
    names = {-n: row["segment"] for n, row in enumerate(rows)}
    figure.axes(f"{_titled(rows[0]['map'])} of regions", "", y_ticks=names)
    middle = (figure.left + figure.width - figure.right) / 2
    figure.words(middle, figure.height - 44, value_label(filled[0]), anchor="middle")
    key = "box: quartiles and median · whiskers: 5th to 95th percentile · dot: mean"
    figure.words(middle, figure.height - 16, key, anchor="middle", size=11)
    return figure.svg()


def histogram(values, segment, map_name, unit, relative_to=""):
    """The values of one region in one map, with mean and median. SVG text.

    relative_to: the region whose mean was subtracted, which the axis names.
    """
    values = np.asarray(values, float)
    if not values.size:
        raise QSMError(f"There is nothing to plot: {segment} has no value in {map_name}.")
    counts, edges = histogram_bins(values)
    figure = Figure(spread((edges[0], edges[-1]), 0.02), (0, 1.14 * counts.max()))
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count:
            figure.box((low, 0), (high, count), COLORS[0], "white", 0.75)
    for name, at, color, row in (("mean", values.mean(), COLORS[1], 0), ("median", np.median(values), INK, 1)):
        figure.line([(at, 0), (at, figure.y[1])], color, 2, "" if row == 0 else "6 4")
        words = f"{'solid' if row == 0 else 'dashed'}: {name} {at:.4g}"
        figure.words(figure.width - figure.right - 6, figure.top + 16 + LEGEND_PX * row, words, "end", color=color)
    label = value_label({"map": map_name, "unit": unit, "relative_to": relative_to})
    figure.axes(f"{segment} ({values.size} voxels)", label, "voxels")
    return figure.svg()


def region_against_map(table, x_map, y_map):
    """The means of all regions in one map against those in another, with the line of best fit. SVG text."""
    points = scatter_rows(table, x_map, y_map)
    x, y = (np.array([pair[n]["mean"] for pair in points]) for n in (0, 1))
    figure = Figure(spread(x, 0.12), spread(y, 0.12))
    title = f"{_titled(y_map)} against {x_map}"
    if len(points) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
        slope, offset = np.polyfit(x, y, 1)
        ends = [end for end in figure.x if figure.y[0] <= slope * end + offset <= figure.y[1]]
        ends += [(limit - offset) / slope for limit in figure.y if figure.x[0] < (limit - offset) / slope < figure.x[1]]
        figure.line([(end, slope * end + offset) for end in sorted(ends)], COLORS[1], 1.5, "6 4")
        fit = f"slope {slope:.3g}, r = {np.corrcoef(x, y)[0, 1]:.2f}, {len(x)} regions"
        figure.words(figure.width - figure.right - 6, figure.height - figure.bottom - 10, fit, "end", color=COLORS[1])
    for a, b in points:
        _errors(figure, a, b)
        figure.dot(a["mean"], b["mean"], COLORS[0], tooltip=f"{a['segment']}: {a['mean']:.4g}, {b['mean']:.4g}")
    _names(figure, [(a["segment"], a["mean"], b["mean"]) for a, b in points])
    figure.axes(title, value_label(points[0][0]), value_label(points[0][1]))
    return figure.svg()


def region_against_time(study, segment, map_name=None, curve=()):
    """The mean of one region over the time of a study, a line for each subject, with its standard error. SVG text.

    Times are numbers (ages, months) or dates (2024-03-01), all of one kind. curve: pairs (time, value) in the units of
    the study, such as normal values at an age, drawn in gray. Raises QSMError for other times.
    """
    courses = time_courses(study, segment, map_name)
    rows = courses.rows
    reach = [row["mean"] + sign * (row["sem"] or 0) for row in rows for sign in (-1, 1)]
    expected = sorted(zip(times_of([str(t) for t, _ in curve])[0], (float(v) for _, v in curve), strict=True))
    shown = list(courses.subjects)[:MOST_LINES]
    right = 48 + max(text_width(subject) for subject in shown)
    height = max(420, 110 + LEGEND_PX * len(shown))
    ends = [at for at, _ in expected] + courses.times, [value for _, value in expected] + reach
    figure = Figure(spread(ends[0]), spread(ends[1]), 560 + right, height, right=right)
    if expected:
        figure.line(expected, "#888888", 2.5, "8 4")
    for n, (subject, course) in enumerate(courses.subjects.items()):
        color, dashes = COLORS[n % len(COLORS)], ("", "6 3", "2 3")[n // len(COLORS) % 3]
        _course(figure, subject, course, color, dashes)
        if subject in shown:
            at = figure.top + 12 + LEGEND_PX * n
            figure.marks.append(f'<circle cx="{figure.width - right + 16}" cy="{at - 4}" r="4.5" fill="{color}"/>')
            figure.words(figure.width - right + 26, at, subject)
    mixed = ", mixed settings" if any(row["mixed_settings"] for row in rows) else ""
    named = _days(courses.times) if courses.dated else ticks(*figure.x)
    figure.axes(f"{segment}{mixed}", "date" if courses.dated else "time", value_label(rows[0]), named)
    return figure.svg()


def write_plots(plots, folder):
    """Write {name: SVG text} into a folder, all or none. Returns the paths."""
    return write_texts(plot_files(plots, folder))


def plot_files(plots, folder):
    """{path in a folder: SVG text} of {name: SVG text}; QSMError if two names would be one file."""
    return {Path(folder) / f"{file}.svg": plots[name] for file, name in _file_names(plots).items()}


def value_label(row):
    """The label of an axis with the values of a row."""
    return f"{quantity(row)} ({row['unit']})"


def _box(figure, y, row):
    if not has_box(row):
        figure.text(figure.x[0], y, row["note"] or "no value", dx=8, dy=4.5, color="#777777", size=12)
        return
    figure.line([(row["p5"], y), (row["p95"], y)], INK, 1.2)
    for end in (row["p5"], row["p95"]):
        figure.line([(end, y - 0.18), (end, y + 0.18)], INK, 1.2)
    figure.box((row["q1"], y - 0.3), (row["q3"], y + 0.3), "#a9cfe6", COLORS[0])
    figure.line([(row["median"], y - 0.3), (row["median"], y + 0.3)], INK, 2)
    figure.dot(row["mean"], y, COLORS[1], 4, f"{row['segment']}: mean {row['mean']:.4g} {row['unit']}")


def _course(figure, subject, course, color, dashes):
    """The line of a subject, with a dot and the standard error at each scan."""
    figure.line([(t, row["mean"]) for t, row in course], color, 1.5, dashes)
    for t, row in course:
        mean, sem = row["mean"], row["sem"] or 0
        figure.line([(t, mean - sem), (t, mean + sem)], color, 1.5)
        figure.dot(t, mean, color, tooltip=f"{subject}: {mean:.4g}")


def _errors(figure, a, b):
    if a["sem"]:
        figure.line([(a["mean"] - a["sem"], b["mean"]), (a["mean"] + a["sem"], b["mean"])], "#888888", 1)
    if b["sem"]:
        figure.line([(a["mean"], b["mean"] - b["sem"]), (a["mean"], b["mean"] + b["sem"])], "#888888", 1)


def _names(figure, points):
    """Names beside their points, each placed so that it covers neither a name nor a point, or left out."""
    places = [figure.px(x, y) for _, x, y in points]
    taken = [(px - 5, py - 5, px + 5, py + 5) for px, py in places]
    for (name, *_), (px, py) in zip(points, places, strict=True):
        wide = text_width(name, 11)
        for dx, dy in ((8, 4), (-8 - wide, 4), (-wide / 2, -9), (-wide / 2, 18), (8, 16), (8, -8), (-8 - wide, 16)):
            area = (px + dx, py + dy - 9, px + dx + wide, py + dy + 2)
            inside = figure.left < area[0] and area[2] < figure.width - figure.right
            if inside and not any(_overlap(area, other) for other in taken):
                taken.append(area)
                figure.words(px + dx, py + dy, name, size=11)
                break


def _overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _days(times, most=6):
    """{day: date} for the ticks of an axis."""
    days = sorted(set(times))
    few = days if len(days) <= most else [days[round(n * (len(days) - 1) / (most - 1))] for n in range(most)]
    return {day: date.fromordinal(round(day)).isoformat() for day in few}


def _file_names(names):
    """{name of a file: name}; QSMError if two names would be one file's, even if they differ in case."""
    files = {}
    for name in names:
        file = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
        same = next((files[other] for other in files if other.lower() == file.lower()), None)
        if same:
            raise QSMError(f"The plots {same!r} and {name!r} would be one file; rename a segment, or plot one.")
        files[file] = name
    return files


def _titled(name):
    return name[:1].upper() + name[1:]
