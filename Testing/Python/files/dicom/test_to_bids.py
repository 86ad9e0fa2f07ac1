"""What is written of a scan as BIDS."""

import json

from helpers.dicom_forms import siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example

from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.to_bids import write_bids


def test_field_strength_that_is_unknown_is_left_out(tmp_path):
    files = siemens.classic(example((6, 5, 3), echo_times_s=(0.02,)))
    for file in files:
        del file.MagneticFieldStrength, file.ImagingFrequency
    written(tmp_path / "files", files)
    made = write_bids(find_scans(tmp_path / "files").scans, tmp_path / "bids", "01")
    records = [json.loads(path.read_text()) for path in made if path.suffix == ".json" and "sub-01" in path.name]
    assert len(records) == 2
    assert all(record["EchoTime"] == 0.02 and "MagneticFieldStrength" not in record for record in records)
