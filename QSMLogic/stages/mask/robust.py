"""A mask of the voxels with reliable phase."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from ...numerics.lazy import sitk
from ...registry.method import Citation, method, parameter
from ...shared.phase_quality import scan_quality


@dataclass(frozen=True)
class RobustParameters:
    closing_voxels: int = parameter(
        1,
        "Closing radius",
        unit="voxels",
        low=0,
        high=20,
        help="The mask is dilated by this radius, its holes are filled, and it is eroded by the same radius.",
    )
    fat: bool = parameter(
        False,
        "Fat in the mask",
        help="Check that the echo times are those at which fat is in phase with water, as they are not separated. The "
        "mask stays the same.",
    )


@method(
    "mask",
    title="Quality threshold",
    parameters=RobustParameters,
    citations=[
        Citation("Dymerska et al., Magn Reson Med 2021;85:2294-2308 (quality map)", "10.1002/mrm.28563"),
        Citation("Stewart et al., Magn Reson Med 2022;87:1289-1300 (masking)", "10.1002/mrm.29048"),
    ],
)
def robust(acquisition, parameters, progress):
    """Threshold the phase quality by Otsu's method, close it, fill holes and keep the largest connected part.

    acquisition: phase in radians. Returns bool (k, j, i). Raises QSMError if nothing stands out.
    """
    quality = scan_quality(acquisition)
    progress(0.4)
    mask = sitk.OtsuThreshold(sitk.GetImageFromArray(quality), 0, 1)
    radius = [parameters.closing_voxels] * 3
    margin = [parameters.closing_voxels + 1] * 3
    mask = sitk.BinaryDilate(sitk.ConstantPad(mask, margin, margin), radius, sitk.sitkBall)
    progress(0.6)
    mask = sitk.BinaryErode(sitk.BinaryFillhole(mask), radius, sitk.sitkBall, boundaryToForeground=False)
    progress(0.8)
    largest = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.Crop(mask, margin, margin))) == 1
    mask = sitk.GetArrayFromImage(largest).astype(bool)
    if not np.any(mask):
        raise QSMError("The phase is noise everywhere. Check the phase images, or provide a mask.")
    return mask
