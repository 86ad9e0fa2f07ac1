"""The maps of the scene that can be measured in regions: their names, units and masks."""

import re

import slicer

from QSMLogic import QSMError

from ..scan.metadata import IMAGE_KIND, name_parts
from ..scan.outputs import LOCAL_FIELD, MAP, SCALAR, VERSION

RELIABLE_MASK = "QSM.ReliableMask"
FIELDS = (LOCAL_FIELD, "QSM.TotalField")
ARBITRARY = "a.u."
_UNITS = {  # as in a table: its UCUM code and meaning
    "ppm": ("[ppm]", "ppm"),
    "ppb": ("[ppb]", "ppb"),
    "1/s": ("/s", "1/s"),
    "Hz": ("Hz", "hertz"),
    "ms": ("ms", "millisecond"),
    "s": ("s", "second"),
    "rad": ("rad", "radian"),
    "%": ("%", "percent"),
    ARBITRARY: ("[arb'U]", "arbitrary unit"),
}


def unit_of(volume):
    """The unit of a volume's voxels, as in a table; "" where nobody has said it."""
    code = volume.GetVoxelValueUnits()
    if code and code.GetCodeValue():
        known = [unit for unit, (value, _meaning) in _UNITS.items() if value == code.GetCodeValue()]
        return known[0] if known else code.GetCodeMeaning() or code.GetCodeValue()
    return ARBITRARY if _kind(volume) == "magnitude" else ""


def set_unit(volume, unit):
    """Say in which unit a volume's voxels are, such as "ppm"; Slicer keeps it with the scene."""
    value, meaning = _UNITS.get(unit, (unit, unit))
    code = slicer.vtkCodedEntry()
    code.SetValueSchemeMeaning(value, "UCUM" if unit in _UNITS else "99QSM", meaning)
    volume.SetVoxelValueUnits(code)


def measurable(result, magnitude):
    """The volumes that may be measured: the map `result` and its fields, `magnitude`, then others that are no phase.

    result, magnitude: nodes or None. Of a scan's echoes only `magnitude` is among them.
    """
    first = [result, *(result.GetNodeReference(role) for role in FIELDS)] if result else []
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
    return MapImage(slicer.util.arrayFromVolume(volume), unit)


def mask_of(volume):
    """Where a map of this module is reconstructed, bool (k, j, i); None for any other volume.

    That is its susceptibility mask where that was kept; without it, exact zeros are outside.
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
    told = volume.GetAttribute(MAP)
    if told:
        return re.sub(r"^QSM\b", "susceptibility", told[:1].lower() + told[1:] if not told.startswith("QSM") else told)
    return "magnitude" if _kind(volume) == "magnitude" else volume.GetName()
