"""Scans read from image files."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from ..model.acquisition import Acquisition
from ..model.check import DOUBTFUL, OK, Check
from ..model.errors import QSMError
from ..model.reported import reported_in
from .coils import CoilImages, is_list
from .facts import scan_facts
from .geometry import Geometry
from .headers import read_header, volumes_in
from .images import read_image
from .orientation import B0_DIRECTION
from .sidecar import sidecar

COMPLEX = "is complex; pass it as --complex, instead of magnitude and phase"
AUTO, COILS = "auto", "coils"


def load_acquisition(
    magnitude_paths: Sequence[str | Path],
    phase_paths: Sequence[str | Path],
    echo_times_s: Sequence[float] | None = None,
    field_strength_t: float | None = None,
    b0_direction_ijk: Sequence[float] | None = None,
    volume: int | str | None = None,
    metadata: Callable[[Path], dict] = sidecar,
) -> tuple[Acquisition, Geometry]:
    """Read a scan from image files.

    Parameters
    ----------
    magnitude_paths, phase_paths : list of path
        One 3D file per echo, or one 4D file with the echoes as volumes. Of single coils, one 4D file or one list of
        files per echo.
    echo_times_s : sequence of float, optional
        Echo times in seconds. None: from the JSON sidecars beside the files.
    field_strength_t : float, optional
        Field strength in tesla. None: from the JSON sidecars.
    b0_direction_ijk : sequence of float, optional
        B0 along the image axes (i, j, k). None: the scanner's z axis.
    volume : int or {"coils", "auto"}, optional
        If the volumes of 4D files are no echoes: the one of a time series to use, or "coils" to combine all. "auto":
        coils are combined, of a time series the first is used. None: "auto" for several files of each kind; the
        volumes of a single one are echoes.
    metadata : callable, optional
        The content of the JSON files that apply to an image, from its path.

    Returns
    -------
    Acquisition, Geometry
        The scan, and the grid of its images in the scanner.

    Raises
    ------
    QSMError
        Names the file that cannot be used, or the sources of a fact that contradict each other.
    """
    files = {"magnitude": magnitude_paths, "phase": phase_paths}
    return _loaded(files, echo_times_s, field_strength_t, b0_direction_ijk, volume, metadata)


def load_magnitude(magnitude_paths, echo_times_s=None, field_strength_t=None, b0_direction_ijk=None, volume=None):
    """Like load_acquisition, from magnitude images alone; the phase is zero."""
    return _loaded({"magnitude": magnitude_paths}, echo_times_s, field_strength_t, b0_direction_ijk, volume, sidecar)


def load_signal(
    real_paths,
    imaginary_paths=(),
    echo_times_s=None,
    field_strength_t=None,
    b0_direction_ijk=None,
    volume=None,
    metadata=sidecar,
):
    """Like load_acquisition, from real and imaginary images, or from complex images alone."""
    files = {"real": real_paths, "imaginary": imaginary_paths} if imaginary_paths else {"complex": real_paths}
    return _loaded(files, echo_times_s, field_strength_t, b0_direction_ijk, volume, metadata)


def _loaded(files, times, strength, b0_direction_ijk, volume, metadata):
    """The Acquisition and Geometry of files, {kind: list with a path or the paths of all coils for each echo}."""
    first = {kind: [entry[0] if is_list(entry) else entry for entry in entries] for kind, entries in files.items()}
    for path in chain.from_iterable(first.values()):
        read_header(path)
    facts = scan_facts(first, times, strength, metadata)
    files = {kind: _ordered(entries, facts.order.get(kind)) for kind, entries in files.items()}
    images = _Images("complex" in files)
    coils, volume, checks = _volumes(files, images, len(facts.echo_times_s), volume)
    if coils:
        coils.read_first()
        magnitude, phase, check = coils.combined(facts.echo_times_s, images.geometry.grid().spacing_mm)
        checks = [check]
    else:
        echoes = {kind: _stacked(paths, images, volume, facts.order.get(kind)) for kind, paths in files.items()}
        magnitude, phase = _polar(echoes)
    found = [c for c in images.geometry.checks if c.name != B0_DIRECTION or b0_direction_ijk is None]
    grid, checks = images.geometry.grid(b0_direction_ijk), (*found, *facts.checks, *checks)
    reported = next(filter(None, (reported_in(metadata(path)) for path in chain.from_iterable(first.values()))), {})
    known = facts.echo_times_s, facts.field_strength_t, grid, checks, reported
    return Acquisition(magnitude, phase, *known), images.geometry


class _Images:
    """Reads the images of a scan and holds each against the first."""

    def __init__(self, compound):
        self.compound, self.first = compound, None

    @property
    def geometry(self):
        return self.first[1]

    def read(self, path):
        """The image in a file; QSMError if it is of another kind or on another grid than the first one."""
        image, geometry = read_image(path)
        if np.iscomplexobj(image) != self.compound:
            kind = "is not complex; pass it as --magnitude, --phase, --real or --imaginary"
            raise QSMError(f"{path} {kind if self.compound else COMPLEX}.")
        first, known = self.first or (path, geometry)
        self.first = first, known.with_checks(geometry.checks)
        if difference := self.geometry.difference(geometry):
            raise QSMError(
                f"{path} does not fit {self.first[0]}: {difference}. All images of a scan must share one grid."
            )
        return image


def _ordered(entries, order):
    return [entries[n] for n in order] if order and len(entries) > 1 else entries


def _volumes(files, images, times, volume):
    """What the volumes of files are: (CoilImages or None, the volume to use or None, list of Check)."""
    entries = next(iter(files.values()))
    if is_list(entries[0]):
        return CoilImages(files, images.read), None, []
    count = volumes_in(entries[0])
    if count == 1 or volume is None and len(entries) == 1 and count == times:
        return None, None, []
    if volume is None and len(entries) == 1:
        if times == 1:
            raise QSMError(
                f"{entries[0]} has {count} volumes, but there is one echo time. Give one per volume or, if they are a "
                "time series, choose --volumes first or all."
            )
        return None, None, []
    if volume in (None, AUTO, COILS):
        coils = CoilImages(files, images.read)
        if volume == COILS or coils.look_like_coils():
            return coils, None, []
        sentence = (
            f"The {count} volumes of {Path(entries[0]).name} look like a time series: the first is mapped, "
            f"{count - 1} are left out. Choose --volumes first, all, or coils if they are of single coils."
        )
        return None, 0, [Check("volumes", count, 1, DOUBTFUL, sentence)]
    if not 0 <= volume < count:
        raise QSMError(f"{entries[0]} has {count} volumes; there is no volume {volume + 1}.")
    sentence = f"Volume {volume + 1} of {count} is mapped, {count - 1} are left out."
    return None, volume, [Check("volumes", count, 1, OK, sentence, corrected=True)]


def _stacked(paths, images, volume, order):
    """The echoes in a list of files."""
    echoes = [images.read(path) for path in paths]
    if volume is not None:
        echoes = [image[volume] if image.ndim == 4 else image for image in echoes]
    for path, image in zip(paths, echoes, strict=True):
        if image.ndim == 4 and len(paths) > 1:
            raise QSMError(f"{path} has {len(image)} volumes. Give one 3D file per echo, or a single 4D file.")
    if len(echoes) > 1:
        return np.stack(echoes)
    return echoes[0][order] if order and echoes[0].ndim == 4 else echoes[0]


def _polar(echoes):
    """Magnitude and phase of {kind: images}."""
    if "magnitude" in echoes:
        magnitude = echoes["magnitude"]
        return magnitude, echoes["phase"] if "phase" in echoes else np.zeros_like(magnitude)
    parts = list(echoes.values())
    if len(parts) == 2 and parts[0].shape != parts[1].shape:
        raise QSMError("The numbers of real and imaginary images differ. Give one of each per echo.")
    signal = parts[0] + 1j * parts[1] if len(parts) == 2 else parts[0]
    return np.abs(signal), np.angle(signal)
