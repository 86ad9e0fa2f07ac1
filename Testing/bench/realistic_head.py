"""The realistic head in the folder that QSM_TEST_DATA names."""

import os
from pathlib import Path

from QSMLogic.files.bids import find_runs
from QSMLogic.files.images import load_on_grid, read_image

TISSUES = range(1, 10)


def is_there():
    return bool(os.environ.get("QSM_TEST_DATA"))


def scan():
    """Its Acquisition."""
    return find_runs(_folder())[0].load()[0]


def truth(*names):
    """The true images of these names, the mask as such, and the Grid."""
    path = {name: str(_folder() / "truth" / f"{name}.nii.gz") for name in ("mask", *names)}
    mask, geometry = read_image(path["mask"])
    images = {name: load_on_grid(path[name], geometry) for name in names}
    return images | {"mask": mask > 0}, geometry.grid(None)


def _folder():
    return Path(os.environ["QSM_TEST_DATA"]) / "head-a"
