"""QSMART: two-stage inversion, whole first, then the tissue without its vessels (Yaghmaie et al. 2021)."""

from dataclasses import dataclass, replace

import numpy as np

from ..lazy import ndimage
from ..method import Citation, find, method, parameter
from ..acquisition import bounding_box


@dataclass(frozen=True)
class QsmartParameters:
    vessel_mm: float = parameter(
        3.0, "Widest vessel", unit="mm", low=0.1, high=50, help="Dark parts of the magnitude narrower than this."
    )
    darkness: float = parameter(
        0.25, "Darkness", low=0.01, high=1, help="By which share of the magnitude around them vessels are darker."
    )
    share: float = parameter(
        0.3,
        "Width by depth",
        low=0.05,
        high=2,
        help="Of the filter (SDF) that takes the vessels' field from the tissue's: its sigma as a share of the depth.",
    )
    level: float = parameter(1., 'l', help='')


@method(
    "invert",
    title="QSMART",
    parameters=QsmartParameters,
    citations=[Citation("Yaghmaie et al., NeuroImage 2021;231:117701", "10.1016/j.neuroimage.2020.117701")],
)
def qsmart(local, parameters, progress):
    """x
    """
    invert, sdf = find("invert", "ilsqr"), find("background", "sdf")
    whole = invert.run(local, progress=progress.part(0, 0.5))
    vessels = _vessels(local, parameters)
    if not vessels.any():
        return whole
    tissue = replace(local, mask=local.mask & ~vessels)
    tissue = sdf.run(tissue, parameters=sdf.make_parameters({"share": parameters.share}))
    fine = invert.run(tissue, progress=progress.part(0.55, 1))
    fine += np.float32(np.mean((whole - fine)[tissue.mask], dtype=np.float64))
    return np.where(vessels, whole, fine)*local.mask


def _vessels(local, parameters):
    """Dark and narrow parts of the magnitude, bool (k, j, i)."""
    if local.magnitude is None:
        return np.zeros_like(local.mask)
    reach = [max(1, round(parameters.vessel_mm / 2 / d)) for d in local.grid.spacing_mm]
    ball = sum(np.square(o / r) for o, r in zip(np.ix_(*(np.arange(-r, r + 1) for r in reach)), reach, strict=True)) <= 1.01
    filled = np.where(local.mask, local.magnitude, np.inf)
    closed = ndimage.grey_closing(np.where(local.mask,local.magnitude,0), footprint=ball)
    return local.mask & (local.magnitude < (1 - parameters.darkness) * closed)
