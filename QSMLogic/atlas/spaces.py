"""Between the spaces of a subject and a template: maps of the one on the grid of the other."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..files.geometry import Geometry
from ..numerics.lazy import sitk
from .itk import image_of

ITERATIONS = (
    25  # of the inversion, to 0.1 mm and better; a fixed number, so that results are equal on any number of cores
)
LEAST_SHARE = 0.5  # of a voxel that must lie in the mask


@dataclass(frozen=True, eq=False)
class Spaces:
    """Where the points of a subject lie in a template, and the reverse.

    Parameters
    ----------
    affine : SimpleITK.Transform
        From the aligned subject to the template.
    warp : SimpleITK.DisplacementFieldTransform
        Moves the points of the subject, before the affine transform.
    subject, template : Geometry
    """

    affine: object
    warp: object
    subject: Geometry
    template: Geometry

    @cached_property
    def to_subject(self):
        """The transform from points of the template to those of the subject, which undoes the other one."""
        field = sitk.InvertDisplacementField(
            sitk.Image(self.warp.GetDisplacementField()),
            maximumNumberOfIterations=ITERATIONS,
            maxErrorToleranceThreshold=0.0,
            meanErrorToleranceThreshold=0.0,
            enforceBoundaryCondition=False,
        )
        return sitk.CompositeTransform([sitk.DisplacementFieldTransform(field), self.affine.GetInverse()])

    def in_template(self, array, mask):
        """A map of the subject on the grid of the template.

        Voxels outside the mask do not count: not even at its rim, where the others are weighted accordingly.

        Parameters
        ----------
        array : numpy.ndarray
            (k, j, i) of the subject.
        mask : numpy.ndarray
            Where it is valid, bool.

        Returns
        -------
        array : numpy.ndarray
            float32 (k, j, i) of the template, 0 outside the mask.
        mask : numpy.ndarray
            Where half of a voxel or more lies in the mask, bool.
        """
        share = self._resampled(mask.astype(np.float32))
        values = self._resampled(np.where(mask, array, 0))
        inside = share >= LEAST_SHARE
        return np.where(inside, values / np.where(inside, share, 1), 0).astype(np.float32), inside

    def _resampled(self, array):
        """An array on the grid of the template, as smooth as that needs it."""
        image = image_of(array, self.subject)
        pairs = zip(self.subject.spacing, [max(self.template.spacing)] * 3, strict=True)
        variance = [max(wanted**2 - mm**2, 0) / 2.355**2 for mm, wanted in pairs]
        image = sitk.DiscreteGaussian(image, variance, 32, 0.01, True) if max(variance) > 0 else image
        size, grid = self.template.size, (self.template.origin, self.template.spacing, self.template.direction)
        moved = sitk.Resample(image, size, self.to_subject, sitk.sitkLinear, *grid, 0.0)
        return sitk.GetArrayFromImage(moved)
