"""Registration of a template to a subject, with the transfer of its labels."""

import time
from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import sitk
from ..version import __version__
from .affine import aligned, matched_moments
from .confidence import confidence
from .itk import content, image_of
from .quality import MIN_OVERLAP, changes, overlap, similarity
from .spaces import Spaces
from .unfold import unfolded
from .warp import QUICK, demons
from .working import anatomy, array_of, growth, moved, working

LEAST = 0.9  # similarity that must be kept; images that lay on each other exactly lose some by being resampled


@dataclass(frozen=True)
class Registration:
    """Labels on the subject's grid, and the quality of the registration.

    Attributes
    ----------
    labels : numpy.ndarray
        uint16 (k, j, i), 0 outside.
    names : dict
        {label: name} of the template.
    quality : dict
        Plain values: version; seconds that it took; images: how many of the subject were compared; similarity: mutual
        information (bits) of the images in the subject's mask before, aligned and warped; overlap: Dice coefficient of
        the two masks; jacobian: smallest and largest local change of volume in the mask, and the fraction that folds;
        labels: for each name, see confidence.
    spaces : Spaces or None
        What brings maps of the subject into the space of the template; None of one that was read from files.
    """

    labels: np.ndarray
    names: dict
    quality: dict
    spaces: Spaces | None = None


def register(image, geometry, template, mask=None, progress=None, magnitude=None):
    """Transfer the labels of a Template to a subject by registration.

    An affine transform that maximizes mutual information (Mattes 2003, doi:10.1109/TMI.2003.809072), then symmetric
    demons (Thirion 1998, doi:10.1016/S1361-8415(98)80022-4; Vercauteren 2009, doi:10.1016/j.neuroimage.2008.10.040),
    whose displacements are smoothed where they fold. With a magnitude of the subject and an anatomical image in the
    template, the two pairs of images pull in turns. The subject is registered to the template, too: how well labels
    come back after a warp forth and back is their agreement.

    The same images give the same labels, on any number of cores.

    Parameters
    ----------
    image : numpy.ndarray
        The subject (k, j, i), of the template's kind: both susceptibility maps, or both magnitudes or T1-weighted.
    geometry : files.images.Geometry
        Grid of the image.
    template : Template
    mask : numpy.ndarray, optional
        What the template shows (the brain). None: found from the image.
    progress : callable, optional
        Called as progress(stage, fraction); it may raise Cancelled.
    magnitude : numpy.ndarray, optional
        Another image of the subject on the same grid, usually the magnitude; used if the template has an anatomical
        image, whose contrast may differ.

    Returns
    -------
    Registration

    Raises
    ------
    QSMError
        If an image is empty or the registration fails: the masks hardly overlap, or the similarity is lower than
        before.
    """
    begin, progress = time.perf_counter(), progress or (lambda stage, fraction: None)
    progress("align", 0.0)
    image = np.asarray(image, np.float32)
    for name, array in (("image", image), ("mask", mask), ("magnitude", magnitude)):
        if array is not None and np.shape(array) != geometry.shape:
            raise QSMError(
                f"The subject's {name} has shape {np.shape(array)}, its grid {geometry.shape}; they must match. "
                "Choose images of one scan."
            )
    inside = content(image, mask, "subject's image")
    known = content(template.image, template.mask, "template")
    fixed, fixed_mask = working(image, inside, geometry)
    moving, moving_mask = working(template.image, known, template.geometry)
    starts = [sitk.AffineTransform(3), matched_moments(fixed_mask, moving_mask)]
    before, after_moments = (similarity(fixed, moving, fixed_mask, start) for start in starts)
    start = starts[after_moments > before]
    affine = aligned(fixed, moving, fixed_mask, start, lambda done: progress("align", 0.15 * done))
    alike = similarity(fixed, moving, fixed_mask, affine)
    second = None
    if magnitude is not None and template.anatomy is not None:
        theirs = anatomy(template.anatomy, known, template.geometry)
        second = anatomy(magnitude, inside, geometry, fixed), moved(theirs, fixed, affine)
    both = fixed_mask & moved(moving_mask, fixed, affine, sitk.sitkNearestNeighbor)
    pair = fixed, moved(moving, fixed, affine)
    forth, back, jacobian = _warps(pair, second, both, fixed_mask, lambda f: progress("warp", 0.15 + 0.75 * f))
    transform = sitk.CompositeTransform([affine, forth])
    quality = {
        "version": __version__,
        "images": 2 if second else 1,
        "similarity": {
            "before": before,
            "aligned": alike,
            "warped": similarity(fixed, moving, fixed_mask, transform),
        },
        "overlap": overlap(fixed_mask, moving_mask, transform),
        "jacobian": changes(jacobian),
    }
    _require_success(quality)
    progress("label", 0.9)
    found = _labels_on(template, image_of(inside, geometry), transform)
    aligned_only = _labels_on(template, fixed, affine)
    returned = _labels_on(template, fixed, sitk.CompositeTransform([affine, forth, back]))
    quality["labels"] = confidence(found, template, inside, geometry, aligned_only, returned, growth(affine))
    quality["seconds"] = round(time.perf_counter() - begin, 1)
    progress("label", 1.0)
    return Registration(found, template.names, quality, Spaces(affine, forth, geometry, template.geometry))


def _warps(pair, second, both, mask, report):
    """The transforms that bring the template onto the subject and back, and the Jacobian of the former in the mask."""
    field = demons(*pair, both, lambda done: report(0.65 * done), second)
    field, jacobian = unfolded(field, mask)
    back = demons(*pair[::-1], both, lambda done: report(0.65 + 0.35 * done), pyramid=QUICK)
    return *(sitk.DisplacementFieldTransform(sitk.Image(x)) for x in (field, back)), jacobian


def _require_success(quality):
    alike = quality["similarity"]
    if quality["overlap"] < MIN_OVERLAP:
        raise QSMError(
            f"Template and subject overlap by only {100 * quality['overlap']:.0f} % after registration. Check that "
            "they show the same part of the body with correct orientation, and provide a brain mask."
        )
    if alike["warped"] < LEAST * max(alike["before"], alike["aligned"]):
        raise QSMError(
            "The registration failed: the images are less alike than before. Choose a template of the same contrast "
            "(such as two susceptibility maps), and provide a brain mask."
        )


def _labels_on(template, grid, transform):
    """The template's labels (k, j, i) on the grid of an ITK image: each voxel gets the label with the largest share."""
    labels = sitk.GetImageFromArray(template.labels)
    labels.CopyInformation(image_of(template.labels, template.geometry))
    return array_of(sitk.Resample(labels, grid, transform, sitk.sitkLabelLinear, 0))
