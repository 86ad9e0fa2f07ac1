"""Write maps as DICOM: a folder with one folder for each series."""

import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ....model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ....model.errors import QSMError
from ....model.maps import Maps
from ....registry.method import registry
from ....registry.stages import STAGES
from ....version import __version__
from ...atomic import check_writable, placed_together
from ..libraries import has_highdicom, highdicom, pydicom
from .about import About
from .map_series import map_series, written
from .parametric_map import parametric_map as float_map
from .pixels import inside_of, pixels_of
from .plan import planned
from .region_report import segmentation, structured_report
from .source import read_source
from .stack import stack_of


@dataclass(frozen=True)
class Exported:
    """What was written: the files, and the Checks that users should read."""

    files: list
    checks: tuple


def write_dicom(
    maps,
    geometry,
    source_files,
    folder,
    *,
    names=(SUSCEPTIBILITY,),
    research_use=True,
    description="QSM",
    method="",
    parametric_map=None,
    regions=None,
    overwrite=False,
    other_grid=False,
    volume=None,
):
    """Write maps as DICOM series of the study that they were made of, all files or none.

    Each series has a folder, such as 601-susceptibility. Its number is 100 times the lowest of the scan and the place
    of the map, or the next one that no series of the scan has. Before the place, points in time have their number in
    three digits: 600201 is the second.

    Parameters
    ----------
    maps : Maps or dict
        The result of a run, or {name in the catalogue: array (k, j, i)}, with reliable_mask or mask if there is one.
        Without masks, voxels that are exactly zero are outside.
    geometry : Geometry
        The grid of the maps.
    source_files : iterable of path
        DICOM files of the scan: all, or some of them.
    folder : path
        Where the series are written; it is created if it does not exist.
    names : sequence of str
        Which maps are written.
    research_use : bool
        Whether the descriptions of the series end in "(research use)". Without it, whoever writes them takes the
        responsibility for their use.
    description : str
        How the descriptions of the series begin.
    method : str
        How the maps were made. "": `methods_in_short`, if `maps` are those of a run.
    parametric_map : bool, optional
        Whether each map is also written as float numbers, a parametric map. None: if highdicom is installed.
    regions : RegionReport, optional
        Regions that are written as a segmentation, and their values as a structured report; needs highdicom.
    overwrite : bool
        Whether to replace and remove the DICOM files of an earlier export of the same scan to this folder. Files of
        other patients, studies or programs never are.
    other_grid : bool
        Whether the maps may lie on another grid than the scan, as those that were resampled. They are written where
        they lie; nothing then shows that the files are those of another scan.
    volume : int, optional
        Which point in time the maps are of, from 1 on, if the scan has several. It is said in the descriptions.

    Returns
    -------
    Exported

    Raises
    ------
    QSMError
        If the files are not those of one scan of one patient, the maps lie elsewhere, or files cannot be written.

    Examples
    --------
    >>> exported = write_dicom(maps, geometry, ["IM0001.dcm", "IM0002.dcm"], "for-the-archive")  # doctest: +SKIP
    """
    arrays = _arrays(maps, names, geometry)
    if regions:
        _check_regions(regions, geometry)
    about = About(0, description, _derivation(maps, method), research_use, datetime.now())
    with _of_any_scan():
        source = read_source(source_files)
        stack = stack_of(geometry, source, other_grid)
        plan = planned(Path(folder), source, about, names, _floats(parametric_map), bool(regions), volume)
        former = plan.replaceable(overwrite)
        export = _Export(plan, stack, arrays)
        if regions:
            export.add_regions(regions, names[0])
    files = export.files
    with placed_together(files, overwrite=False, vouched=lambda: former, whole=folder if former else None) as temporary:
        for path, dataset in files.items():
            written(dataset, temporary[path])
    for emptied in {path.parent for path in former - files.keys()}:
        with suppress(OSError):
            emptied.rmdir()
    return Exported(list(temporary), tuple(export.checks))


def check_export(
    geometry,
    source_files,
    folder,
    *,
    names=(SUSCEPTIBILITY,),
    parametric_map=None,
    regions=None,
    overwrite=False,
    other_grid=False,
    volume=None,
):
    """Raise QSMError if `write_dicom` cannot write maps with a Geometry, as far as that shows before they are made.

    Nothing is left behind. Parameters: as of write_dicom.
    """
    _check_names(names, CATALOGUE)
    about = About(0, "", "", True, datetime.now())
    with _of_any_scan():
        source = read_source(source_files)
        slices = len(stack_of(geometry, source, other_grid).positions)
        plan = planned(Path(folder), source, about, names, _floats(parametric_map), bool(regions), volume)
        former = plan.replaceable(overwrite)
    if regions:
        _check_regions(regions, geometry)
    counts = [slices if series in plan.images.values() else 1 for series in plan.series]
    paths = [path for series, count in zip(plan.series, counts, strict=True) for path in series.files(range(count))]
    check_writable(paths, source_files, vouched=lambda: former, whole=folder if former else None)


@contextmanager
def _of_any_scan():
    """A scan is what it is: odd values are taken over, and no warning quotes the name of a patient."""
    with warnings.catch_warnings(), pydicom().config.disable_value_validation():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _floats(wanted):
    """Whether parametric maps are written; QSMError if they are wanted but cannot be."""
    if wanted:
        highdicom()
    return has_highdicom() if wanted is None else wanted


class _Export:
    """The files of a Plan, {path: dataset}, and the checks of what is written."""

    def __init__(self, plan, stack, arrays):
        self.plan, self.stack, self.source = plan, stack, plan.source
        self.files, self.checks, self.images = {}, [*plan.source.checks, *stack.checks], {}
        for name in plan.images:
            self._add_map(CATALOGUE[name], arrays)

    def _add_map(self, entry, arrays):
        array = np.asarray(arrays[entry.name])
        inside = inside_of(entry.name, arrays)
        pixels = pixels_of(entry, self.stack.turned(array), self.stack.turned(inside))
        self.checks += pixels.checks
        series = self.plan.images[entry.name]
        images = map_series(entry, pixels, self.stack, self.source, series.about)
        self.files |= series.files(images)
        self.images[entry.name] = images
        if series := self.plan.floats.get(entry.name):
            values = self.stack.turned(np.where(inside & np.isfinite(array), array, 0))
            self.files |= series.files([float_map(entry, values, images, self.stack, series.about)])

    def add_regions(self, regions, name):
        """Add segmentation and report of regions on the images of a map."""
        images, labels = self.images[name], self.stack.turned(np.asarray(regions.labels))
        segments, tracking = segmentation(regions, labels, images, self.plan.regions.about)
        self.files |= self.plan.regions.files([segments])
        report = structured_report(regions, segments, tracking, images, self.plan.report.about)
        self.files |= self.plan.report.files([report])


def _arrays(maps, names, geometry):
    """{name: array} of the maps; QSMError if one is missing or has another shape."""
    arrays = {entry.name: array for entry, array in maps.items()} if isinstance(maps, Maps) else dict(maps)
    _check_names(names, arrays)
    for name, array in arrays.items():
        if np.shape(array) != geometry.shape:
            raise QSMError(f"The map {name} has shape {np.shape(array)}, its grid {geometry.shape}; they must match.")
    return arrays


def _check_names(names, known):
    """QSMError if there is a map that is not among those known, or a mask."""
    possible = [name for name, entry in CATALOGUE.items() if name in known and not entry.is_mask]
    if not names:
        raise QSMError(f"There is no map to write as DICOM. Choose one of these: {', '.join(possible)}.")
    for name in names:
        if name not in possible:
            raise QSMError(f"There is no map {name!r} to write as DICOM. There are: {', '.join(possible)}.")


def _check_regions(regions, geometry):
    """QSMError if regions cannot be written on maps with a Geometry."""
    highdicom()
    regions.present()
    if np.shape(regions.labels) != geometry.shape:
        raise QSMError("The label image has another shape than the maps. Resample it to the grid of the maps.")


def methods_in_short(provenance):
    """The methods of each stage of a run, from the content of run.json: "Unwrapping: ROMEO; ..."."""
    known = registry()
    chosen = {stage: choice["method"] for stage, choice in provenance.get("settings", {}).items()}
    titles = {
        STAGES[stage].title if stage in STAGES else stage: getattr(known.get(stage, {}).get(name), "title", name)
        for stage, name in chosen.items()
    }
    return "; ".join(f"{stage}: {method}" for stage, method in titles.items())


def _derivation(maps, method):
    """By which software and methods maps were made."""
    method = method or (methods_in_short(maps.provenance) if isinstance(maps, Maps) else "")
    return f"Computed with SlicerQSM {__version__}{f' ({method})' if method else ''}"
