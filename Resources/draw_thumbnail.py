"""Draws the simulated head for Slicer's module Sample Data: magnitude, phase and true susceptibility."""

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SIZE, FILE = 256, "QSM/Resources/Icons/QSMSimulatedHead.png"


def thumbnail(scan):
    """Grey image (row, column), uint8: magnitude, phase and susceptibility, and a coronal slice of the magnitude."""
    magnitude, phase = scan.acquisition.magnitude[1], scan.acquisition.phase[1]
    k, j, i = (n // 2 for n in scan.grid.shape)
    axial, coronal = k - 4, j + 3
    susceptibility = np.where(scan.mask, scan.susceptibility_ppm, -1)
    parts = (
        (magnitude[axial], 0, np.percentile(magnitude, 99.7)),
        (phase[axial], -np.pi, np.pi),
        (susceptibility[axial], -0.1, 0.15),
        (magnitude[:, coronal][::-1], 0, np.percentile(magnitude, 99.7)),
    )
    tiles = [_tile(_gray(*part), SIZE // 2) for part in parts]
    return np.vstack((np.hstack(tiles[:2]), np.hstack(tiles[2:])))


def _gray(image, low, high):
    return np.clip((image - low) / (high - low), 0, 1) * 255


def _tile(image, size):
    """The image resampled to fill a square, cut at its longer side."""
    edge = min(image.shape)
    rows, columns = ((n - edge) / 2 + (np.arange(size) + 0.5) * edge / size - 0.5 for n in image.shape)
    return _interpolated(_interpolated(image, rows, 0), columns, 1).round().astype(np.uint8)


def _interpolated(image, positions, axis):
    positions = np.clip(positions, 0, image.shape[axis] - 1)
    low = np.minimum(positions.astype(int), image.shape[axis] - 2)
    share = np.expand_dims(positions - low, 1 - axis)
    return np.take(image, low, axis) * (1 - share) + np.take(image, low + 1, axis) * share


def main(root):
    sys.path.insert(0, str(root))
    from QSMLogic.simulation.sample import simulated_scan

    image = sitk.GetImageFromArray(thumbnail(simulated_scan(lambda stage, fraction: None)))
    sitk.WriteImage(image, str(root / FILE), useCompression=True)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
