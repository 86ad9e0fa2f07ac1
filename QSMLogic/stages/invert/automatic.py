"""Automatic: the inversion that suits the scan."""

import numpy as np

from ...registry.method import find, method

STRONG_PPM = 0.3  # local field beyond which sources are strong
STRONG_SHARE, LEAST_VOXELS = 7e-5, 20  # of the mask, 100 mm3 of a human brain; fewer voxels may be noise


def choice(local):
    """Choose the method for a scan.

    Fields of veins and nuclei reach about 0.2 ppm; strong sources go beyond STRONG_PPM in more than STRONG_SHARE of
    the mask. Around them the error of single-step TGV was the lowest; elsewhere WH-QSM's was as low or lower, but for 2
    points on a scan at 7 T, in less than half the time (`./dev bench scans`).

    Parameters
    ----------
    local : FieldMap
        Local field.

    Returns
    -------
    name, reason : str
    """
    strong = np.count_nonzero(np.abs(local.ppm[local.mask]) > STRONG_PPM)
    volume_mm3 = strong * local.grid.voxel_volume_mm3
    reason = f"{volume_mm3:.4g} mm3 of the local field exceed {STRONG_PPM:g} ppm"
    few = max(STRONG_SHARE * np.count_nonzero(local.mask), LEAST_VOXELS)
    return "tgv" if strong > few else "wh_qsm", reason


@method("invert", title="Automatic", chooses=choice)
def automatic(local, _parameters, progress):
    """Take WH-QSM; in a run with strong sources, such as bleeds and calcifications, single-step TGV.

    A run calls `choice` after background removal, as TGV starts from the total field; on a local field alone this is
    WH-QSM. If there are two passes, the first decides for both. The provenance of the run names the choice.

    Parameters
    ----------
    local : FieldMap
        Local field.
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    return find("invert", "wh_qsm").run(local, progress=progress)
