"""A map on the grid of the scan of dicom_source, and how it is written as DICOM."""

import numpy as np
import pydicom
from helpers import dicom_source as scan

from QSMLogic.files.dicom.export.writing import check_export, write_dicom

CHI, MASK = "susceptibility_ppm", "reliable_mask"


def chi():
    """A map (k, j, i) on the grid of the scan in steps that no turn or flip leaves in place."""
    return np.linspace(-0.2, 0.3, scan.SLICES * scan.ROWS * scan.COLUMNS).reshape(scan.scan_geometry().shape)


def mask():
    inside = np.ones(scan.scan_geometry().shape, bool)
    inside[:, 0] = inside[0, 0, 0] = False
    return inside


def write(maps, files, folder, geometry=None, **options):
    options = {"parametric_map": False} | options
    return write_dicom(maps, geometry or scan.scan_geometry(), files, folder, **options)


def check(files, folder, geometry=None, **options):
    check_export(geometry or scan.scan_geometry(), files, folder, parametric_map=False, **options)


def series(paths):
    return [pydicom.dcmread(path) for path in paths]
