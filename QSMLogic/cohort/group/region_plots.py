"""What the page of a group shows of its regions: the mean of every region in every scan, and the outliers."""

import numpy as np

from .outliers import EVERYBODY, LEAST_PEERS, limits_of

DIGITS = 4


def region_data(group, means):
    """The regions by map, as plain values: [{map, unit, segments: [{name, means, outliers}]}].

    group: Group. means: RegionMeans. Outliers are those among the scans that are alike, on both sides.
    """
    alike = _alike(group)
    maps = {}
    for (map_name, unit, segment), values in means.means.items():
        found = maps.setdefault((map_name, unit), {"map": map_name, "unit": unit, "segments": []})
        found["segments"].append(_segment(segment, np.asarray(values, float), alike))
    return list(maps.values())


def _alike(group):
    """[(numbers of the scans of one kind, those of them that count)]"""
    done = [number for number, row in enumerate(group.rows) if row.is_done]
    kinds = {}
    for number in done:
        kinds.setdefault(group.peers_of(number).label, []).append(number)
    excluded = group.excluded
    counted = {number for number in done if group.rows[number].name not in excluded}
    return [
        (np.array(of), np.array([n for n in (done if label == EVERYBODY else of) if n in counted], int))
        for label, of in kinds.items()
    ]


def _segment(name, values, alike):
    outliers = {}
    for numbers, counted in alike:
        usual = values[counted]
        limits = limits_of(usual[np.isfinite(usual)]) if counted.size >= LEAST_PEERS else None
        for number in numbers if limits else ():
            if np.isfinite(values[number]) and (side := limits.side(float(values[number]))):
                outliers[int(number)] = side
    shown = [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values]
    return {"name": name, "means": shown, "outliers": outliers}
