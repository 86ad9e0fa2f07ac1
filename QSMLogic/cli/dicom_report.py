"""Regions of the command `statistics` as DICOM: the map, a segmentation and a structured report."""

from ..files.dicom.export.source import read_source
from ..files.dicom.export.writing import check_export, write_dicom
from ..files.dicom.libraries import highdicom
from ..model.catalogue import SUSCEPTIBILITY
from ..model.errors import QSMError
from ..regions.dicom_report import region_report
from ..regions.units import PER_PPM
from .dicom import dicom_files


def add_dicom_report_options(parser):
    """The options of `statistics` for DICOM."""
    add = parser.add_argument
    add("--dicom-output", metavar="DIR", help="folder for map, segmentation and structured report as DICOM")
    add("--dicom-source", nargs="+", metavar="FOLDER", help="DICOM files of the scan, for --dicom-output (any of them)")


def checked_source(arguments, console):
    """The files that --dicom-source names; QSMError if the report cannot be written with them."""
    if bool(arguments.dicom_output) != bool(arguments.dicom_source):
        raise QSMError("--dicom-output needs --dicom-source, and the reverse: the report gets the patient of a scan.")
    if not arguments.dicom_output:
        return []
    highdicom()
    files = dicom_files(arguments.dicom_source, arguments.map, console)
    read_source(files)
    return files


def checked_report(arguments, files, table, regions, geometry, mask):
    """The RegionReport of a table; QSMError if it cannot be written as DICOM. None without --dicom-output."""
    if not arguments.dicom_output:
        return None
    report = region_report(table, regions, geometry.grid(), mask=mask)
    check_export(geometry, files, arguments.dicom_output, regions=report, overwrite=arguments.overwrite)
    return report


def write_dicom_report(arguments, files, report, image, geometry, mask):
    """Write a RegionReport and its map as DICOM; returns the folders of the series and the checks."""
    maps = {SUSCEPTIBILITY: image.array / PER_PPM[image.unit]} | ({} if mask is None else {"reliable_mask": mask})
    options = {"regions": report, "overwrite": arguments.overwrite}
    exported = write_dicom(maps, geometry, files, arguments.dicom_output, **options)
    return sorted({path.parent for path in exported.files}), exported.checks
