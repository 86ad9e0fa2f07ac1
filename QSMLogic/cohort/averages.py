"""Averages of the maps of a cohort in the space of an atlas: mean, standard deviation and number of subjects."""

from pathlib import Path

import numpy as np

from ..files.atomic import placed_together
from ..files.bids_derivatives import made_by, vouched_images
from ..files.images import read_image, write_contents
from ..files.sidecar import sidecar_path
from ..model.catalogue import CATALOGUE
from ..model.errors import QSMError

FOLDER, ALL, MASK = "group_averages", "", "reliable_mask"
STATISTICS = {
    "mean": "Mean over subjects",
    "sd": "Standard deviation between subjects, 0 where there are fewer than two",
    "count": "Number of subjects with a valid value",
}


class Moments:
    """Mean and variance of images that come one after the other, each valid in its own mask.

    References
    ----------
    B. P. Welford, Technometrics 1962;4:419-420 (doi:10.1080/00401706.1962.10490022), for one image after the other;
    T. F. Chan, G. H. Golub and R. J. LeVeque, Am Stat 1983;37:242-247 (doi:10.1080/00031305.1983.10483115), for the
    union of two sets.
    """

    def __init__(self):
        self.count = self.mean = self.squares = None

    def _begin(self, shape):
        if self.count is None:
            self.count, self.mean, self.squares = np.zeros(shape, np.int32), np.zeros(shape), np.zeros(shape)

    def add(self, array, mask):
        """Take an image into account where its mask is true."""
        self._begin(mask.shape)
        for plane, inside in enumerate(mask):
            if inside.any():
                values, count = array[plane][inside].astype(np.float64), self.count[plane]
                count[inside] += 1
                away = values - self.mean[plane][inside]
                self.mean[plane][inside] += away / count[inside]
                self.squares[plane][inside] += away * (values - self.mean[plane][inside])

    def join(self, other):
        """Take all images of other Moments into account."""
        self._begin(other.count.shape)
        total = self.count + other.count
        share = other.count / np.maximum(total, 1)
        away = other.mean - self.mean
        self.squares += other.squares + away**2 * share * self.count
        self.mean += away * share
        self.count = total

    def images(self):
        """{"mean", "sd", "count": array}, 0 where there is nothing."""
        sd = np.sqrt(self.squares / np.maximum(self.count - 1, 1))
        return {"mean": self.mean, "sd": np.where(self.count > 1, sd, 0), "count": self.count}


def write_averages(output, units, records, groups=None, report=lambda done: None):
    """Write the averages of every map in template space, of all subjects and by group.

    Memory does not depend on the number of scans. The mean of the runs of a session enters once for each subject; of
    two sessions, the change between them does.

    Parameters
    ----------
    output : path-like
        The derivatives folder; the averages go to "group_averages" in it.
    units : list of Unit
        Subjects, with the places of their scans in `records`.
    records : list of dict
        What the records of scans have as "atlas": {"space", "maps"}, see regions.Extra.write.
    groups : list of str, optional
        The group of each unit, "" for none.
    report : callable
        Called as report(share done) after each subject; it may raise.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    QSMError
        If scans were registered to different atlases, or an image cannot be read or does not fit the others.
    """
    output, space = Path(output), _space(records)
    groups = groups or [ALL] * len(units)
    parts = {name: _parts(units, groups, records, name) for name in CATALOGUE if name != MASK}
    parts = {name: of_group for name, of_group in parts.items() if of_group}
    paths = _paths(output / FOLDER, space, parts)
    work = sum(len(members) for of_group in parts.values() for members in of_group.values())
    source = _Source(output, records, lambda done: report(done / work))
    with placed_together(_with_sidecars(paths), overwrite=False, vouched=lambda: _earlier(output)) as temporary:
        for name, of_group in parts.items():
            total = Moments()
            for group, members in of_group.items():
                moments = source.moments(members, name)
                if group != ALL:
                    _write(temporary, paths, name, group, moments, source.geometry)
                total.join(moments)
            _write(temporary, paths, name, ALL, total, source.geometry)
    return list(temporary)


class _Source:
    """Reads the maps of subjects, all of which must be on one grid."""

    def __init__(self, output, records, report):
        self.output, self.records, self.report, self.done = output, records, report, 0
        self.geometry = None

    def moments(self, units, name):
        """The Moments of a map of some subjects."""
        found = Moments()
        for unit in units:
            array, mask = self._mean(unit.scans, name)
            if unit.earlier:
                before, inside = self._mean(unit.earlier, name)
                array, mask = array - before, mask & inside
            found.add(array, mask)
            self.done += 1
            self.report(self.done)
        return found

    def _mean(self, places, name):
        """The mean of a map over runs, and where all of them are valid."""
        total, inside = 0.0, True
        for place in places:
            total = total + self._read(place, name)
            inside = inside & (self._read(place, MASK) > 0)
        return total / len(places), inside

    def _read(self, place, name):
        path = self.output / self.records[place]["maps"][name]
        array, own = read_image(path)
        self.geometry = self.geometry or own
        if difference := self.geometry.difference(own):
            raise QSMError(f"{path} does not fit the other maps: {difference}. Map all scans with the same atlas.")
        return array


def _space(records):
    spaces = sorted({record["space"] for record in records})
    if len(spaces) > 1:
        raise QSMError(f"The scans were registered to several atlases: {', '.join(spaces)}. Map all with one of them.")
    if not spaces:
        raise QSMError("No scan was registered to an atlas. Map the scans with --atlas, the folder of one.")
    return spaces[0]


def _parts(units, groups, records, name):
    """{group: units} of those that have a map."""
    found = {}
    for unit, group in zip(units, groups, strict=True):
        if all(name in records[place]["maps"] for place in (*unit.scans, *unit.earlier)):
            found.setdefault(group, []).append(unit)
    return found


def _paths(folder, space, parts):
    """{(map, group, statistic): path}; QSMError if two groups would have one name."""
    wanted = [(name, group, kind) for name, groups in parts.items() for group in {ALL, *groups} for kind in STATISTICS]
    paths = {key: folder / _file(space, *key) for key in wanted}
    if len({*paths.values()}) < len(paths):
        groups = ", ".join(sorted({group for _, group, _ in paths} - {ALL}))
        raise QSMError(f"The names of some groups do not differ in letters and digits: {groups}. Rename one of them.")
    return paths


def _file(space, name, group, kind):
    description, suffix = CATALOGUE[name].bids
    label = "".join(letter for letter in group if letter.isalnum())
    parts = [f"space-{space}", f"group-{label}" if label else "", f"stat-{kind}"]
    return "_".join(filter(None, [*parts, f"desc-{description}" if description else "", suffix])) + ".nii.gz"


def _with_sidecars(paths):
    return [file for path in paths.values() for file in (path, sidecar_path(path))]


def _earlier(output):
    """The averages of an earlier run, which nobody has changed."""
    return vouched_images(sorted((output / FOLDER).glob("*.nii.gz")))


def _write(temporary, paths, name, group, moments, geometry):
    entry = CATALOGUE[name]
    for kind, array in moments.images().items():
        path = paths[name, group, kind]
        write_contents(temporary, {path: array}, geometry)
        about = {"Description": f"{entry.description}: {STATISTICS[kind]}", "MostSubjects": int(moments.count.max())}
        about |= {"Group": group} if group else {}
        about |= {"Units": entry.unit} if kind != "count" else {}
        write_contents(temporary, {sidecar_path(path): about | made_by(temporary[path])}, None)
