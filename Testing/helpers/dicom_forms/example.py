"""The scan that is written: whole numbers of magnitude, any phase, and an oblique grid."""

from dataclasses import dataclass, field

import numpy as np

from QSMLogic.files.geometry import Geometry

OBLIQUE = (0.96, -0.28, 0.0, 0.2688, 0.9216, 0.28, -0.0784, -0.2688, 0.96)  # columns: axes i, j, k in LPS
PERSON = {
    "PatientName": "Undisclosed^Identity",
    "PatientID": "QX-4711-SECRET",
    "PatientBirthDate": "19330417",
    "PatientSex": "F",
    "OtherPatientNames": "Hidden^Alias",
    "PatientAddress": "Nowhere Lane 17",
    "InstitutionName": "Unnamed General Hospital",
    "InstitutionAddress": "Concealed Street 9",
    "StationName": "STATION77X",
    "DeviceSerialNumber": "SN0099887766",
    "ReferringPhysicianName": "Anonymous^Referrer",
    "OperatorsName": "Veiled^Operator",
    "StudyID": "STUDY4321",
    "AccessionNumber": "ACC5566778",
    "StudyDate": "20310214",
    "StudyTime": "070809",
    "StudyDescription": "Examination of Undisclosed",
    "PatientComments": "Private remark of Undisclosed",
}


@dataclass(frozen=True)
class Example:
    """A scan; magnitude and phase_rad: (volume, echo, k, j, i)."""

    magnitude: np.ndarray
    phase_rad: np.ndarray
    echo_times_s: tuple = (0.00492, 0.0123, 0.02)
    field_strength_t: float = 2.894
    geometry: Geometry = None
    series: int = 5
    description: str = "gre_qsm"
    person: dict = field(default_factory=lambda: dict(PERSON))

    @property
    def volumes(self):
        return len(self.magnitude)

    @property
    def slices(self):
        return self.geometry.size[2]

    def position(self, k):
        """The center of the first voxel of a slice, in mm, LPS."""
        return np.array(self.geometry.origin) + k * self.geometry.spacing[2] * np.array(self.geometry.direction[2::3])

    def frames(self):
        """(volume, echo, k) of every image of one kind."""
        return list(np.ndindex(self.magnitude.shape[:3]))

    @property
    def largest(self):
        return float(self.magnitude.max())


def geometry(size=(12, 10, 6), spacing=(0.9, 1.1, 2.0), origin=(-31.5, 40.25, -12.0), direction=OBLIQUE):
    return Geometry(size, spacing, origin, direction)


def example(size=(12, 10, 6), volumes=1, seed=0, **changes):
    """A scan of random numbers."""
    random, times = np.random.default_rng(seed), changes.get("echo_times_s", Example.echo_times_s)
    shape = (volumes, len(times), *reversed(size))
    magnitude = random.integers(0, 4000, shape).astype(float)
    phase = random.uniform(-np.pi, np.pi, shape)
    return Example(magnitude, phase, **{"geometry": geometry(size), **changes})


def of_arrays(magnitude, phase_rad, **changes):
    """A scan of arrays (echo, k, j, i), the magnitude in whole numbers."""
    size = tuple(reversed(np.shape(magnitude)[1:]))
    return Example(np.rint(magnitude)[None], np.asarray(phase_rad)[None], **{"geometry": geometry(size), **changes})
