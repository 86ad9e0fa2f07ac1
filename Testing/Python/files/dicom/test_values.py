"""Phase in radians from what the vendors store, and what they say in their own attributes."""

import numpy as np
import pytest
from helpers.dicom_forms.elements import private
from pydicom.dataset import Dataset

from QSMLogic.files.dicom.header import FrameHeader
from QSMLogic.files.dicom.kinds import flavor_of, kind_of, why_no_gradient_echo
from QSMLogic.files.dicom.values import standard_values
from QSMLogic.files.dicom.vendors import vendor_of

SIEMENS, PHILIPS, GE = "Siemens Healthineers", "Philips Medical Systems", "GE MEDICAL SYSTEMS"


def header(manufacturer="", creator=None, group=None, elements=None, **values):
    made = Dataset()
    made.Manufacturer = manufacturer
    made.BitsStored, made.PixelRepresentation = values.pop("bits", 12), values.pop("signed", 0)
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if creator:
        private(made, creator, group, elements)
    return FrameHeader(made)


@pytest.mark.parametrize(
    "values, stored, radians",
    [
        ({}, (0, 2048, 4095), (-np.pi, 0, np.pi - 2 * np.pi / 4096)),
        ({"RescaleSlope": "2", "RescaleIntercept": "-4096"}, (0, 2048), (-np.pi, 0)),
        ({"RescaleSlope": "1.53455433455433", "RescaleIntercept": "-3142"}, (0, 4095), (-3.142, 3.142)),
        ({"RescaleSlope": f"{2 * np.pi / 4095:.12f}", "RescaleIntercept": f"{-np.pi:.12f}"}, (4095,), (np.pi,)),
        ({"RescaleSlope": "0.0879121", "RescaleIntercept": "-180"}, (0, 4095), (-np.pi, np.pi)),
        ({"bits": 12, "signed": 1}, (), ()),
    ],
)
def test_known_ranges(values, stored, radians):
    found = standard_values(header(**values), "phase")
    assert found.in_radians == bool(stored)
    np.testing.assert_allclose(np.array(stored) * found.slope + found.intercept, radians, atol=1e-4)


def test_unknown_range_stays_as_it_is():
    found = standard_values(header(RescaleSlope="3", RescaleIntercept="7"), "phase")
    assert (found.slope, found.intercept, found.in_radians) == (3, 7, False)


def test_magnitude_is_rescaled_only():
    found = standard_values(header(RescaleSlope="2", RescaleIntercept="-4096"), "magnitude")
    assert (found.slope, found.intercept, found.in_radians) == (2, -4096, False)


@pytest.mark.parametrize("number, kind", list(enumerate(("magnitude", "phase", "real", "imaginary"))))
def test_kinds_of_ge(number, kind):
    made = header(GE, "GEMS_PARM_01", 0x43, {0x2F: ("SS", number)}, ImageType=["ORIGINAL", "PRIMARY", "OTHER"])
    assert kind_of(made) == kind


def test_phase_of_ge_is_in_milliradians():
    found = vendor_of(header(GE)).values(header(GE, bits=16, signed=1), "phase")
    assert (found.slope, found.in_radians) == (1e-3, True)


@pytest.mark.parametrize("letter, kind", [("M", "magnitude"), ("P", "phase"), ("R", "real"), ("I", "imaginary")])
def test_kinds_of_philips(letter, kind):
    creator = "Philips MR Imaging DD 001"
    assert kind_of(header(PHILIPS, creator, 0x2005, {0x11: ("CS", letter)}, ImageType=["A", "B", "MIXED"])) == kind


def test_magnitudes_of_philips_have_one_scale():
    scale = ("Philips MR Imaging DD 001", 0x2005)
    for slope, private_slope in ((1.5, 0.02), (3.0, 0.04)):
        made = header(PHILIPS, *scale, {0x0E: ("FL", private_slope)}, RescaleSlope=str(slope), RescaleIntercept="0")
        found = vendor_of(made).values(made, "magnitude")
        assert found.slope == pytest.approx(1 / private_slope)


@pytest.mark.parametrize("word, kind", [("M", "magnitude"), ("P", "phase"), ("R", "real"), ("I", "imaginary")])
def test_kinds_of_others(word, kind):
    assert kind_of(header("UIH", ImageType=["ORIGINAL", "PRIMARY", word, "ND"])) == kind
    component = {"magnitude": "MAGNITUDE", "phase": "PHASE", "real": "REAL", "imaginary": "IMAGINARY"}[kind]
    assert kind_of(header("", ComplexImageComponent=component, ImageType=["ORIGINAL", "PRIMARY"])) == kind


def test_processing_of_xa_images_is_in_a_private_image_type():
    words = {0x75: ("CS", ["ORIGINAL", "PRIMARY", "P", "DIS2D"])}
    made = header(SIEMENS, "SIEMENS MR SDI 02", 0x21, words, ImageType=["ORIGINAL", "PRIMARY", "P", "NONE"])
    assert flavor_of(made) == {"DIS2D"}


def test_echo_times_of_the_protocol():
    text = b"### ASCCONV BEGIN ###\nlContrasts\t = \t3\nalTE[0] = 2500\nalTE[1] = 5500\nalTE[2] = 8500\nalTE[3] = 9\n"
    made = header(SIEMENS, "SIEMENS CSA HEADER", 0x29, {0x20: ("OB", text)})
    assert vendor_of(made).echo_times_s(made) == pytest.approx([0.0025, 0.0055, 0.0085])


@pytest.mark.parametrize(
    "values, reason",
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}, "diffusion"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "mosaic"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "B0 MAP", "B0", "UNSPECIFIED"]}, "field map"),
        ({"ImageType": ["DERIVED", "PRIMARY", "MNIP", "SWI"]}, "susceptibility weighting"),
        ({"ScanningSequence": ["SE"]}, "spin echo"),
        ({"EchoPulseSequence": "SPIN"}, "spin echo"),
        ({"ScanningSequence": ["GR", "IR"]}, "inversion recovery"),
        ({"DiffusionBValue": 1000.0}, "diffusion"),
    ],
)
def test_what_is_no_gradient_echo(values, reason):
    assert reason in why_no_gradient_echo(header(**values))
    assert why_no_gradient_echo(header(ImageType=["ORIGINAL", "PRIMARY", "M", "ND"], ScanningSequence=["EP"])) is None
