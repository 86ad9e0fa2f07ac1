"""The voxel grid of a volume node, and the direction of B0 in it."""

import itertools

import numpy as np
import slicer
import vtk

from QSMLogic import Grid, QSMError


def grid_of(volume, holder, b0_direction_ijk=None):
    """The Grid of a volume node; B0 is the z axis of the scanner (RAS) seen from the voxel axes, unless given.

    holder: the node whose parent transforms apply, the volume itself in most cases. Of a linear transform only the
    rotation counts. Raises QSMError for a non-linear transform and for axes that are not perpendicular.
    """
    axes = ijk_to_ras(volume)[:3, :3] / volume.GetSpacing()
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3):
        raise QSMError(
            f"The axes of {volume.GetName()} are not perpendicular (gantry tilt or shear). "
            "Resample it to a regular grid, for example with the module Resample Scalar/Vector/DWI Volume."
        )
    if b0_direction_ijk is None:
        b0_direction_ijk = (_rotation(parent_matrix(holder)) @ axes)[2]
    return Grid(shape_of(volume), tuple(reversed(volume.GetSpacing())), tuple(reversed(b0_direction_ijk)))


def geometry_of(volume, in_world=True):
    """The files.images.Geometry of a volume node in LPS: in the world, or without its parent transforms.

    Raises QSMError for a non-linear transform, and if the voxel axes are not perpendicular.
    """
    from QSMLogic.files.images import Geometry

    parents = parent_matrix(volume) if in_world else np.eye(4)
    matrix = np.diag((-1.0, -1.0, 1.0, 1.0)) @ parents @ ijk_to_ras(volume)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    axes = matrix[:3, :3] / spacing
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3):
        raise QSMError(f"The axes of {volume.GetName()} are not perpendicular. Resample it to a regular grid.")
    size = volume.GetImageData().GetDimensions()
    return Geometry(size, *(tuple(float(x) for x in values) for values in (spacing, matrix[:3, 3], axes.ravel())))


def to_lps(geometry):
    """The matrix (4 x 4) from the voxels of a Geometry to LPS."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    matrix[:3, 3] = geometry.origin
    return matrix


def to_ras(geometry):
    """The IJKToRAS matrix (4 x 4) of a Geometry."""
    return np.diag((-1.0, -1.0, 1.0, 1.0)) @ to_lps(geometry)


def shape_of(volume):
    """The shape (k, j, i) of a volume node."""
    return tuple(reversed(volume.GetImageData().GetDimensions()))


def require_same_geometry(volume, holder, other, other_holder):
    """Raise QSMError unless both volumes have the same voxels in the world, to a hundredth of a voxel."""
    names = f"{volume.GetName()} and {other.GetName()}"
    remedy = "Choose images of the same scan, or resample one to the other with Resample Scalar/Vector/DWI Volume."
    if shape_of(volume) != shape_of(other):
        raise QSMError(f"{names} have {_by(shape_of(volume))} and {_by(shape_of(other))} voxels. {remedy}")
    spacing, other_spacing = volume.GetSpacing(), other.GetSpacing()
    if not np.allclose(spacing, other_spacing, rtol=1e-3):
        raise QSMError(f"{names} have voxels of {_by(spacing[::-1])} mm and {_by(other_spacing[::-1])} mm. {remedy}")
    shift = _corners(volume, holder) - _corners(other, other_holder)
    distance = np.linalg.norm(shift, axis=1).max()
    if distance > 0.01 * min(spacing):
        raise QSMError(
            f"{names} lie up to {distance:.3g} mm apart in the scene. Put both under the same transform. {remedy}"
        )


def _corners(volume, holder):
    """World positions of the eight corner voxels, (8, 3) in mm."""
    last = np.array(volume.GetImageData().GetDimensions()) - 1
    ijk = [(*(last * corner), 1) for corner in itertools.product((0, 1), repeat=3)]
    return (np.array(ijk) @ (parent_matrix(holder) @ ijk_to_ras(volume)).T)[:, :3]


def ijk_to_ras(volume):
    """The IJKToRAS matrix (4 x 4) of a volume node, without its parent transforms."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def parent_matrix(holder):
    """The 4x4 matrix of the node's parent transforms; QSMError if they are not linear."""
    transform = holder.GetParentTransformNode() if holder.IsA("vtkMRMLTransformableNode") else None
    if not transform:
        return np.eye(4)
    matrix = matrix_between(transform, None)
    if matrix is None:
        raise QSMError(
            f"{holder.GetName()} is under a non-linear transform, {transform.GetName()}, in which B0 has no single "
            "direction. Remove the scan from the transform, and put the susceptibility map under it afterwards."
        )
    return matrix


def matrix_between(transform, other):
    """The 4x4 matrix from the space of a transform node to that of another; None if a transform is non-linear.

    A node that is None stands for the world.
    """
    if transform is not other:
        one, end = (transform, other) if transform else (other, transform)
        if not (one.IsTransformToNodeLinear(end) if end else one.IsTransformToWorldLinear()):
            return None
    matrix = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(transform, other, matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def _rotation(matrix):
    """The rotation in a linear transform (the orthogonal factor of its polar decomposition)."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return left @ right


def _by(numbers):
    return " x ".join(f"{n:g}" for n in numbers)
