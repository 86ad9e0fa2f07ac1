"""The header of a frame, alone or among those of its file."""

import pytest
from helpers.dicom_forms import philips, siemens
from helpers.dicom_forms.example import example

from QSMLogic.files.dicom.header import FrameHeader

NAMES = ("EffectiveEchoTime", "ImagePositionPatient", "PixelSpacing", "RescaleSlope", "ComplexImageComponent", "Rows")


@pytest.mark.parametrize("form", [philips.enhanced, siemens.enhanced])
def test_alone(form):
    dataset = form(example((6, 5, 3)))[-1]
    count = len(dataset.PerFrameFunctionalGroupsSequence)
    for number in (0, count - 1):
        header = FrameHeader(dataset, number)
        alone = header.alone()
        assert [alone.get(name) for name in NAMES] == [header.get(name) for name in NAMES]
        assert len(alone.dataset.PerFrameFunctionalGroupsSequence) == 1
    assert len(dataset.PerFrameFunctionalGroupsSequence) == count > 1


def test_frames_differ():
    dataset = philips.enhanced(example((6, 5, 3)))[0]
    places = [tuple(FrameHeader(dataset, number).get("ImagePositionPatient")) for number in range(18)]
    assert len(set(places)) == 3
