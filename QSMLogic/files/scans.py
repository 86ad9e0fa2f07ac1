"""Scans read from image files."""

import numpy as np

from ..model.acquisition import Acquisition
from ..model.errors import QSMError
from .images import read_image
from .sidecar import echo_times, field_strength

COMPLEX = "is complex; give it as --complex, which stands for magnitude and phase"


def load_acquisition(
    magnitude_paths,
    phase_paths,
    echo_times_s=None,
    field_strength_t=None,
    b0_direction_ijk=None,
    volume=None,
):
    """Read a scan; returns its Acquisition and Geometry.

    magnitude_paths, phase_paths: one 3D file per echo, or one 4D file with the echoes as volumes. echo_times_s,
    field_strength_t: where None, read from the JSON sidecars beside the files. b0_direction_ijk: B0 along the image's
    own axes (i, j, k); by default the scanner's z axis. volume: where 4D files are time series, the volume of them to
    take. Raises QSMError that names the file at fault.
    """
    (magnitude, phase), times, strength, geometry = _read_scan(
        magnitude_paths, phase_paths, echo_times_s, field_strength_t, volume
    )
    return Acquisition(magnitude, phase, times, strength, geometry.grid(b0_direction_ijk)), geometry


def load_signal(
    real_paths,
    imaginary_paths=(),
    echo_times_s=None,
    field_strength_t=None,
    b0_direction_ijk=None,
    volume=None,
):
    """As load_acquisition, of the real and imaginary part of the signal; without the latter, of complex files."""
    parts, times, strength, geometry = _read_scan(
        real_paths, imaginary_paths, echo_times_s, field_strength_t, volume, compound=not imaginary_paths
    )
    if len(parts) == 2 and parts[0].shape != parts[1].shape:
        raise QSMError("The real and the imaginary images are not as many; give one of either for each echo.")
    signal = parts[0] + 1j * parts[1] if len(parts) == 2 else parts[0]
    return Acquisition.of_signal(signal, times, strength, geometry.grid(b0_direction_ijk)), geometry


def _read_scan(first_paths, second_paths, times, strength, volume, compound=False):
    """([images of either kind], echo times, field strength, Geometry); the second kind may be missing."""
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
            kind = "is not complex; give it as --magnitude, --phase, --real or --imaginary"
            raise QSMError(f"{path} {kind if compound else COMPLEX}.")
        if volume is not None and image.ndim == 4:
            image = image[volume]
        if image.ndim == 4 and len(paths) > 1:
            raise QSMError(f"{path} has {len(image)} volumes; give one 3D file for each echo, or a single 4D file.")
        first = first or (path, geometry)
        difference = first[1].difference(geometry)
        if difference:
            raise QSMError(f"{path} does not fit {first[0]}: {difference}. All images of a scan must share one grid.")
        echoes.append(image)
    return (echoes[0] if len(echoes) == 1 else np.stack(echoes)), first
