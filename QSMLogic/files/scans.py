"""Scans read from image files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..model.acquisition import Acquisition
from ..model.errors import QSMError
from .geometry import Geometry
from .headers import read_header
from .images import read_image
from .orientation import B0_DIRECTION
from .sidecar import echo_times, field_strength

COMPLEX = "is complex; pass it as --complex, instead of magnitude and phase"


def load_acquisition(
    magnitude_paths: Sequence[str | Path],
    phase_paths: Sequence[str | Path],
    echo_times_s: Sequence[float] | None = None,
    field_strength_t: float | None = None,
    b0_direction_ijk: Sequence[float] | None = None,
    volume: int | None = None,
) -> tuple[Acquisition, Geometry]:
    """Read a scan from image files.

    Parameters
    ----------
    magnitude_paths, phase_paths : list of path
        One 3D file per echo, or one 4D file with the echoes as volumes.
    echo_times_s : sequence of float, optional
        Echo times in seconds. None: from the JSON sidecars beside the files.
    field_strength_t : float, optional
        Field strength in tesla. None: from the JSON sidecars.
    b0_direction_ijk : sequence of float, optional
        B0 along the image axes (i, j, k). None: the scanner's z axis.
    volume : int, optional
        If the 4D files are time series, the volume to use.

    Returns
    -------
    Acquisition, Geometry
        The scan, and the grid of its images in the scanner.

    Raises
    ------
    QSMError
        Names the file that cannot be used.
    """
    (magnitude, phase), times, strength, geometry = _read_scan(
        magnitude_paths, phase_paths, echo_times_s, field_strength_t, volume
    )
    grid = geometry.grid(b0_direction_ijk)
    return Acquisition(magnitude, phase, times, strength, grid, _checks(geometry, b0_direction_ijk)), geometry


def load_signal(
    real_paths,
    imaginary_paths=(),
    echo_times_s=None,
    field_strength_t=None,
    b0_direction_ijk=None,
    volume=None,
):
    """Like load_acquisition, from real and imaginary images, or from complex images alone."""
    parts, times, strength, geometry = _read_scan(
        real_paths, imaginary_paths, echo_times_s, field_strength_t, volume, compound=not imaginary_paths
    )
    if len(parts) == 2 and parts[0].shape != parts[1].shape:
        raise QSMError("The numbers of real and imaginary images differ. Give one of each per echo.")
    signal = parts[0] + 1j * parts[1] if len(parts) == 2 else parts[0]
    scan = Acquisition.of_signal(signal, times, strength, geometry.grid(b0_direction_ijk))
    return replace(scan, checks=_checks(geometry, b0_direction_ijk)), geometry


def _checks(geometry, b0_direction_ijk):
    """What was found of the headers; their guess of B0 does not matter if it is given."""
    return tuple(check for check in geometry.checks if check.name != B0_DIRECTION or b0_direction_ijk is None)


def _read_scan(first_paths, second_paths, times, strength, volume, compound=False):
    """([images of either kind], echo times, field strength, Geometry); the second kind may be missing."""
    for path in (*first_paths, *second_paths):
        read_header(path)
    times = echo_times(first_paths, second_paths or first_paths) if times is None else times
    strength = field_strength(first_paths, second_paths or first_paths) if strength is None else strength
    images, first = [], None
    for paths in filter(None, (first_paths, second_paths)):
        echoes, first = _read_echoes(paths, volume, compound, first)
        images.append(echoes)
    return images, times, strength, first[1]


def _read_echoes(paths, volume, compound, first):
    """The echoes in a list of files, and (path, Geometry) of the file that all of them are held against."""
    echoes = []
    for path in paths:
        image, geometry = read_image(path)
        if np.iscomplexobj(image) != compound:
            kind = "is not complex; pass it as --magnitude, --phase, --real or --imaginary"
            raise QSMError(f"{path} {kind if compound else COMPLEX}.")
        if volume is not None and image.ndim == 4:
            image = image[volume]
        if image.ndim == 4 and len(paths) > 1:
            raise QSMError(f"{path} has {len(image)} volumes. Give one 3D file per echo, or a single 4D file.")
        first = first or (path, geometry)
        first = first[0], first[1].with_checks(geometry.checks)
        difference = first[1].difference(geometry)
        if difference:
            raise QSMError(f"{path} does not fit {first[0]}: {difference}. All images of a scan must share one grid.")
        echoes.append(image)
    return (echoes[0] if len(echoes) == 1 else np.stack(echoes)), first
