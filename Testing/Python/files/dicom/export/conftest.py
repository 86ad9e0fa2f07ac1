"""The files of a scan, written once for a module of tests."""

import pytest
from helpers import dicom_source as scan


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return scan.classic_files(tmp_path_factory.mktemp("scan"))
