"""Venous oxygen saturation of a vein segment, from its susceptibility relative to the tissue around it.

Deoxygenated hemoglobin is paramagnetic, so that blood of hematocrit H and saturation Y differs from water by

    difference = H (DEOXY (1 - Y) + OXY)

with DEOXY the difference between deoxygenated and oxygenated red cells, OXY that between oxygenated red cells and
water. Both were measured in fresh human blood as 0.273 +/- 0.006 and -0.008 +/- 0.003 ppm (cgs) by Jain et al. 2012,
in agreement with the 0.27 ppm of Spees et al. 2001; in SI units, as maps have them, they are 4 pi times as large.

Assumptions: the tissue around the vein has the susceptibility of water, the hematocrit is that of the large veins, and
the map is right in the vein. It is not where the vein is narrow (partial volume lowers the difference and so raises the
saturation), where flow changes the phase, at the rim of the mask (sagittal sinus), and in maps of strong
regularization. So the number is not one to act on: compare it between scans of one protocol.

References
----------
Jain et al., Magn Reson Med 2012;68:863-867, doi:10.1002/mrm.23282
Spees et al., Magn Reson Med 2001;45:533-542, doi:10.1002/mrm.1072
Fan et al., Magn Reson Med 2014;72:149-159, doi:10.1002/mrm.24918
Ward et al., Front Neurosci 2017;11:89, doi:10.3389/fnins.2017.00089 (partial volume in veins)
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage
from .measure import eroded, sample_in
from .region import Region
from .units import scale

DEOXY_PPM, DEOXY_SD_PPM = 4 * math.pi * 0.273, 4 * math.pi * 0.006
OXY_PPM, OXY_SD_PPM = 4 * math.pi * -0.008, 4 * math.pi * 0.003
HEMATOCRIT_LOW, HEMATOCRIT_HIGH = 0.1, 0.7
SHELL_MM = (2.0, 5.0)  # of the tissue around a vein, without the rim that shares voxels with it
OUTLIER_SD, GAUSSIAN = 3.0, 0.6745
FEW_VOXELS, NARROW_VOXELS = 20, 3
USUAL = (0.4, 0.85)


@dataclass(frozen=True)
class Oxygenation:
    """The venous oxygen saturation of a vein segment.

    Attributes
    ----------
    saturation, saturation_sd : float
        Y and its standard deviation, fractions.
    difference_ppm, difference_sd_ppm : float
        Susceptibility of the vein relative to its surroundings.
    vein_ppm, surroundings_ppm : float
        Their means.
    vein_voxels, surroundings_voxels : int
    hematocrit, hematocrit_sd : float
    cautions : tuple of str
        Why the number may be wrong.
    """

    saturation: float
    saturation_sd: float
    difference_ppm: float
    difference_sd_ppm: float
    vein_ppm: float
    surroundings_ppm: float
    vein_voxels: int
    surroundings_voxels: int
    hematocrit: float
    hematocrit_sd: float
    cautions: tuple = ()

    def row(self):
        """{column: value}, of which the cautions are one text."""
        return asdict(self) | {"cautions": " ".join(self.cautions)}

    def sentence(self):
        """The result in a sentence."""
        return (
            f"Venous oxygen saturation {100 * self.saturation:.0f} % (SD {100 * self.saturation_sd:.0f} %): the vein "
            f"is {self.difference_ppm:.3f} ppm (SD {self.difference_sd_ppm:.3f}) above its surroundings, at a "
            f"hematocrit of {self.hematocrit:g} (SD {self.hematocrit_sd:g})."
        )


def oxygenation(image, vein, grid, hematocrit, *, hematocrit_sd=0.02, surroundings=None, mask=None, erosion_mm=0.0):
    """Venous oxygen saturation of a vein segment, such as the straight sinus.

    Parameters
    ----------
    image : MapImage
        Susceptibility in ppm or ppb, with its uncertainty if that is known.
    vein : Region
        The segment on the grid of the map.
    grid : Grid
    hematocrit : float
        Volume fraction of red cells, such as 0.42.
    hematocrit_sd : float
        Its standard deviation.
    surroundings : Region, optional
        Tissue for comparison. None: what is 2 to 5 mm from the vein, without outliers such as other veins.
    mask : ndarray, optional
        Where the map is reliable, (k, j, i).
    erosion_mm : float
        Distance by which the vein is eroded.

    Returns
    -------
    Oxygenation
        Its standard deviation follows from those of both means, of the hematocrit and of the constants. Without a map
        of uncertainty those of the means are lower bounds, as neighboring voxels are not independent.

    Raises
    ------
    QSMError
        For a hematocrit out of range, a region without voxels, a vein that is not above its surroundings or beyond
        deoxygenated blood, or if the map has another unit or grid.

    Examples
    --------
    >>> import numpy as np
    >>> from QSMLogic import Grid
    >>> from QSMLogic.regions import MapImage, Region
    >>> from QSMLogic.regions.oxygenation import oxygenation
    >>> inside = np.zeros((24, 24, 24), bool)
    >>> inside[:, 10:14, 10:14] = True
    >>> found = oxygenation(MapImage(0.4 * inside, "ppm"), Region("vein", inside), Grid((24, 24, 24)), 0.42)
    >>> round(found.saturation, 2)
    0.69
    """
    _check_hematocrit(hematocrit, hematocrit_sd)
    factor = scale(image.unit, "ppm")
    of_vein = sample_in(image, vein, grid, mask=mask, erosion_mm=erosion_mm)
    around = surroundings or _shell(vein, grid)
    of_tissue = sample_in(image, around, grid, mask=mask)
    of_tissue = of_tissue if surroundings else _without_outliers(of_tissue)
    for name, sample in ((vein.name, of_vein), (around.name, of_tissue)):
        if sample.values.size < 2:
            raise QSMError(
                f"{name} has {sample.values.size or 'no'} reliable voxels in the map; at least two are needed. Draw it "
                "where the map is valid, or erode less."
            )
    means = [factor * sample.mean() for sample in (of_vein, of_tissue)]
    difference = float(means[0] - means[1])
    error = float(np.hypot(*(factor * _standard_error(sample) for sample in (of_vein, of_tissue))))
    if difference <= 0:
        raise QSMError(
            f"{vein.name} is {abs(difference):.3f} ppm below its surroundings, but venous blood is above. Check the "
            "sign of the map and the region."
        )
    saturation = 1 - (difference / hematocrit - OXY_PPM) / DEOXY_PPM
    if not 0 <= saturation <= 1:
        raise QSMError(
            f"{vein.name} is {difference:.3f} ppm above its surroundings, more than blood of a hematocrit of "
            f"{hematocrit:g} can be. Check the unit of the map, the hematocrit and the region."
        )
    parts = (
        error / hematocrit,
        difference * hematocrit_sd / hematocrit**2,
        OXY_SD_PPM,
        (difference / hematocrit - OXY_PPM) * DEOXY_SD_PPM / DEOXY_PPM,
    )
    return Oxygenation(
        float(saturation),
        math.hypot(*parts) / DEOXY_PPM,
        difference,
        error,
        *(float(mean) for mean in means),
        of_vein.values.size,
        of_tissue.values.size,
        float(hematocrit),
        float(hematocrit_sd),
        tuple(_cautions(vein, grid, erosion_mm, of_vein, saturation)),
    )


def _check_hematocrit(hematocrit, hematocrit_sd):
    if not HEMATOCRIT_LOW <= hematocrit <= HEMATOCRIT_HIGH:
        raise QSMError(
            f"The hematocrit must be a fraction from {HEMATOCRIT_LOW:g} to {HEMATOCRIT_HIGH:g}, such as 0.42 for 42 %, "
            f"not {hematocrit:g}."
        )
    if not 0 <= hematocrit_sd < hematocrit:
        raise QSMError(f"The SD of the hematocrit must be from 0 to below the hematocrit, not {hematocrit_sd:g}.")


def _shell(vein, grid):
    """The tissue around a vein, as a Region."""
    low, high = SHELL_MM
    vein = vein.cropped(grid.shape)
    margins = [math.ceil(high / d) + 1 for d in grid.spacing_mm]
    box = tuple(
        slice(max(s.start - m, 0), min(s.stop + m, n)) for s, m, n in zip(vein.box, margins, grid.shape, strict=True)
    )
    room = np.zeros([s.stop - s.start for s in box], bool)
    if not vein.inside().any():
        return Region("The tissue around it", room, box=box)
    room[tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(vein.box, box, strict=True))] = vein.inside()
    distance_mm = ndimage.distance_transform_edt(~room, sampling=grid.spacing_mm)
    return Region("The tissue around it", (distance_mm >= low) & (distance_mm <= high), box=box)


def _without_outliers(sample):
    """A Sample without values far from the median, such as those of other veins."""
    if not sample.values.size:
        return sample
    middle = np.median(sample.values)
    away = np.abs(sample.values - middle)
    kept = away <= OUTLIER_SD * np.median(away) / GAUSSIAN
    uncertainty = None if sample.uncertainty is None else sample.uncertainty[kept]
    return replace(sample, values=sample.values[kept], uncertainty=uncertainty)


def _standard_error(sample):
    """From the uncertainty of the voxels, or else from their spread."""
    return sample.sem() if sample.uncertainty is None else sample.mean_uncertainty()


def _cautions(vein, grid, erosion_mm, sample, saturation):
    if sample.values.size < FEW_VOXELS:
        yield f"The vein has {sample.values.size} voxels only; choose a longer or wider segment."
    if not eroded(vein.cropped(grid.shape), max(erosion_mm, grid.voxel_length_mm), grid).inside().any():
        yield (
            f"The vein is less than {NARROW_VOXELS} voxels wide, so that tissue in its voxels makes the saturation too "
            "high."
        )
    if sample.uncertainty is None:
        yield "The map has no uncertainty, so that the SD is a lower bound."
    if not USUAL[0] <= saturation <= USUAL[1]:
        limits = f"{100 * USUAL[0]:g} to {100 * USUAL[1]:g} %"
        yield f"Outside {limits} an error of the measurement is more likely than such a saturation."
