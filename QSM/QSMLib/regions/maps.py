"""The maps of the scene that can be measured in regions: their names, units and masks."""

import slicer

from QSMLogic import QSMError
from QSMLogic.model.catalogue import CATALOGUE, UNCERTAINTY
from QSMLogic.model.units import ARBITRARY

from ..scan import units
from ..scan.metadata import IMAGE_KIND, name_parts
from ..scan.outputs import MAP, OTHERS, RESULT, SCALAR, SHORT, VERSION

RELIABLE_MASK = CATALOGUE["reliable_mask"].role
MEASURED = tuple(entry.role for entry in sorted(OTHERS, key=lambda entry: entry.measured) if entry.measured)


def unit_of(volume):
    """The unit of a volume's voxels, as in a table; "" if nobody has said it."""
    return units.unit_of(volume) or (ARBITRARY if _kind(volume) == "magnitude" else "")


def measurable(result, magnitude):
    """The volumes that may be measured: the map `result` and its fields, `magnitude`, then others that are no phase.

    result, magnitude: nodes or None. Of a scan's echoes only `magnitude` is among them.
    """
    first = [result, *(result.GetNodeReference(role) for role in MEASURED)] if result else []
    volumes = [v for v in (*first, magnitude) if v and v.GetClassName() == SCALAR]
    for volume in slicer.util.getNodesByClass(SCALAR):
        hidden = volume.GetHideFromEditors() or volume.GetClassName() != SCALAR
        if not hidden and (volume.GetAttribute(VERSION) or _kind(volume) not in ("magnitude", "phase")):
            volumes.append(volume)
    return [v for v in dict.fromkeys(volumes) if v.GetImageData()]


def names_of(volumes):
    """Short names of maps for a table, one each: what a map of this module shows, or the node's name.

    They are the same for every scan, so that a study's table can compare them.
    """
    names = [_name(volume) for volume in volumes]
    return [volume.GetName() if names.count(name) > 1 else name for volume, name in zip(volumes, names, strict=True)]


def image_of(volume, assumed=""):
    """The MapImage of a volume; QSMError for one that is no map, or has no unit and none is `assumed`."""
    from QSMLogic.regions import MapImage

    if not volume or volume.GetClassName() != SCALAR or not volume.GetImageData():
        raise QSMError("The statistics need a susceptibility map. Choose a scalar volume with voxels.")
    unit = unit_of(volume) or assumed
    if not unit:
        raise QSMError(f"{volume.GetName()} has no unit. Click its unit in the list of maps and type it, such as ppm.")
    return MapImage(slicer.util.arrayFromVolume(volume), unit, uncertainty_of(volume))


def uncertainty_of(volume):
    """The standard deviation of a map's voxels, (k, j, i); None if it is not in the scene."""
    known = volume.GetNodeReference(CATALOGUE[UNCERTAINTY].role)
    values = slicer.util.arrayFromVolume(known) if known and known.GetImageData() else None
    return values if values is not None and values.shape == slicer.util.arrayFromVolume(volume).shape else None


def mask_of(volume):
    """Where a map of this module is reconstructed, bool (k, j, i); None for any other volume.

    That is its susceptibility mask if that was kept; without it, exact zeros are outside.
    """
    if not volume.GetAttribute(VERSION):
        return None
    values, kept = slicer.util.arrayFromVolume(volume), volume.GetNodeReference(RELIABLE_MASK)
    mask = slicer.util.arrayFromVolume(kept) if kept and kept.GetImageData() else None
    return mask > 0 if mask is not None and mask.shape == values.shape else values != 0


def _kind(volume):
    return volume.GetAttribute(IMAGE_KIND) or (
        "" if volume.GetAttribute(VERSION) else name_parts(volume.GetName()).kind or ""
    )


def _name(volume):
    shown = volume.GetAttribute(MAP)
    if not shown:
        return "magnitude" if _kind(volume) == "magnitude" else volume.GetName()
    if shown.startswith(SHORT):
        return RESULT.title + shown.removeprefix(SHORT)
    return shown[:1].lower() + shown[1:]
