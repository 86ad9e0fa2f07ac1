"""A picture of the maps besides the susceptibility: python Testing/standin/map_pictures.py run-folder

The folder is one of `python -m QSMLogic run --maps all`, of the demo's scan for the picture of the README. Writes
pictures/maps.png into it: the axial slice through the middle of the mask of R2*, of the paramagnetic and diamagnetic
parts and of the susceptibility.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from QSMLogic.model.catalogue import CATALOGUE
from standin.bootstrap import bootstrap
from standin.demo_pictures import box_ras, masked, to_ras
from standin.layers import add_volume, show
from standin.slice_view import SliceView, add_legend, can_draw, save_picture, show_layers
from standin.swi_pictures import LEGEND, SIDE, look_at

SHOWN = ("r2star_hz", "paramagnetic_ppm", "diamagnetic_ppm", "susceptibility_ppm")
GREY, INVERTED_GREY = "vtkMRMLColorTableNodeGrey", "vtkMRMLColorTableNodeInvertedGrey"


def make_picture(folder, height=0.5):
    """Write the picture of a run's folder and return its path. height: of the slice, as a fraction of the mask's."""
    mask = sitk.ReadImage(str(folder / CATALOGUE["mask"].file))
    application, box, pictures = bootstrap(), box_ras(mask), []
    planes = np.flatnonzero(sitk.GetArrayFromImage(mask).any(axis=(1, 2)))
    middle = (*(n // 2 for n in mask.GetSize()[:2]), int(planes[0] + height * (planes[-1] - planes[0])))
    view = SliceView(application, "Axial", (SIDE, SIDE), LEGEND)
    for name in SHOWN:
        entry = CATALOGUE[name]
        image = sitk.ReadImage(str(folder / entry.file))
        outside = entry.window[entry.inverted]
        volume = add_volume(mask, entry.title, array=masked(image, mask, outside))
        show(volume, entry.window, INVERTED_GREY if entry.inverted else GREY)
        look_at(view, box, to_ras(mask, middle))
        show_layers([view], volume)
        legend = add_legend(volume, [view], f"{entry.title} [{entry.unit}]", "%.0f" if name == SHOWN[0] else "%.2f")
        pictures.append(view.picture())
        legend.SetVisibility(False)
    path = folder / "pictures" / "maps.png"
    path.parent.mkdir(exist_ok=True)
    save_picture(path, np.vstack([np.hstack(pictures[:2]), np.hstack(pictures[2:])]))
    return path


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Maps besides the susceptibility.")
    parser.add_argument("folder", type=Path, help="of `python -m QSMLogic run --maps all`")
    options = parser.parse_args(arguments)
    if not can_draw():
        return "No picture: this machine cannot draw off the screen. './dev setup' tells what is missing."
    print(make_picture(options.folder))


if __name__ == "__main__":
    sys.exit(main())
