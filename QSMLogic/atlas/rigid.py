"""Rigid registration of two scans of one person by their magnitude."""

from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import sitk
from .itk import content, execute, image_of, normalized, points_mm

LEVELS_MM = (8.0, 4.0, 2.0)  # voxels of the pyramid for an adult's brain; finer scans are shrunk to the last
ADULT_MM = 110.0  # cube root of the volume of an adult's brain; lengths are those of the mask relative to it
LONGEST_STEP_MM, SHORTEST_STEP_MM = 1.0, 1e-3
ITERATIONS = 100  # per level
LEAST_VOXELS = 8  # of a coarse level along an axis; thinner slabs skip it
LEAST_SLICES = 4  # of which a gradient can be taken
MOST_POINTS = 4000  # of a mask, whose places are compared
LEAST_CORRELATION = 0.5  # of the magnitude in the mask


@dataclass(frozen=True)
class RigidRegistration:
    """Where the points of a fixed image lie in a moving one.

    Attributes
    ----------
    transform : SimpleITK.Euler3DTransform
        From the fixed image to the moving one, in the scanner's coordinates.
    rotation_deg, translation_mm : float
        Angle, and how far the middle of the mask has moved.
    error_mm : float
        Root mean square distance in the mask by which the registrations of the one to the other and back disagree.
    correlation : float
        Of the registered magnitude in the mask.
    """

    transform: object
    rotation_deg: float
    translation_mm: float
    error_mm: float
    correlation: float

    def resampled(self, array, source, target, kind="linear"):
        """An array (k, j, i) of the moving image on the grid of the fixed one, float32.

        Parameters
        ----------
        array : numpy.ndarray
        source, target : Geometry
            Grids of the array and of the result.
        kind : {"linear", "cubic"}
            Interpolation; cubic B-splines keep fine structures.
        """
        interpolator = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}[kind]
        image = image_of(np.asarray(array, np.float32), source)
        grid = image_of(np.empty(target.shape, np.float32), target)
        return sitk.GetArrayFromImage(sitk.Resample(image, grid, self.transform, interpolator, 0.0))


def register_rigidly(fixed, moving, report=lambda done: None):
    """Register two magnitudes of one person.

    The correlation of the magnitudes in the mask of the first is maximized over six parameters, from coarse to fine;
    every voxel counts, so that nothing is left to chance.

    Parameters
    ----------
    fixed, moving : tuple
        (magnitude, Geometry, mask or None) of each scan: real numbers (k, j, i).
    report : callable
        Called with the fraction done; it may raise Cancelled.

    Returns
    -------
    RigidRegistration

    Raises
    ------
    QSMError
        If an image is empty, or the registered images do not resemble each other.
    """
    images = [_prepared(*scan, f"{name} magnitude") for scan, name in ((fixed, "first"), (moving, "second"))]
    there = _aligned(*images, lambda done: report(0.5 * done))
    back = _aligned(*reversed(images), lambda done: report(0.5 + 0.5 * done))
    (image, mask), (other, _) = images
    points = points_mm(mask, most=MOST_POINTS)
    moved = _moved(there, points)
    error = np.sqrt(np.mean(np.sum((_moved(back, moved) - points) ** 2, axis=1)))
    correlation = _correlation(image, other, mask, there)
    if not correlation > LEAST_CORRELATION:
        raise QSMError(
            f"The scans could not be registered: their magnitudes correlate by {correlation:.2f} only. Check that both "
            "are of one person and of the same contrast, and that masks and orientation are correct."
        )
    cosine = (np.trace(np.reshape(there.GetMatrix(), (3, 3))) - 1) / 2
    shift = np.linalg.norm(moved.mean(axis=0) - points.mean(axis=0))
    degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return RigidRegistration(there, float(degrees), float(shift), float(error), float(correlation))


def _prepared(magnitude, geometry, mask, what):
    """(image with values 0 to 1, mask) on voxels of at least the finest level, as ITK images."""
    magnitude = np.asarray(magnitude, np.float32)
    for name, array in ((what, magnitude), ("mask of the " + what, mask)):
        if array is not None and np.shape(array) != geometry.shape:
            raise QSMError(f"The {name} has shape {np.shape(array)}, its grid {geometry.shape}; they must match.")
    if min(geometry.shape) < LEAST_SLICES:
        raise QSMError(f"The {what} has fewer than {LEAST_SLICES} slices, too few to register. Choose a whole scan.")
    inside = content(magnitude, mask, what)
    return image_of(normalized(magnitude, np.isfinite(magnitude)), geometry), image_of(inside, geometry)


def _aligned(fixed, moving, report):
    """The transform from the fixed to the moving one of two (image, mask)."""
    transform, size = _start(fixed[1], moving[1]), _relative_size(fixed[1])
    for level, voxel_mm in enumerate(size * mm for mm in LEVELS_MM):
        images = [_shrunk(image, voxel_mm) for image, _ in (fixed, moving)]
        if level < len(LEVELS_MM) - 1 and min(min(image.GetSize()) for image in images) < LEAST_VOXELS:
            continue
        inside = sitk.Resample(fixed[1], images[0], sitk.Transform(), sitk.sitkNearestNeighbor)
        method, done = _method(inside, size), [0]
        method.SetInitialTransform(transform, True)

        def report_iteration(level=level, done=done):
            done[0] += 1
            report(min((level + done[0] / ITERATIONS) / len(LEVELS_MM), 1.0))

        execute(method, *images, report=report_iteration)
    return transform


def _method(mask, size):
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetMetricFixedMask(mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        size * LONGEST_STEP_MM,
        size * SHORTEST_STEP_MM,
        ITERATIONS,
        0.6,
        1e-9,
        estimateLearningRate=method.Once,
        maximumStepSizeInPhysicalUnits=size * LONGEST_STEP_MM,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    return method


def _relative_size(mask):
    volume_mm3 = np.count_nonzero(sitk.GetArrayViewFromImage(mask)) * np.prod(mask.GetSpacing())
    return float(np.cbrt(volume_mm3)) / ADULT_MM


def _start(fixed_mask, moving_mask):
    """The shift that brings the middle of one mask to that of the other."""
    middles = [points_mm(mask, most=MOST_POINTS).mean(axis=0) for mask in (fixed_mask, moving_mask)]
    transform = sitk.Euler3DTransform()
    transform.SetCenter(middles[0].tolist())
    transform.SetTranslation((middles[1] - middles[0]).tolist())
    return transform


def _shrunk(image, voxel_mm):
    """The image, blurred and resampled to voxels of at least `voxel_mm`."""
    spacing = [max(voxel_mm, mm) for mm in image.GetSpacing()]
    blur = [max(wanted**2 - mm**2, 0) / 2.355**2 for wanted, mm in zip(spacing, image.GetSpacing(), strict=True)]
    size = [
        max(1, int(np.ceil(n * mm / wanted)))
        for n, mm, wanted in zip(image.GetSize(), image.GetSpacing(), spacing, strict=True)
    ]
    smooth = sitk.DiscreteGaussian(image, blur, 32, 0.01, True) if max(blur) > 0 else image
    grid = (size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), spacing, image.GetDirection(), 0.0)
    return sitk.Resample(smooth, *grid)


def _moved(transform, points):
    return np.array([transform.TransformPoint(point) for point in points.tolist()])


def _correlation(fixed, moving, mask, transform):
    inside = sitk.GetArrayViewFromImage(mask) > 0
    moved = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0))
    return float(np.corrcoef(sitk.GetArrayViewFromImage(fixed)[inside], moved[inside])[0, 1])
