"""Draws the icons of the extension and its modules: the field of a sphere, which QSM turns back into the sphere."""

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SIZE, SAMPLES = 128, 4
FILES = ("Resources/QSM.png", "QSM/Resources/Icons/QSM.png")
COHORT_FILE = "QSM/Resources/Icons/QSMCohort.png"
NIGHT, BLUE, RED, GOLD = (np.array(c, float) for c in ((18, 22, 38), (64, 150, 255), (255, 96, 80), (255, 205, 90)))


def icon():
    """RGBA image (row, column, 4), uint8: a sphere and its dipole field, with contour lines, on a dark disc."""
    n = SIZE * SAMPLES
    y, x = (np.indices((n, n)) + 0.5) / n * 2 - 1
    radius, r = 0.30, np.hypot(x, y)
    cosine = -y / np.maximum(r, 1e-6)
    field = np.clip((radius / np.maximum(r, radius)) ** 3 * (3 * cosine**2 - 1) / 1.4, -1, 1)
    strength = np.abs(field)[..., None] ** 0.6
    color = NIGHT * (1 - strength) + np.where(field[..., None] > 0, RED, BLUE) * strength
    bands = (np.abs(field) * 6 % 1 < 0.14) & (r > radius) & (np.abs(field) > 0.1)
    color[bands] = color[bands] * 0.6 + 255 * 0.4
    shade = np.clip(1.15 - 0.9 * np.hypot(x + 0.10, y + 0.12) / radius, 0.45, 1)[..., None]
    color = np.where((r < radius)[..., None], GOLD * shade, color)
    rgba = np.dstack((color, np.where(r < 0.97, 255, 0)))
    return rgba.reshape(SIZE, SAMPLES, SIZE, SAMPLES, 4).mean((1, 3)).round().astype(np.uint8)


def cohort_icon():
    """RGBA image (row, column, 4), uint8: four of the icon, each of half its size."""
    half = icon().astype(float).reshape(SIZE // 2, 2, SIZE // 2, 2, 4).mean((1, 3)).round().astype(np.uint8)
    return np.tile(half, (2, 2, 1))


def main(root):
    for array, files in ((icon(), FILES), (cohort_icon(), (COHORT_FILE,))):
        image = sitk.GetImageFromArray(array, isVector=True)
        for file in files:
            sitk.WriteImage(image, str(root / file))


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
