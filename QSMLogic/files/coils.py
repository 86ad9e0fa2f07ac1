"""Images of single receive coils in files, one file per coil or one volume per coil, combined while they are read."""

from functools import cached_property, lru_cache

import numpy as np

from ..model.check import OK, Check
from ..model.errors import QSMError
from ..shared.coil_combination import combine_coils, look_like_coils
from ..stages.scaling.automatic import rad_per_unit
from ..stages.unwrap.romeo import unwrap_spatially
from .headers import volumes_in

FILES_KEPT = 4  # magnitude and phase of the first two echoes, which are needed together


class CoilImages:
    """The images of single coils.

    Parameters
    ----------
    files : dict
        {kind: list with, for each echo, the path of a 4D file or a list with one path per coil}.
    read : callable
        read(path) returns an image.
    """

    def __init__(self, files, read):
        self.files, self._read = files, lru_cache(FILES_KEPT)(read)
        self.coils = {self._count(entry) for entries in files.values() for entry in entries}
        if len(self.coils) > 1 or len({len(entries) for entries in files.values()}) > 1:
            raise QSMError(
                f"The numbers of images or coils differ between {' and '.join(files)} or from echo to echo. "
                "Give every coil of every echo."
            )
        [self.count] = self.coils

    def read_first(self):
        """Read the first file, so that its grid is known; it is kept for what follows."""
        self._read(self.name)

    def look_like_coils(self):
        """Whether the volumes are those of coils, judged by the first echo."""
        read = self._signal if "phase" not in self.files else lambda echo, coil: self._image("magnitude", echo, coil)
        return look_like_coils([np.nan_to_num(np.abs(read(0, coil))) for coil in range(self.count)])

    def combined(self, echo_times_s, spacing_mm):
        """Magnitude and phase (echo, k, j, i) of all coils together, the phase scaled as in the files, and a Check."""
        if len(echo_times_s) < 2:
            raise QSMError(
                f"{self.name} has the images of {self.count} single coils and one echo: their phase offsets can be "
                "removed with two echoes only. Give two echoes or images that the scanner has combined; if the volumes "
                "are a time series, choose --volumes first or all."
            )
        if len(echo_times_s) != len(next(iter(self.files.values()))):
            raise QSMError("The numbers of echo times and of images differ. Give one echo time per echo.")
        magnitude, phase_rad = combine_coils(self._signal, self.count, echo_times_s, spacing_mm, unwrap_spatially)
        phase_rad /= np.float32(self._rad_per_unit)
        sentence = f"The images of {self.count} coils were combined (MCPC-3D-S)."
        return magnitude, phase_rad, Check("coils", self.count, None, OK, sentence, corrected=True)

    @property
    def name(self):
        entry = next(iter(self.files.values()))[0]
        return entry[0] if is_list(entry) else entry

    def _count(self, entry):
        if is_list(entry):
            return len(entry)
        return volumes_in(entry)

    def _image(self, kind, echo, coil):
        entry = self.files[kind][echo]
        if not is_list(entry):
            return self._read(entry)[coil]
        image = self._read(entry[coil])
        if image.ndim != 3:
            raise QSMError(
                f"{entry[coil]} has {len(image)} volumes, but is of a single coil. Give one volume per file."
            )
        return image

    def _signal(self, echo, coil):
        """The complex image of a coil; 0 where it is not a number."""
        parts = [self._image(kind, echo, coil) for kind in self.files]
        if "phase" in self.files:
            signal = parts[0] * np.exp(1j * np.float32(self._rad_per_unit) * parts[1])
        else:
            signal = parts[0] + 1j * parts[1] if len(parts) == 2 else parts[0]
        return np.nan_to_num(signal, posinf=0, neginf=0).astype(np.complex64, copy=False)

    @cached_property
    def _rad_per_unit(self):
        if "phase" not in self.files:
            return 1.0
        return rad_per_unit(np.nan_to_num(np.stack([self._image("phase", 0, coil) for coil in range(self.count)])))


def is_list(entry):
    """Whether an echo has a file for each coil."""
    return isinstance(entry, list | tuple)
