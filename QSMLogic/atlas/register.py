"""Registration of a template to a subject, with the transfer of its labels."""

from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import sitk
from ..version import __version__
from .affine import aligned, matched_moments
from .itk import content, image_of, normalized
from .quality import MIN_OVERLAP, describe, label_shares, overlap, similarity
from .warp import demons

WORK_MM, MARGIN_MM = 1.5, 6.0  # voxels that images are registered on; what is kept around the mask
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
        Plain values: version; similarity: mutual information (bits) of the images in the subject's mask before,
        aligned and warped; overlap: Dice coefficient of the two masks; jacobian: smallest and largest local change of
        volume in the mask, and the fraction of it that is folded; labels: for each name, its volume (mm3) and the
        fraction of it inside the mask.
    """

    labels: np.ndarray
    names: dict
    quality: dict


def register(image, geometry, template, mask=None, progress=None):
    """Transfer the labels of a Template to a subject by registration.

    An affine transform that maximizes mutual information (Mattes 2003, doi:10.1109/TMI.2003.809072), then symmetric
    demons (Thirion 1998, doi:10.1016/S1361-8415(98)80022-4; Vercauteren 2009, doi:10.1016/j.neuroimage.2008.10.040).

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

    Returns
    -------
    Registration

    Raises
    ------
    QSMError
        If an image is empty or the registration fails: the masks hardly overlap, or the similarity is lower than
        before.
    """
    progress = progress or (lambda stage, fraction: None)
    progress("align", 0.0)
    image = np.asarray(image, np.float32)
    for name, array in (("image", image), ("mask", mask)):
        if array is not None and np.shape(array) != geometry.shape:
            raise QSMError(
                f"The subject's {name} has shape {np.shape(array)}, its grid {geometry.shape}; they must match. "
                "Choose images of one scan."
            )
    inside = content(image, mask, "subject's image")
    known = content(template.image, template.mask, "template")
    fixed, fixed_mask = _working(image, inside, geometry)
    moving, moving_mask = _working(template.image, known, template.geometry)
    starts = [sitk.AffineTransform(3), matched_moments(fixed_mask, moving_mask)]
    before, after_moments = (similarity(fixed, moving, fixed_mask, start) for start in starts)
    start = starts[after_moments > before]
    affine = aligned(fixed, moving, fixed_mask, start, lambda done: progress("align", 0.15 * done))
    alike = similarity(fixed, moving, fixed_mask, affine)
    images = fixed, moving, fixed_mask, moving_mask
    field = demons(*images, affine, lambda done: progress("warp", 0.15 + 0.75 * done))
    transform = sitk.CompositeTransform([affine, sitk.DisplacementFieldTransform(sitk.Image(field))])
    quality = {
        "version": __version__,
        "similarity": {
            "before": before,
            "aligned": alike,
            "warped": similarity(fixed, moving, fixed_mask, transform),
        },
        "overlap": overlap(fixed_mask, moving_mask, transform),
        "jacobian": describe(field, fixed_mask),
    }
    _require_success(quality)
    progress("label", 0.9)
    labels = _warped_labels(template, image_of(inside, geometry), transform)
    quality["labels"] = label_shares(labels, template.names, inside, float(np.prod(geometry.spacing)))
    progress("label", 1.0)
    return Registration(labels, template.names, quality)


def _working(array, inside, geometry):
    """The normalized image, cut to its content and a margin on cubic voxels, and its mask, as ITK images."""
    image, mask = image_of(normalized(array, inside), geometry), image_of(inside, geometry)
    box = [(np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]]) for axis in (2, 1, 0)]
    first = [float(low - MARGIN_MM / mm) for (low, _), mm in zip(box, geometry.spacing, strict=True)]
    size = [
        int(np.ceil(((high - low) * mm + 2 * MARGIN_MM) / WORK_MM)) + 1
        for (low, high), mm in zip(box, geometry.spacing, strict=True)
    ]
    blur_mm = [float(np.sqrt(max(WORK_MM**2 - mm**2, 0)) / 2.355) for mm in geometry.spacing]
    if max(blur_mm) > 0:
        image = sitk.DiscreteGaussian(image, [b * b for b in blur_mm], 32, 0.01, True)
    origin = image.TransformContinuousIndexToPhysicalPoint(first)
    grid = (size, sitk.Transform(), sitk.sitkLinear, origin, (WORK_MM,) * 3, geometry.direction, 0.0)
    mask = sitk.Resample(sitk.Cast(mask, sitk.sitkFloat32), *grid) > 0.5
    return sitk.Resample(image, *grid) * sitk.Cast(mask, sitk.sitkFloat32), mask


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


def _warped_labels(template, subject, transform):
    """The labels on the subject's grid, uint16 (k, j, i): each voxel gets the label with the largest share."""
    labels = sitk.GetImageFromArray(template.labels)
    labels.CopyInformation(image_of(template.labels, template.geometry))
    return sitk.GetArrayFromImage(sitk.Resample(labels, subject, transform, sitk.sitkLabelLinear, 0))
