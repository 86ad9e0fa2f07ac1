"""The spaces of a subject that lies exactly where the template lies."""

from QSMLogic.atlas.spaces import Spaces
from QSMLogic.numerics.lazy import sitk


def unmoved(subject, template):
    """The Spaces between two grids (Geometry) that share the scanner's coordinates."""
    field = sitk.Image(list(subject.size), sitk.sitkVectorFloat64, 3)
    field.SetOrigin(subject.origin)
    field.SetSpacing(subject.spacing)
    field.SetDirection(subject.direction)
    return Spaces(sitk.AffineTransform(3), sitk.DisplacementFieldTransform(field), subject, template)
