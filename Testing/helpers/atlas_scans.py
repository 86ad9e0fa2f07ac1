"""Scans of simple bodies and their maps, for what an atlas makes of them."""

import numpy as np

from QSMLogic import Acquisition
from QSMLogic.atlas.spaces import Spaces
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.maps import Maps
from QSMLogic.numerics.lazy import sitk


def maps_of(image, grid, **others):
    """The Maps of a run whose susceptibility is an image, valid where that is above zero."""
    mask = image > 0
    arrays = {name: np.zeros(grid.shape, np.float32) for name, entry in CATALOGUE.items() if not entry.optional}
    arrays |= {"mask": mask, "reliable_mask": mask, "susceptibility_ppm": image} | others
    return Maps(grid=grid, provenance={}, **arrays)


def acquisition_of(image, grid):
    """A scan of one echo with an image as its magnitude."""
    return Acquisition(image[None], np.zeros((1, *grid.shape)), (0.01,), 3.0, grid)


def unmoved(subject, template):
    """The Spaces of a subject that lies exactly where the template lies. subject, template: Geometry."""
    field = sitk.Image(list(subject.size), sitk.sitkVectorFloat64, 3)
    field.SetOrigin(subject.origin)
    field.SetSpacing(subject.spacing)
    field.SetDirection(subject.direction)
    return Spaces(sitk.AffineTransform(3), sitk.DisplacementFieldTransform(field), subject, template)
