"""Between arrays and ITK: images, masks that say where an image has content, and methods that can be stopped."""

import numpy as np

from ..files.images import as_image
from ..model.errors import QSMError
from ..numerics.lazy import sitk

WORK_UNITS = 8  # a fixed number, so that sums are split alike, and results equal, on any number of cores


def image_of(array, geometry):
    """The float32 image of an array (k, j, i), or the uint8 image of a boolean one."""
    array = np.asarray(array)
    return as_image(array.astype(np.uint8 if array.dtype == bool else np.float32), geometry)


def content(array, mask, what):
    """Where the image `what` shows the subject, bool (k, j, i).

    The mask if one is given; else where the image is not exactly 0 if that leaves out a tenth or more, else what
    is brighter than Otsu's threshold. Raises QSMError if the image is empty or does not vary there.
    """
    finite = np.isfinite(array)
    inside = finite & (array != 0)
    if mask is not None:
        inside = finite & (np.asarray(mask) > 0)
    elif inside.mean() > 0.9:
        image = sitk.GetImageFromArray(np.where(finite, array, 0).astype(np.float32))
        inside = sitk.GetArrayFromImage(sitk.OtsuThreshold(image, 0, 1)) > 0
    if not inside.any() or np.ptp(array[inside]) == 0:
        raise QSMError(f"The {what} is empty: it has a single value inside the mask. Choose another image.")
    return inside


def normalized(array, inside, low=3, high=99.5):
    """The image between its percentiles inside as 0 to 1, and 0 outside; float32."""
    bottom, top = np.percentile(array[inside], (low, high))
    scaled = (np.where(inside, array, bottom) - bottom) / max(top - bottom, np.finfo(np.float32).tiny)
    return np.where(inside, np.clip(scaled, 0, 1), 0).astype(np.float32)


def execute(method, *images, report):
    """The result of an ITK method on the images. report() is called at every iteration; what it raises stops it."""
    raised = []

    def listen():
        try:
            raised or report()
        except BaseException as error:  # also KeyboardInterrupt, which ITK would swallow
            raised.append(error)
        if raised:  # again at every level, as each begins anew
            getattr(method, "StopRegistration", method.Abort)()

    method.SetNumberOfWorkUnits(WORK_UNITS)
    method.AddCommand(sitk.sitkIterationEvent, listen)
    try:
        result = method.Execute(*images)
    except RuntimeError as error:
        if not raised:
            reason = str(error).strip().splitlines()[-1]
            raise QSMError(
                f"The template could not be registered ({reason}). Check that both images show the same part of the "
                "body, have the same contrast, and are oriented correctly."
            ) from None
    finally:
        method.RemoveAllCommands()
    if raised:
        raise raised[0]
    return result


def points_mm(mask, most=None):
    """The centers (x, y, z) of the voxels of a mask (ITK image) in the scanner, (points, 3); about `most` of them."""
    kji = np.argwhere(sitk.GetArrayViewFromImage(mask))
    kji = kji[:: max(1, len(kji) // most)] if most else kji
    axes = np.reshape(mask.GetDirection(), (3, 3)) * mask.GetSpacing()
    return kji[:, ::-1] @ axes.T + mask.GetOrigin()
