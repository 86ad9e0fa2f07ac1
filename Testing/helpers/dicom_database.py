"""Scans in DICOM files that Slicer's DICOM database has."""

import pytest
import slicer
from helpers.dicom_forms import FORMS, philips, siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example
from standin import dicom
from standin.bootstrap import import_file
from standin.module import MODULE_FILE

SIZE = (12, 10, 4)


@pytest.fixture
def siemens_files(tmp_path):
    """(the Example, the paths of its files): magnitude and phase are series of their own."""
    scan = example(size=SIZE)
    return scan, written(tmp_path / "siemens", siemens.classic(scan))


@pytest.fixture
def plugin(siemens_files, monkeypatch):
    """The plug-in, with the database of the Siemens scan."""
    return plugin_for(siemens_files[1][0].parents[1], monkeypatch)


def plugin_for(folder, monkeypatch):
    monkeypatch.setattr(slicer, "dicomDatabase", None, raising=False)
    monkeypatch.setattr(slicer, "qSlicerDICOMExportable", None, raising=False)
    dicom.install(folder)
    import_file(MODULE_FILE.with_name("DICOMQSMPlugin.py")).DICOMQSMPlugin(_Parent())
    return slicer.modules.dicomPlugins["DICOMQSMPlugin"]()


class _Parent:
    """What the constructor of a module gets."""


__all__ = ["FORMS", "philips", "plugin", "plugin_for", "siemens_files"]
