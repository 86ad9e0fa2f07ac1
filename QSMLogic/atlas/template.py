"""An atlas: a template image, its labels and their names."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..files.images import Geometry, read_image
from ..model.errors import QSMError
from ..regions.label_names import read_label_names

SIMULATED_SHAPE_MM = (156, 192, 168)
SMALLEST_MM, LARGEST_MM = 0.75, 6.0
KINDS = ("susceptibility", "magnitude")


@dataclass(frozen=True)
class Template:
    """An image and its labels on one grid, (k, j, i).

    Parameters
    ----------
    image : numpy.ndarray
        In any unit.
    labels : numpy.ndarray
        Integers, 0 outside.
    geometry : files.images.Geometry
        Grid of both.
    names : dict
        {label: name}; a label without one is called "Label 7", labels of one name, such as left and right, "Caudate 7".
    mask : numpy.ndarray, optional
        What the image shows of the subject's mask (the brain), bool. None: found from the image.
    anatomy : numpy.ndarray, optional
        A second image on the grid, magnitude or T1-weighted, in any unit.

    Raises
    ------
    QSMError
        If image and labels do not fit, or labels are missing.
    """

    image: np.ndarray
    labels: np.ndarray
    geometry: Geometry
    names: dict
    mask: np.ndarray | None = None
    anatomy: np.ndarray | None = None

    def __post_init__(self):
        for name, array in _parts(self):
            if array is not None and array.shape != self.geometry.shape:
                raise QSMError(
                    f"The template's {name} has shape {array.shape} instead of {self.geometry.shape}; all parts of a "
                    "template must share one grid. Resample labels and mask to its image (nearest neighbor)."
                )
        labels = _whole(self.labels)
        present = [int(label) for label in np.unique(labels) if label]
        if not present:
            raise QSMError("The labels of the template are all 0. Choose its label image.")
        names = {int(label): str(name) for label, name in self.names.items()}
        names = {label: names.get(label) or f"Label {label}" for label in present}
        counts = Counter(names.values())
        names = {label: name if counts[name] == 1 else f"{name} {label}" for label, name in names.items()}
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "names", names)


def load_template(image_path, labels_path, names_path=None, mask_path=None, anatomy_path=None):
    """The Template in files; names_path: as read_label_names takes it. Raises QSMError that names the file."""
    image, geometry = read_image(image_path)
    others = {}
    for what, path in (("labels", labels_path), ("mask", mask_path), ("anatomy", anatomy_path)):
        if not path:
            continue
        array, own = read_image(path)
        if image.ndim != 3 or array.ndim != 3:
            raise QSMError(f"{image_path} and {path} must each be a single 3D image.")
        if difference := geometry.difference(own):
            raise QSMError(f"{path} does not fit {image_path}: {difference}. Resample the {what} to the template.")
        others[what] = array > 0 if what == "mask" else array
    names = read_label_names(names_path)[0] if names_path else {}
    return Template(image, geometry=geometry, names=names, **others)


def simulated_template(kind="susceptibility", voxel_mm=1.5, seed=1000, deformation=1.0):
    """Simulate a template: a head whose shape differs from that of the simulated scan, with labels in the brain only.

    Parameters
    ----------
    kind : {"susceptibility", "magnitude"}
        Susceptibility in ppm, or magnitude of a gradient echo, T1-weighted as that of the scan.
    voxel_mm : float
        Edge length of the voxels.
    seed, deformation
        As in phantom.head.

    Returns
    -------
    Template

    Raises
    ------
    QSMError
        If there is no such kind, or the voxels are too small or too large.
    """
    from ..simulation.phantom import LABELS, head
    from ..simulation.scan import simulate_scan

    if kind not in KINDS:
        raise QSMError(f"There is no simulated template of {kind!r}. Choose from {', '.join(KINDS)}.")
    if not SMALLEST_MM <= voxel_mm <= LARGEST_MM:
        raise QSMError(f"Voxels of a template must be between {SMALLEST_MM:g} and {LARGEST_MM:g} mm, not {voxel_mm:g}.")
    shape = tuple(2 * round(length / voxel_mm) for length in SIMULATED_SHAPE_MM)
    scan = simulate_scan(head(shape, (voxel_mm / 2,) * 3, seed, deformation=deformation), snr=float("inf"))
    geometry = Geometry(tuple(reversed(scan.grid.shape)), tuple(reversed(scan.grid.spacing_mm)))
    image = scan.susceptibility_ppm if kind == "susceptibility" else scan.acquisition.weight
    labels = np.where(scan.mask & (scan.labels < LABELS["Bone"]), scan.labels, 0)
    return Template(np.where(scan.mask, image, 0), labels, geometry, scan.names, scan.mask)


def _parts(template):
    return ((name, getattr(template, name)) for name in ("image", "labels", "mask", "anatomy"))


def _whole(labels):
    """The labels as uint16; QSMError if they are no labels."""
    rounded = np.rint(labels)
    if not (np.isfinite(labels).all() and np.array_equal(rounded, labels) and labels.min() >= 0):
        raise QSMError("The labels of the template are not non-negative integers. Choose its label image.")
    if labels.max() > 65535:
        raise QSMError("Labels above 65535 are not supported. Renumber them.")
    return rounded.astype(np.uint16)
