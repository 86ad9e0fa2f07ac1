"""Scans written as DICOM files, each the way a vendor's scanners write them, as seen in real files.

example     the scan that is written
elements    what all files have, and writing them shuffled, under meaningless names
siemens, philips, ge, others    the forms of the vendors
enhanced    functional groups
damage      what else lies in folders, and files that are no use
"""

from . import ge, others, philips, siemens

FORMS = {
    "Siemens, phase of 0 to 4095": siemens.classic,
    "Siemens, phase of -4096 to 4094": siemens.classic_rescaled,
    "Siemens XA, a file per echo": siemens.enhanced,
    "Siemens XA, a file per slice": siemens.enhanced_slices,
    "Philips": philips.classic,
    "Philips, real and imaginary": philips.classic_complex,
    "Philips enhanced": philips.enhanced,
    "GE, real and imaginary": ge.complex_parts,
    "GE, all four kinds": ge.all_kinds,
    "Canon": others.canon,
    "United Imaging": others.united_imaging,
}
