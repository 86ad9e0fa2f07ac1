"""A picture of bleed and calcification in the demo's head: python Testing/standin/swi_pictures.py demo-output

Writes into its folder pictures/swi.png: axial slices through a microbleed and through a calcification, both encircled;
from left to right the minimum intensity projection of the susceptibility-weighted image, that image, and the
susceptibility, which alone tells them apart.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import vtk

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from QSMLogic.files.scans import load_acquisition
from QSMLogic.model.acquisition import FieldMap
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import find
from QSMLogic.registry.stages import STAGES
from standin.bootstrap import bootstrap
from standin.demo_pictures import WINDOW_PPM, box_ras, masked, to_ras
from standin.layers import add_outlines, add_volume, show
from standin.slice_view import SliceView, add_legend, can_draw, save_picture, show_layers

LESIONS = {"Microbleed": (1.0, 0.35, 0.25), "Calcification": (0.3, 0.75, 1.0)}  # and the colors of their circles
SIDE, LEGEND, SURROUND_MM, CIRCLE_MM = 384, 116, 10, 4.0


def make_picture(folder, method=STAGES["swi"].method_for_maps):
    """Write the picture of a demo's folder with a method of the stage swi, and return its path."""
    files = ["susceptibility_ppm.nii.gz", "mask.nii.gz", "truth/labels.nii.gz"]
    susceptibility, mask, labels = (sitk.ReadImage(str(folder / name)) for name in files)
    inside = sitk.GetArrayFromImage(mask) > 0
    made = weighted_images(folder, method)
    columns = {
        "SWI, minimum intensity projection": (made["swi_projection"], _levels(made["swi_projection"], inside)),
        "SWI": (made["swi"], _levels(made["swi"], inside)),
        "QSM": (masked(susceptibility, mask, WINDOW_PPM[0]), WINDOW_PPM),
    }
    application, rows, box = bootstrap(), [], box_ras(mask)
    volumes = {title: add_volume(mask, title, array=array) for title, (array, _) in columns.items()}
    for title, volume in volumes.items():
        show(volume, columns[title][1])
    found = lesions(labels, json.loads((folder / "truth" / "labels.json").read_text(encoding="utf-8")), inside)
    view = SliceView(application, "Axial", (SIDE, SIDE), LEGEND)
    caption, heading = (_text(view, 12, y) for y in (12, SIDE - 32))
    for name, (at, circle) in found.items():
        outlines, pictures = add_outlines(application, circle, labels, LESIONS[name]), []
        look_at(view, box, to_ras(mask, at))
        for title, volume in volumes.items():
            heading.SetInput(title if not rows else "")
            caption.SetInput(name if not pictures else "")
            show_layers([view], volume)
            legend = add_legend(volume, [view], "QSM [ppm]") if title == "QSM" else None
            picture = view.picture()
            pictures.append(picture if legend else picture[:, :SIDE])
            if legend:
                legend.SetVisibility(False)
        outlines.SetVisibility(False)
        rows.append(np.hstack(pictures))
    path = folder / "pictures" / "swi.png"
    path.parent.mkdir(exist_ok=True)
    save_picture(path, np.vstack(rows))
    return path


def weighted_images(folder, method):
    """{name: map} of the stage swi for the scan of a demo's folder and its maps."""
    files = (sorted((folder / "sub-demo" / "anat").glob(f"*part-{part}*.nii.gz")) for part in ("mag", "phase"))
    scan = find("scaling", "automatic").run(load_acquisition(*([str(path) for path in paths] for paths in files))[0])
    names = ("mask", "reliable_mask", "local_field_ppm", "susceptibility_ppm")
    mask, reliable, field, susceptibility = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz"))) for name in names
    )
    local, entry = FieldMap(field, reliable > 0, scan.grid), find("swi", method)
    known = {"scan": scan, "mask": mask > 0, "local": local, "susceptibility_ppm": susceptibility}
    return entry.run(*(known[name] for name in entry.takes))


def lesions(labels, names, inside):
    """{name: (voxel (i, j, k) in the middle of the largest lesion, mask around it)} of the LESIONS."""
    numbers, found = {name: int(number) for number, name in names.items()}, {}
    array, spacing = sitk.GetArrayFromImage(labels), labels.GetSpacing()[::-1]
    for name in LESIONS:
        parts, _ = ndimage.label((array == numbers[name]) & inside)
        largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
        middle = np.argwhere(largest).mean(0).round().astype(int)
        away = ndimage.distance_transform_edt(~largest, sampling=spacing)
        found[name] = middle[::-1].tolist(), (away < CIRCLE_MM).astype(np.uint8)
    return found


def _levels(array, inside):
    return tuple(np.percentile(array[inside], (1, 99)))


def look_at(view, box, at):
    """Show the slice through `at` and all of the box."""
    low, high = box[0] - SURROUND_MM, box[1] + SURROUND_MM
    center = (low + high) / 2
    center[2] = at[2]
    view.look_at(center, *(high - low)[:2])


def _text(view, x, y):
    text = vtk.vtkTextActor()
    text.SetPosition(x, y)
    text.GetTextProperty().SetFontSize(20)
    view.renderer.AddViewProp(text)
    return text


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Susceptibility-weighted images beside the susceptibility.")
    parser.add_argument("folder", type=Path, help="where the demo wrote its files")
    parser.add_argument("--method", default=STAGES["swi"].method_for_maps, help="of the stage swi")
    options = parser.parse_args(arguments)
    if not can_draw():
        return "No picture: this machine cannot draw off the screen. './dev setup' tells what is missing."
    print(make_picture(options.folder, options.method))


if __name__ == "__main__":
    sys.exit(main())
