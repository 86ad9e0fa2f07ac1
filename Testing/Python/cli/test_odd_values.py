"""Numbers, units and facts that cannot be right are refused, with the reason."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import load, save


@pytest.mark.parametrize("text", ["nan", "inf", "0", "-1", "1e-300", "1e300", "1e999"])
def test_numbers_that_are_none(scan, run_refused, text):
    facts = ("--magnitude", scan.magnitude[0], "--phase", scan.phase[0])
    run_refused(r"[Ff]ield strength", *facts, "--echo-times", 0.004, "--field-strength", text)
    run_refused(r"[Ee]cho times", *facts, "--echo-times", text, "--field-strength", 3)
    if text not in ("1e-300", "1e300", "-1"):
        run_refused(
            r"B0 direction", *facts, "--echo-times", 0.004, "--field-strength", 3, "--b0-direction", *3 * [text]
        )


def test_facts_of_call_and_sidecar_are_compared(scan, run_refused):
    scan.add_sidecars()
    run_refused(r"mag3.* is 0\.03 s, but its sidecar says 0\.02", *scan.arguments(times=[0.004, 0.012, 0.03]))
    run_refused(r"1\.5 T according to the call, but 3 T", *scan.arguments(strength=1.5))
    record = {"EchoTime": 0.004, "MagneticFieldStrength": 3, "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]}
    (scan.folder / "phase1.json").write_text(json.dumps(record))
    run_refused(r"phase1.* is given as phase, but the ImageType .* says magnitude", *scan.arguments())


@pytest.mark.parametrize("voxel_mm", ["nan", "inf", "0", "-1", "1e-9", "1e9"])
def test_voxels_of_a_template(refused, tmp_path, voxel_mm):
    refused(r"Voxels of a template", "template", f"--voxel-mm={voxel_mm}", "--output", tmp_path / "t")


@pytest.mark.parametrize("recipe", ["erode 999999999999", "dilate 1000", "smooth 1000", "erode 500 mm"])
def test_sizes_in_recipes(scan, refused, tmp_path, recipe):
    options = ("--recipe", f"magnitude: otsu, {recipe}", *scan.arguments(), "--output", tmp_path / "m.nii")
    refused(r"more than 50 voxels", "mask", "recipe", *options)
    homogenize = ("--recipe", "magnitude: homogenize 0, otsu", *scan.arguments(), "--output", tmp_path / "m.nii")
    refused(r"homogenize takes a length", "mask", "recipe", *homogenize)


def test_field_in_hertz(scan, refused, tmp_path):
    field = save(
        tmp_path / "hz.nii", np.where(scan.tissue, np.random.default_rng(0).normal(0, 4, scan.tissue.shape), 0)
    )
    options = ("--mask", scan.mask, "--local-field", field, "--output", tmp_path / "o.nii")
    refused(r"standard deviation of 4.*appears to be in Hz.*--field-unit", "invert", "tkd", *options)


@pytest.mark.parametrize("method", ["ilsqr", "qsmart"])
def test_mask_of_single_voxels(scan, refused, tmp_path, method):
    mask = np.zeros_like(scan.tissue)
    mask[1, 1, 1] = mask[-2, -2, -2] = True
    field = save(tmp_path / "f.nii", np.where(mask, 0.1, 0).astype(np.float32))
    options = ("--mask", scan.write("two", mask), "--local-field", field, "--output", tmp_path / "o.nii")
    refused(r"no two voxels side by side", "invert", method, *options)


def test_bids_folders_that_are_none(refused, tmp_path):
    refused(r"There is no folder", "run", "--bids", tmp_path / "none")
    refused(r"no participants", "run", "--bids", tmp_path)
    (tmp_path / "sub-1").mkdir()
    refused(r"part of a BIDS folder.*--participant-label", "run", "--bids", tmp_path / "sub-1")
    (tmp_path / "dicom").mkdir()
    (tmp_path / "dicom" / "0001").write_bytes(bytes(128) + b"DICM" + bytes(9))
    refused(r"holds DICOM files.*run --dicom", "run", "--bids", tmp_path / "dicom")


@pytest.mark.parametrize("command", [("unwrap", "laplacian"), ("field", "linear_fit")])
def test_single_stages_refuse_what_a_run_refuses_of_the_mask(scan, refused, tmp_path, command):
    phase = load(scan.phase[0])
    phase[16, 18, 20] = np.nan
    holed = [save(tmp_path / "holed.nii", phase), *scan.phase[1:]]
    output = "--quiet", "--output", tmp_path / "out.nii"
    refused(r"NaN or infinite in 1 voxels", *command, *scan.arguments(phase=holed), "--mask", scan.mask, *output)
    void = np.zeros(scan.tissue.shape, np.uint8)
    void[:4] = 1
    empty = [save(tmp_path / f"empty{n}.nii", load(path) * (1 - void)) for n, path in enumerate(scan.magnitude)]
    void[16, 14:22, 16:24] = 1
    mask = save(tmp_path / "void.nii", void)
    refused(r"has no signal", *command, *scan.arguments(magnitude=empty), "--mask", mask, *output)
