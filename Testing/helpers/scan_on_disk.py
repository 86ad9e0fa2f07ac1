"""A small simulated scan, in memory and on disk."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SHAPE = (32, 36, 40)
ECHO_TIMES = (0.004, 0.012, 0.02)
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3


def simulated_scan():
    """Magnitude and phase (3, k, j, i) of a ball of 0.4 ppm in an ellipsoid of tissue at 3 T, and the tissue."""
    k, j, i = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in SHAPE), indexing="ij")
    r = np.sqrt(k**2 + j**2 + i**2)
    tissue = (k / 13) ** 2 + (j / 15) ** 2 + (i / 17) ** 2 < 1
    outside = 0.4 / 3 * (5 / np.maximum(r, 5)) ** 3 * (3 * (k / np.maximum(r, 5)) ** 2 - 1)
    field_ppm = np.where(r > 5, outside, 0) + 0.01 * j + 0.005 * k
    noise = np.random.default_rng(1).normal(size=(2, 3, *SHAPE))
    times = np.reshape(ECHO_TIMES, (3, 1, 1, 1))
    signal = 1000 * tissue * np.exp(-times / 0.03) * np.exp(1j * (RAD_PER_S_AND_PPM * field_ppm * times + 0.02 * i))
    signal += 5 * (noise[0] + 1j * noise[1])
    return np.abs(signal).astype(np.float32), np.angle(signal).astype(np.float32), tissue


def save(path, array, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None):
    """Write an array with SimpleITK alone; spacing, origin and direction (3 x 3) are in ITK's order."""
    if array.dtype == bool:
        array = array.astype(np.uint8)
    image = sitk.GetImageFromArray(array, isVector=False)
    if array.ndim == 3:
        image.SetSpacing(spacing)
        image.SetOrigin(origin)
        image.SetDirection(np.ravel(np.eye(3) if direction is None else direction).tolist())
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), useCompression=True)
    return Path(path)


def load(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


@dataclass
class ScanOnDisk:
    """The simulated scan as one file per echo, to be spoilt by tests."""

    folder: Path
    times: tuple = ECHO_TIMES
    strength: float = 3.0
    geometry: dict = field(default_factory=dict)
    ending: str = ".nii.gz"

    def __post_init__(self):
        magnitude, phase, self.tissue = simulated_scan()
        echoes = range(1, 4)
        self.magnitude = [self.write(f"mag{e}", magnitude[e - 1]) for e in echoes]
        self.phase = [self.write(f"phase{e}", phase[e - 1]) for e in echoes]
        self.mask = self.write("tissue", self.tissue)

    def write(self, name, array, **geometry):
        return save(self.folder / f"{name}{self.ending}", array, **(self.geometry | geometry))

    def arguments(self, *, magnitude=None, phase=None, times=None, strength=None):
        return [
            *("--magnitude", *(magnitude or self.magnitude)),
            *("--phase", *(phase or self.phase)),
            *("--echo-times", *(times or self.times)),
            *("--field-strength", strength or self.strength),
        ]

    def add_sidecars(self):
        for paths in (self.magnitude, self.phase):
            for path, time in zip(paths, self.times, strict=True):
                content = {"EchoTime": time, "MagneticFieldStrength": self.strength}
                (path.parent / path.name.replace(self.ending, ".json")).write_text(json.dumps(content))
