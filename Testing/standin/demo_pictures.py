"""Pictures of what the demo leaves: python Testing/standin/demo_pictures.py demo-output

Writes into its folder pictures/ three orthogonal views of the magnitude with the susceptibility over it and the deep
gray nuclei outlined, the same views of the susceptibility alone, and overview.png with all six.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from standin.bootstrap import bootstrap
from standin.layers import add_cold_hot, add_outlines, add_volume, show
from standin.slice_view import SliceView, add_legend, can_draw, save_picture, show_layers

MAGNITUDE = "sub-demo/anat/sub-demo_echo-1_part-mag_MEGRE.nii.gz"
WINDOW_PPM = (-0.1, 0.2)
DEEP_GRAY = {
    "Caudate",
    "Putamen",
    "Pallidum",
    "Thalamus",
    "Red nucleus",
    "Substantia nigra",
    "Dentate nucleus",
}
ACROSS_UP_THROUGH = {"Axial": (0, 1, 2), "Coronal": (0, 2, 1), "Sagittal": (1, 2, 0)}  # axes of RAS
ROWS, LEGEND, SURROUND_MM, OPACITY = 640, 140, 17, 0.75


def make_pictures(folder, voxel=None):
    """Write the pictures of a demo's folder and return their paths, the overview last.

    voxel: (i, j, k) that the slices go through, by default where they show most of the deep gray nuclei.
    """
    files = [MAGNITUDE, "susceptibility_ppm.nii.gz", "mask.nii.gz", "truth/mask.nii.gz", "truth/labels.nii.gz"]
    magnitude, susceptibility, mask, brain, labels = (sitk.ReadImage(str(folder / name)) for name in files)
    names = json.loads((folder / "truth" / "labels.json").read_text(encoding="utf-8"))
    nuclei = deep_gray(sitk.GetArrayFromImage(labels), names)
    voxel = voxel or fullest_voxel(nuclei)
    application = bootstrap()
    views = make_views(application, box_ras(brain), to_ras(brain, voxel))
    gray, overlay = add_volume(magnitude, "Magnitude"), add_volume(susceptibility, "Overlay")
    plain = add_volume(susceptibility, "Susceptibility", array=masked(susceptibility, mask, WINDOW_PPM[0]))
    show(gray, (0, 1.5 * np.nanpercentile(masked(magnitude, brain, np.nan), 98)))
    show(plain, WINDOW_PPM)
    show(overlay, WINDOW_PPM, add_cold_hot(WINDOW_PPM))
    outlines = add_outlines(application, nuclei, labels)
    target = folder / "pictures"
    target.mkdir(exist_ok=True)
    rows = {}
    for name, layers in {"overlay": (gray, overlay), "susceptibility": (plain, None)}.items():
        show_layers(views, *layers, OPACITY)
        outlines.SetVisibility(name == "overlay")
        legend = add_legend(layers[1] or layers[0], views, "QSM [ppm]")
        rows[name] = [view.picture() for view in views]
        legend.SetVisibility(False)
    return save_all(target, rows)


def deep_gray(labels, names):
    """The labels of the deep gray nuclei, other voxels 0; names: {label as text: name}."""
    return np.where(np.isin(labels, [int(n) for n, name in names.items() if name in DEEP_GRAY]), labels, 0)


def fullest_voxel(nuclei):
    """(i, j, k) of the slices that show most of the nuclei, each of them counted by the part of its largest area."""
    shown = [0, 0, 0]
    for label in np.unique(nuclei[nuclei > 0]):
        for n, axes in enumerate(((0, 1), (0, 2), (1, 2))):
            area = np.count_nonzero(nuclei == label, axis=axes)
            shown[n] = shown[n] + area / area.max()
    return [int(np.argmax(sums)) for sums in shown]


def masked(image, mask, outside):
    """The image's voxels with another value outside a mask."""
    return np.where(sitk.GetArrayFromImage(mask), sitk.GetArrayFromImage(image), np.float32(outside))


def to_ras(image, voxel):
    """Where a voxel (i, j, k) of an image lies in the patient."""
    return np.multiply(image.TransformContinuousIndexToPhysicalPoint([float(n) for n in voxel]), (-1, -1, 1))


def box_ras(mask):
    """The lowest and the highest corner of the box around a mask, in the patient's axes."""
    voxels = np.argwhere(sitk.GetArrayFromImage(mask))[:, ::-1]
    low, high = voxels.min(0), voxels.max(0)
    corners = [to_ras(mask, np.where(at, high, low)) for at in np.ndindex(2, 2, 2)]
    return np.min(corners, 0), np.max(corners, 0)


def make_views(application, box, through):
    """Three views on one scale, each just wide enough for the box."""
    low, high = box[0] - SURROUND_MM, box[1] + SURROUND_MM
    mm = max(high[up] - low[up] for _, up, _ in ACROSS_UP_THROUGH.values()) / ROWS
    views = []
    for orientation, (across, _, axis) in ACROSS_UP_THROUGH.items():
        width = high[across] - low[across]
        view = SliceView(application, orientation, (round(width / mm), ROWS), LEGEND)
        center = (low + high) / 2
        center[axis] = through[axis]
        view.look_at(center, width, mm * ROWS)
        view.mark_side()
        views.append(view)
    return views


def save_all(folder, rows):
    """Write each view and, in one picture, all of them with one legend a row."""
    paths = []
    for name, pictures in rows.items():
        for orientation, picture in zip(ACROSS_UP_THROUGH, pictures, strict=True):
            paths.append(folder / f"{name}_{orientation.lower()}.png")
            save_picture(paths[-1], picture)
    lines = [np.hstack([*(picture[:, :-LEGEND] for picture in row[:-1]), row[-1]]) for row in rows.values()]
    paths.append(folder / "overview.png")
    save_picture(paths[-1], np.vstack(lines))
    return paths


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Slice views of the files that the demo leaves.")
    parser.add_argument("folder", type=Path, help="where the demo wrote its files")
    parser.add_argument("--at", type=int, nargs=3, metavar=("I", "J", "K"), help="voxel to show (deep gray nuclei)")
    options = parser.parse_args(arguments)
    if not can_draw():
        return "No pictures: this machine cannot draw off the screen. './dev setup' tells what is missing."
    try:
        paths = make_pictures(options.folder, options.at)
    except (RuntimeError, OSError) as error:
        return f"No pictures of {options.folder}: {error}"
    print("\n".join(map(str, paths)))


if __name__ == "__main__":
    sys.exit(main())
