"""In which unit the voxels of a volume node are, and what they are, as codes that Slicer keeps."""

import slicer

from QSMLogic.model.units import UNITS


def set_unit(volume, unit):
    """Say in which unit a volume's voxels are, such as "ppm"; Slicer keeps it with the scene."""
    volume.SetVoxelValueUnits(code(*unit_code(unit)))


def unit_code(unit):
    """The DICOM code of a unit: value, scheme, meaning."""
    value, meaning = UNITS.get(unit, (unit, unit))
    return value, "UCUM" if unit in UNITS else "99QSM", meaning


def unit_of(volume):
    """The unit of a volume's voxels, as in a table; "" if nobody has said it."""
    entry = volume.GetVoxelValueUnits()
    if not entry or not entry.GetCodeValue():
        return ""
    known = [unit for unit, (value, _meaning) in UNITS.items() if value == entry.GetCodeValue()]
    return known[0] if known else entry.GetCodeMeaning() or entry.GetCodeValue()


def code(value, scheme, meaning):
    """A coded entry of DICOM."""
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, scheme, meaning)
    return entry
