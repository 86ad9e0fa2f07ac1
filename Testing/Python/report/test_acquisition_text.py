"""The methods text says how a scan was acquired, of what is known."""

import pytest

from QSMLogic.model.reported import REPORTED
from QSMLogic.report.acquisition_text import acquisition_sentences

GRID = {"shape_kji": [48, 256, 192], "spacing_mm_kji": [3, 1, 1.25]}
KNOWN = {
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "MAGNETOM Prisma",
    "SoftwareVersions": "syngo MR E11",
    "ReceiveCoilName": "HeadNeck_64",
    "NumberReceiveCoilActiveElements": 44,
    "AcquisitionDuration": 325.2,
    "MRAcquisitionType": "3D",
    "SpoilingState": True,
    "ReadoutPolarity": "monopolar",
    "PulseSequenceType": "gradient echo",
    "SequenceName": "*fl3d6r",
    "RepetitionTime": 0.035,
    "FlipAngle": 15,
    "PixelBandwidth": 300,
    "FlowCompensation": True,
    "ParallelAcquisitionTechnique": "GRAPPA",
    "ParallelReductionFactorInPlane": 2,
    "ParallelReductionFactorOutOfPlane": 1,
    "PartialFourier": 0.75,
    "PrescanNormalize": True,
    "NonlinearGradientCorrection": False,
}


def sentences(**known):
    return acquisition_sentences(GRID | {"reported": known})


def test_sentences():
    assert sentences(**KNOWN) == [
        "The scan was acquired on a Siemens MAGNETOM Prisma scanner (software syngo MR E11) with the receive coil "
        "HeadNeck_64 (44 active receive elements) in 5 min 25 s.",
        "The sequence was a three-dimensional, spoiled, monopolar gradient-echo sequence (*fl3d6r) with field of view "
        "240 x 256 x 144 mm, TR 35 ms, flip angle 15\N{DEGREE SIGN}, bandwidth 300 Hz/pixel, flow compensation, "
        "partial Fourier 0.75 and parallel imaging (GRAPPA) by a factor of 2 in plane.",
        "The images were reconstructed with prescan normalization and no correction of gradient nonlinearity.",
    ]


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_unknown_is_left_out(name):
    text = " ".join(sentences(**{other: value for other, value in KNOWN.items() if other != name}))
    assert "None" not in text and "()" not in text and "  " not in text
    assert text != " ".join(sentences(**KNOWN)) or name in ("PulseSequenceType", "ParallelReductionFactorOutOfPlane")
    alone = sentences(**{name: KNOWN[name]})
    assert all(sentence[-1] == "." for sentence in alone) and "None" not in str(alone)


@pytest.mark.parametrize("scan", [GRID, GRID | {"reported": {}}, GRID | {"reported": ["?"]}])
def test_records_without_reported_values_have_no_sentence(scan):
    assert acquisition_sentences(scan) == []


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0]}, "with axial slices and field"),
        ({"ImageOrientationPatientDICOM": [0, 1, 0, 0, 0, -1]}, "sagittal slices"),
        ({"ImageOrientationPatientDICOM": [1, 0, 0, 0, 0.28, -0.96]}, "coronal slices (oblique by 16\N{DEGREE SIGN})"),
        (
            {"ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0], "InPlanePhaseEncodingDirectionDICOM": "ROW"},
            "phase encoding left-right",
        ),
        ({"ParallelReductionFactorInPlane": 1}, "no parallel imaging"),
        ({"PartialFourier": 1}, "no partial Fourier"),
        ({"FlowCompensation": False}, "no flow compensation"),
        ({"SlicePartialFourier": 0.875}, "partial Fourier 0.875 along slices"),
        ({"SliceThickness": 2, "SpacingBetweenSlices": 2.5}, "spacing between slices 2.5 mm"),
        ({"GeometryOfKSpaceTraversal": "SPIRAL"}, "spiral k-space trajectory"),
        ({"CoverageOfKSpace": "ELLIPTICAL"}, "elliptical k-space coverage"),
        ({"ScanningSequence": "EP"}, "gradient-echo echo-planar imaging sequence"),
        ({"CompressedSensingFactor": 3.2}, "compressed sensing by a factor of 3.2"),
        ({"SpoilingType": "GRADIENT", "SpoilingState": True}, "a gradient-spoiled gradient-echo sequence"),
        ({"SequenceVariant": "SK\\SP"}, "a spoiled gradient-echo sequence"),
        ({"KSpaceFiltering": "RIESZ"}, "k-space filter RIESZ"),
        ({"AcquisitionDuration": 40}, "acquired in 40 s"),
        ({"Manufacturer": "GE", "ManufacturersModelName": "GE Premier"}, "on a GE Premier scanner"),
    ],
)
def test_words(known, words):
    assert words in " ".join(sentences(**known))


@pytest.mark.parametrize("known", [{"SlicePartialFourier": 1}, {"NumberOfAverages": 1}, {"PartialEcho": False}])
def test_what_was_not_used_is_not_said_where_nobody_asks(known):
    assert "Fourier" not in str(sentences(**known)) and "average" not in str(sentences(**known))
    assert "echo," not in str(sentences(**known))


def test_every_entry_with_words_can_be_said():
    for entry in REPORTED:
        values = [value for value in (2, True, "X", [1, 0, 0, 0, 1, 0]) if entry.of(value) is not None]
        assert values, entry.name
        if entry.words:
            assert "{" not in entry.text(values[0]) and entry.text(values[0])
