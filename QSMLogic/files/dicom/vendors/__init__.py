"""What is specific of a vendor's DICOM files, one file each."""

from . import canon, ge, philips, siemens, uih
from .vendor import Vendor

VENDORS = (siemens.SIEMENS, philips.PHILIPS, ge.GE, canon.CANON, uih.UIH)
OTHER = Vendor("", ())


def vendor_of(header):
    """The Vendor of the scanner, from its manufacturer."""
    manufacturer = str(header.get("Manufacturer", "")).upper()
    return next((vendor for vendor in VENDORS if any(word in manufacturer for word in vendor.words)), OTHER)
