"""DICOM on the command line: the list of scans, maps of them, BIDS made of them, and maps as DICOM."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.dicom_forms import damage, philips, siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import PERSON, example, geometry, of_arrays
from helpers.scan_on_disk import ECHO_TIMES, SHAPE, save, simulated_scan
from helpers.scan_on_disk import load as array_in

from QSMLogic.cli.main import main
from QSMLogic.model.catalogue import UNCERTAINTY

FAST = ("unwrap.method=laplacian", "background.method=sharp", "background.radius_mm=2", "invert.method=tkd")
STRAIGHT = {"geometry": geometry(tuple(reversed(SHAPE)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3).ravel())}


@pytest.fixture(scope="module")
def head():
    """A simulated scan of which a map can be made."""
    magnitude, phase, _ = simulated_scan()
    return of_arrays(magnitude, phase, echo_times_s=ECHO_TIMES, **STRAIGHT)


@pytest.fixture(scope="module")
def folder(head, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dicom")
    written(folder / "exam", philips.enhanced(head))
    return folder


@pytest.fixture(scope="module")
def mapped(folder, tmp_path_factory):
    """A folder with the maps of the scan as images (out) and DICOM (pacs)."""
    place = tmp_path_factory.mktemp("mapped")
    outputs = ("--output", str(place / "out"), "--dicom-output", str(place / "pacs"))
    assert main(["run", "--dicom", str(folder), *outputs, "--set", *FAST, "mask.method=robust"]) == 0
    return place


@pytest.fixture
def crowded(folder, tmp_path):
    """A folder with the scan, a second one, and what is of no use."""
    place = tmp_path / "dicom"
    scan = example(series=20)
    written(place / "siemens", siemens.classic(scan), seed=1)
    written(place / "t1", damage.t1_series(scan), seed=2)
    return [folder, place]


def run(cli, *arguments):
    status, out, err = cli("run", *arguments, "--set", *FAST, "mask.method=robust")
    assert status == 0, err
    return out


def test_scans_are_listed_with_what_is_no_use_and_why(cli, crowded):
    status, out, _ = cli("dicom", *crowded)
    assert status == 0
    assert "3 echoes, magnitude and phase" in out
    assert "40 x 36 x 32 voxels of 1 x 1 x 1 mm, TE 4, 12, 20 ms" in out
    assert "Series 2: t1_mprage (6 files): It is an inversion recovery scan" in out.split("Not for QSM:")[1]


def test_the_list_as_json_has_what_is_reported(cli, folder):
    status, out, _ = cli("dicom", folder, "--json")
    (scan,) = json.loads(out)["scans"]
    assert status == 0 and scan["echo_times_s"] == list(ECHO_TIMES) and scan["size_ijk"] == [40, 36, 32]
    assert scan["reported"]["Manufacturer"].lower().startswith("philips")


def test_nobody_is_named(cli, crowded, tmp_path):
    *_, out, err = cli("dicom", *crowded, "--json")
    cli("dicom", *crowded, "--scan", 2, "--to-bids", tmp_path / "bids", "--participant-label", "01")
    texts = [out, err, *(path.read_text() for path in (tmp_path / "bids").rglob("*.json"))]
    assert len(texts) > 3
    identities = [value for value in PERSON.values() if len(value) > 1]
    assert not [(who, text[:80]) for who in identities for text in texts if who in text]


def test_a_scan_without_field_strength_is_listed(cli, tmp_path):
    files = siemens.classic(example())
    for dataset in files:
        del dataset.MagneticFieldStrength, dataset.ImagingFrequency
    written(tmp_path, files)
    assert "field strength unknown: give --field-strength" in cli("dicom", tmp_path)[1]


def test_scans_of_two_patients_do_not_become_one_participant(refused, tmp_path):
    other = {**PERSON, "PatientID": "another", "PatientName": "Another^Person"}
    written(tmp_path / "a", siemens.classic(example()))
    written(tmp_path / "b", siemens.classic(example(series=20, person=other)))
    write = ("dicom", tmp_path, "--to-bids", tmp_path / "bids", "--participant-label", "01")
    refused("several patients or studies.*1: Series 5, 6.*2: Series 20, 21", *write)


def test_a_folder_without_dicom_is_refused(refused, tmp_path):
    refused("There are no DICOM files", "dicom", tmp_path)
    refused("There is no file or folder", "dicom", tmp_path / "nowhere")


def test_a_scan_is_mapped_as_the_same_one_in_image_files(cli, mapped, head, tmp_path):
    images = [
        [save(tmp_path / f"{n}{e}.nii", a.astype(np.float32)) for e, a in enumerate(of[0])]
        for n, of in (("m", head.magnitude), ("p", head.phase_rad))
    ]
    facts = ("--echo-times", *ECHO_TIMES, "--field-strength", head.field_strength_t)
    run(cli, "--magnitude", *images[0], "--phase", *images[1], *facts, "--output", tmp_path / "out")
    one, other = (array_in(place / "out" / "susceptibility_ppm.nii.gz") for place in (mapped, tmp_path))
    assert np.abs(one - other).max() < 0.02 * other.std()
    record = json.loads((mapped / "out" / "run.json").read_text())
    assert "3 echoes, magnitude and phase" in record["inputs"]["dicom"] and record["scan"]["reported"]


def test_of_several_scans_one_is_chosen(cli, crowded, run_refused, tmp_path):
    run_refused("There are 2 scans: 1: .*; 2: .* Choose one with --scan", "--dicom", *crowded)
    run_refused("There is no scan 3", "--dicom", *crowded, "--scan", 3)
    *_, out, _ = cli("dicom", *crowded, "--json")
    number = next(s["number"] for s in json.loads(out)["scans"] if s["size_ijk"] == [40, 36, 32])
    run(cli, "--dicom", *crowded, "--scan", number, "--output", tmp_path / "out")
    assert array_in(tmp_path / "out" / "mask.nii.gz").shape == SHAPE


def test_all_scans_are_mapped_and_one_that_fails_does_not_stop_the_others(cli, crowded, tmp_path):
    settings = ("mask.method=robust", *FAST[:2], "background.radius_mm=7", FAST[3])
    status, _, err = cli("run", "--dicom", *crowded, "--scan", "all", "--output", tmp_path / "all", "--set", *settings)
    assert status == 2 and "1 of 2 runs failed" in err
    assert [path.parent.parent for path in (tmp_path / "all").rglob("run.json")] == [tmp_path / "all"]


def test_bids_made_of_it_is_mapped_to_the_same(cli, folder, mapped, tmp_path):
    status, out, _ = cli("dicom", folder, "--to-bids", tmp_path / "bids", "--participant-label", "01")
    assert status == 0 and len(out.splitlines()) == 1 + 2 * 2 * 3
    run(cli, "--bids", tmp_path / "bids")
    (found,) = (tmp_path / "bids").rglob("sub-01_Chimap.nii.gz")
    assert np.array_equal(array_in(found), array_in(mapped / "out" / "susceptibility_ppm.nii.gz"))


def test_bids_folders_are_added_to_and_nothing_is_replaced(cli, refused, tmp_path):
    written(tmp_path / "dicom", philips.enhanced(example()))
    write = ("dicom", tmp_path / "dicom", "--to-bids", tmp_path / "bids", "--participant-label")
    assert [cli(*write, label)[0] for label in ("01", "02")] == [0, 0]
    refused("exists|is there already|overwrite", *write, "02")
    refused("cannot be a label", *write, "0/2")
    refused("needs --participant-label", *write[:-1])


def test_the_map_as_a_dicom_series_has_the_same_values_in_ppb(mapped):
    (series,) = (path for path in (mapped / "pacs").iterdir() if path.name.endswith("susceptibility"))
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(series))
    image = sitk.ReadImage(names)
    ppm = sitk.ReadImage(str(mapped / "out" / "susceptibility_ppm.nii.gz"))
    mask = array_in(mapped / "out" / "reliable_mask.nii.gz") > 0
    difference = sitk.GetArrayFromImage(image) - 1000 * sitk.GetArrayFromImage(ppm)
    assert np.abs(difference[mask]).max() <= 0.501
    assert np.allclose(image.GetOrigin(), ppm.GetOrigin(), atol=1e-3)
    assert np.allclose(image.GetDirection(), ppm.GetDirection(), atol=1e-4)


def test_images_get_the_patient_of_dicom_files_that_are_named(cli, folder, head, run_refused, tmp_path):
    images = [
        [save(tmp_path / f"{n}{e}.nii", a.astype(np.float32)) for e, a in enumerate(of[0])]
        for n, of in (("m", head.magnitude), ("p", head.phase_rad))
    ]
    facts = ("--echo-times", *ECHO_TIMES, "--field-strength", head.field_strength_t)
    scan = ("--magnitude", *images[0], "--phase", *images[1], *facts)
    run_refused("--dicom-output needs --dicom, or --dicom-source", *scan, "--dicom-output", tmp_path / "pacs")
    more = ("--dicom-output", tmp_path / "pacs", "--dicom-source", folder, "--series-description", "Iron")
    run(cli, *scan, "--output", tmp_path / "out", *more, "--no-research-use")
    import pydicom

    written_files = list((tmp_path / "pacs").rglob("*.dcm"))
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in written_files]
    assert {str(header.PatientName) for header in headers} == {PERSON["PatientName"]}
    assert all(h.SeriesDescription.startswith("Iron") and "research" not in h.SeriesDescription for h in headers)


def test_dicom_alone_can_be_written_with_the_maps_that_are_wanted(cli, folder, tmp_path):
    maps = ("--dicom-maps", "quality", "susceptibility_ppm")
    run(cli, "--dicom", folder, "--dicom-output", tmp_path / "pacs", "--series-description", "Iron", *maps)
    assert {path.name for path in tmp_path.iterdir()} == {"pacs"}
    assert {"phase-quality", "susceptibility"} <= {p.name.partition("-")[2] for p in (tmp_path / "pacs").iterdir()}
    import pydicom

    (first,) = (tmp_path / "pacs").glob("*-susceptibility/0001.dcm")
    said = pydicom.dcmread(first).SeriesDescription
    assert said.startswith("Iron susceptibility [pp") and said.endswith("(research use)")


def test_regions_are_written_as_segmentation_and_report(cli, folder, mapped, tmp_path):
    chi = array_in(mapped / "out" / "susceptibility_ppm.nii.gz")
    labels = np.zeros(chi.shape, np.uint8)
    labels[14:18, 16:20, 18:22] = 1
    save(tmp_path / "labels.nii", labels)
    measure = (
        "statistics",
        "--map",
        mapped / "out" / "susceptibility_ppm.nii.gz",
        "--labels",
        tmp_path / "labels.nii",
    )
    measure = (*measure, "--output", tmp_path / "table.csv", "--dicom-source", folder)
    status, out, err = cli(*measure, "--dicom-output", tmp_path / "pacs")
    assert status == 0, err
    import pydicom

    (report,) = (tmp_path / "pacs").glob("*values/*.dcm")
    numbers = [float(item.NumericValue) for item in _numbers(pydicom.dcmread(report))]
    assert np.isclose(numbers, 1000 * chi[labels > 0].mean(), atol=1e-3).any()
    (segments,) = (tmp_path / "pacs").glob("*regions/*.dcm")
    assert pydicom.dcmread(segments).pixel_array.sum() == np.count_nonzero(labels)


def test_nothing_is_written_if_regions_cannot_be(mapped, folder, refused, tmp_path):
    chi = mapped / "out" / "susceptibility_ppm.nii.gz"
    labels = np.zeros((*SHAPE, 2), np.uint8)
    labels[14:18, 16:20, 18:22] = 1
    layers = sitk.GetImageFromArray(labels, True)
    layers.CopyInformation(sitk.ReadImage(str(chi)))
    for n, name in enumerate(("one", "other")):
        for key, value in (("Name", name), ("LabelValue", "1"), ("Layer", str(n))):
            layers.SetMetaData(f"Segment{n}_{key}", value)
    sitk.WriteImage(layers, str(tmp_path / "overlapping.seg.nrrd"))
    save(tmp_path / "labels.nii", labels[..., 0])
    measure = ("statistics", "--map", chi, "--output", tmp_path / "table.csv", "--dicom-source", folder)
    refused("exists already", *measure, "--dicom-output", mapped / "pacs", "--labels", tmp_path / "labels.nii")
    overlapping = ("--labels", tmp_path / "overlapping.seg.nrrd")
    refused("one and other overlap", *measure, "--dicom-output", tmp_path / "pacs", *overlapping)


def _numbers(item):
    for child in item.get("ContentSequence", ()):
        if "MeasuredValueSequence" in child:
            yield child.MeasuredValueSequence[0]
        yield from _numbers(child)


def test_options_that_do_not_fit_are_refused(run_refused, folder, refused, tmp_path):
    run_refused("--dicom finds the images itself", "--dicom", folder, "--magnitude", "m.nii", "--phase", "p.nii")
    run_refused("--scan can be used with", "--magnitude", "m.nii", "--phase", "p.nii", "--scan", 1)
    run_refused("--series-description can be used with", "--dicom", folder, "--series-description", "x")
    run_refused("--dicom-maps can be used with", "--dicom", folder, "--dicom-maps", "local_field_ppm")
    run_refused("--no-research-use can be used with", "--dicom", folder, "--no-research-use")
    run_refused("--volumes coils is for image files", "--dicom", folder, "--volumes", "coils")
    refused("needs --output or --dicom-output", "run", "--dicom", folder)
    refused("--participant-label and --session-label", "dicom", folder, "--participant-label", "01")
    refused("Omit --scan and the options for DICOM", "run", "--bids", folder, "--dicom", folder)


def test_what_cannot_be_written_as_dicom_is_said_before_the_run(mapped, folder, refused, tmp_path):
    run_dicom = ("run", "--dicom", folder, "--dicom-output")
    refused("exists already", *run_dicom, mapped / "pacs")
    maps = (*run_dicom, tmp_path / "pacs", "--dicom-maps")
    refused("Add --maps uncertainty", *maps, UNCERTAINTY, "--set", "uncertainty.method=none")
    written(tmp_path / "one", siemens.classic(example(echo_times_s=(0.02,))))
    maps = ("run", "--dicom", tmp_path / "one", "--dicom-output", tmp_path / "pacs", "--dicom-maps")
    refused("needs several echoes", *maps, "uncertainty_ppm")


def test_points_in_time_differ_in_number_description_and_source(cli, head, tmp_path):
    import pydicom

    images = {name: np.stack([getattr(head, name)[0, :1]] * 2) for name in ("magnitude", "phase_rad")}
    twice = replace(head, **images, echo_times_s=ECHO_TIMES[:1])
    written(tmp_path / "dicom", siemens.classic(twice))
    run(cli, "--dicom", tmp_path / "dicom", "--dicom-output", tmp_path / "pacs", "--volumes", "all")
    files = [next((tmp_path / "pacs" / f"volume-00{n}").glob("*-susceptibility/0001.dcm")) for n in (1, 2)]
    images = [pydicom.dcmread(path) for path in files]
    assert [image.SeriesDescription[:27] for image in images] == [f"QSM volume {n} susceptibility" for n in (1, 2)]
    assert images[1].SeriesNumber - images[0].SeriesNumber == 100
    referred = [{item.ReferencedSOPInstanceUID for item in image.SourceImageSequence} for image in images]
    assert len(referred[0]) == len(referred[1]) == 2 and not referred[0] & referred[1]
