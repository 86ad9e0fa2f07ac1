"""The chain on files: what is written, on which grid, from which kinds of files."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.scan_on_disk import SHAPE, ScanOnDisk, load, save

from QSMLogic.files import images
from QSMLogic.files.scans import load_acquisition, load_signal
from QSMLogic.registry.method import find
from QSMLogic.stages.invert.automatic import IN_MODELS

OUTPUTS = {
    *("mask.nii.gz", "reliable_mask.nii.gz", "run.json"),
    *("total_field_ppm.nii.gz", "local_field_ppm.nii.gz", "susceptibility_ppm.nii.gz"),
    "field_uncertainty_ppm.nii.gz",
    "susceptibility_uncertainty_ppm.nii.gz",
}
STEPS = ("mask", "unwrapped", "total", "known", "u", "g", "local", "e", "chi")


def run(cli, scan, folder, *more, mask=True, **replaced):
    given = ("--mask", scan.mask) if mask and "--mask" not in more else ()
    status, out, err = cli("run", *scan.arguments(**replaced), "--output", folder, *given, *more)
    assert status == 0, err
    return out, err


def test_outputs(cli, scan, tmp_path):
    out, err = run(cli, scan, tmp_path / "out", mask=False)
    assert {p.name for p in (tmp_path / "out").iterdir()} == OUTPUTS
    assert {line.rsplit("/", 1)[-1] for line in out.replace(os.sep, "/").splitlines()} == OUTPUTS
    stages = [line for line in err.splitlines() if line.startswith("[")]
    assert [line.split()[-1] for line in stages][-3:] == ["invert", "reference", "uncertainty"]
    assert err.splitlines()[len(stages)].startswith(f"QSMLogic: Inversion by {find('invert', IN_MODELS).title}")
    mask, chi = load(tmp_path / "out" / "mask.nii.gz"), load(tmp_path / "out" / "susceptibility_ppm.nii.gz")
    assert mask.dtype == np.uint8 and chi.dtype == np.float32
    assert mask.shape == chi.shape == scan.tissue.shape
    assert (mask[scan.tissue] == 1).mean() > 0.9 and (mask[~scan.tissue] == 0).mean() > 0.9
    assert chi[15:17, 17:19, 19:21].mean() > 0.2
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["inputs"]["phase"] == ["phase1.nii.gz", "phase2.nii.gz", "phase3.nii.gz"]
    assert record["scan"]["echo_times_s"] == [0.004, 0.012, 0.02]


def test_one_4d_file_equals_one_file_per_echo(cli, scan, tmp_path):
    run(cli, scan, tmp_path / "a")
    four_d = {
        name: [save(tmp_path / f"{name}.nii.gz", np.stack([load(p) for p in getattr(scan, name)]))]
        for name in ("magnitude", "phase")
    }
    run(cli, scan, tmp_path / "b", **four_d)
    for name in OUTPUTS - {"run.json"}:
        np.testing.assert_array_equal(load(tmp_path / "a" / name), load(tmp_path / "b" / name))


def test_components_of_a_voxel_are_echoes(scan, tmp_path):
    echoes = np.stack([load(p) for p in scan.phase], axis=-1)
    sitk.WriteImage(sitk.GetImageFromArray(echoes, isVector=True), str(tmp_path / "v.nrrd"))
    array, _ = images.read_image(tmp_path / "v.nrrd")
    np.testing.assert_array_equal(array, np.moveaxis(echoes, -1, 0))


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii"])
def test_other_formats_equal_nifti(ending, scan, tmp_path):
    other = ScanOnDisk(tmp_path / "other", ending=ending)
    expected, _ = load_acquisition(scan.magnitude, scan.phase, scan.times, 3)
    found, _ = load_acquisition(other.magnitude, other.phase, other.times, 3)
    np.testing.assert_array_equal(found.phase, expected.phase)
    assert found.grid == expected.grid


def test_run_on_nrrd_with_sidecars(cli, tmp_path):
    scan = ScanOnDisk(tmp_path / "scan", ending=".nrrd")
    scan.add_sidecars()
    files = ("--magnitude", *scan.magnitude, "--phase", *scan.phase)
    status, _, err = cli("run", *files, "--mask", scan.mask, "--output", tmp_path / "out")
    assert status == 0, err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["scan"]["echo_times_s"] == [0.004, 0.012, 0.02]
    assert record["scan"]["field_strength_t"] == 3
    assert record["mask"] == "given"
    np.testing.assert_array_equal(load(tmp_path / "out" / "mask.nii.gz"), scan.tissue)


def test_oblique_geometry_is_kept_and_gives_b0(cli, tmp_path):
    tilt = np.radians(20)
    direction = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    geometry = {"spacing": (1.0, 1.1, 1.3), "origin": (-20.5, 3.25, 7.0), "direction": direction}
    scan = ScanOnDisk(tmp_path / "scan", geometry=geometry)
    run(cli, scan, tmp_path / "out")
    for name in OUTPUTS - {"run.json"}:
        image = sitk.ReadImage(str(tmp_path / "out" / name))
        np.testing.assert_allclose(image.GetDirection(), direction.ravel(), atol=1e-6)
        np.testing.assert_allclose(image.GetSpacing(), geometry["spacing"], atol=1e-6)
        np.testing.assert_allclose(image.GetOrigin(), geometry["origin"], atol=1e-5)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    np.testing.assert_allclose(record["scan"]["b0_direction_kji"], (np.cos(tilt), np.sin(tilt), 0), atol=1e-6)
    np.testing.assert_allclose(record["scan"]["spacing_mm_kji"], (1.3, 1.1, 1.0), atol=1e-6)


def test_b0_direction_is_along_the_axes_of_the_image(cli, scan, tmp_path):
    run(cli, scan, tmp_path / "out", "--b0-direction", 0, 3, -4)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["scan"]["b0_direction_kji"] == pytest.approx([-0.8, 0.6, 0])


def test_scaling_of_the_header_is_applied(tmp_path):
    path = save(tmp_path / "scaled.nii", np.full((4, 5, 6), 7, np.int16))
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([0.5, 1.0], "<f4").tobytes()
    path.write_bytes(content)
    assert (images.read_image(path)[0] == 4.5).all()


def test_field_strength_from_imaging_frequency(scan):
    for path, time in zip(scan.phase, scan.times, strict=True):
        text = json.dumps({"EchoTime": time, "ImagingFrequency": 123.2})
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(text)
    loaded, _ = load_acquisition(scan.magnitude, scan.phase)
    assert loaded.field_strength_t == pytest.approx(2.8936, abs=1e-4)
    assert loaded.echo_times_s == scan.times


def test_echo_times_of_a_4d_file_are_a_list(scan, tmp_path):
    paths = [
        save(tmp_path / f"{name}.nii.gz", np.stack([load(p) for p in getattr(scan, name)]))
        for name in ("magnitude", "phase")
    ]
    (tmp_path / "phase.json").write_text(json.dumps({"EchoTime": [0.004, 0.012, 0.02], "MagneticFieldStrength": 7}))
    loaded, _ = load_acquisition(paths[:1], paths[1:])
    assert loaded.echo_times_s == (0.004, 0.012, 0.02)


def test_settings_file_is_obeyed_and_recorded(cli, scan, tmp_path):
    settings = tmp_path / "settings.json"
    settings.write_text('{"background": {"method": "vsharp", "max_radius_mm": 4}}')
    run(cli, scan, tmp_path / "out", "--settings", settings)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["settings"]["background"]["max_radius_mm"] == 4


def test_single_echo(cli, scan, tmp_path):
    run(cli, scan, tmp_path / "out", magnitude=scan.magnitude[1:2], phase=scan.phase[1:2], times=[0.012])
    assert load(tmp_path / "out" / "susceptibility_ppm.nii.gz")[15:17, 17:19, 19:21].mean() > 0.2


def test_real_and_imaginary_and_complex_files_are_the_same_scan(scan, tmp_path):
    expected, geometry = load_acquisition(scan.magnitude, scan.phase, scan.times, 3)
    signal = expected.magnitude * np.exp(1j * expected.phase)
    parts = [
        [save(tmp_path / f"{name}{e}.nii.gz", part[e].astype(np.float32)) for e in range(3)]
        for name, part in (("real", signal.real), ("imaginary", signal.imag))
    ]
    compound = []
    for e, ending in enumerate((".nii.gz", ".nrrd", ".nii")):
        compound.append(tmp_path / f"complex{e}{ending}")
        sitk.WriteImage(sitk.GetImageFromArray(signal[e].astype(np.complex64)), str(compound[-1]))
    one_4d = tmp_path / "all.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(signal.astype(np.complex64), isVector=False), str(one_4d))
    for files in (parts, (compound,), ([one_4d],)):
        found, where = load_signal(*files, echo_times_s=scan.times, field_strength_t=3)
        assert not geometry.difference(where)
        np.testing.assert_allclose(found.magnitude, expected.magnitude, rtol=1e-4, atol=1e-3)
        assert np.abs(np.angle(np.exp(1j * (found.phase - expected.phase)))).max() < 1e-3


def test_run_with_all_options_of_input_and_output(cli, scan, tmp_path):
    signal = np.stack([load(m) * np.exp(1j * load(p)) for m, p in zip(scan.magnitude, scan.phase, strict=True)])
    real, imaginary = save(tmp_path / "r.nii", signal.real), save(tmp_path / "i.nii", signal.imag)
    facts = ("--echo-times", *scan.times, "--field-strength", 3, "--mask", scan.mask, "--reference-mask", scan.mask)
    output = tmp_path / "out"
    more = ("--quality-map", "--curve", "--settings", json.dumps({"invert": {"method": "tikhonov"}}))
    status, _, err = cli("run", "--real", real, "--imaginary", imaginary, *facts, *more, "--output", output)
    assert status == 0, err
    assert {p.name for p in output.iterdir()} == OUTPUTS | {"phase_quality.nii.gz", "curve.tsv", "curve.svg"}
    record = json.loads((output / "run.json").read_text())
    header, *lines = (output / "curve.tsv").read_text().splitlines()
    values = [float(line.split("\t")[0]) for line in lines]
    assert header.startswith("value\t") and len(lines) == 7
    assert values == pytest.approx([p["value"] for p in record["notes"]["curve"]["points"]], rel=1e-5)
    assert record["inputs"] == {
        **{"real": ["r.nii"], "imaginary": ["i.nii"]},
        **{"mask": "tissue.nii.gz", "reference_mask": "tissue.nii.gz"},
    }
    assert record["settings"]["reference"]["method"] == "region"
    quality = load(output / "phase_quality.nii.gz")
    assert quality[scan.tissue].mean() > 0.8 > 2 * quality[~scan.tissue].mean()
    options = ("--mask", scan.mask, "--output", tmp_path / "u.nii.gz", "--output-quality", tmp_path / "q.nii.gz")
    status, _, err = cli("unwrap", "romeo", *scan.arguments(), *options)
    assert status == 0, err
    np.testing.assert_allclose(load(tmp_path / "q.nii.gz"), quality, atol=1e-3)


def test_stages_by_hand_equal_the_run(cli, scan, tmp_path):
    run(cli, scan, tmp_path / "run", mask=False)

    def stage(*arguments):
        status, _, err = cli(*arguments)
        assert status == 0, err

    out = {name: tmp_path / f"{name}.nii.gz" for name in STEPS}
    times = ("--echo-times", *scan.times, "--field-strength", 3)
    stage("mask", "brain", *scan.arguments(), "--output", out["mask"])
    stage("unwrap", "romeo", *scan.arguments(), "--mask", out["mask"], "--output", out["unwrapped"])
    stage(
        *("field", "phase_snr", "--magnitude", *scan.magnitude, "--unwrapped", out["unwrapped"], *times),
        *("--mask", out["mask"], "--output", out["total"], "--output-mask", out["known"]),
        *("--output-uncertainty", out["u"], "--output-magnitude", out["g"]),
    )
    extra = ("--magnitude", out["g"], "--uncertainty", out["u"])
    stage(
        *("background", "vsharp", "--total-field", out["total"], "--mask", out["known"], *extra),
        *("--output", out["local"], "--output-mask", out["e"]),
    )
    stage("invert", "wh_qsm", "--local-field", out["local"], "--mask", out["e"], *extra, "--output", out["chi"])

    maps = {"mask": "mask", "e": "reliable_mask", "total": "total_field_ppm", "local": "local_field_ppm"}
    for by_hand, of_run in maps.items():
        expected = load(tmp_path / "run" / f"{of_run}.nii.gz").astype(float)
        np.testing.assert_allclose(load(out[by_hand]), expected, atol=1e-5, err_msg=of_run)
    chi, expected = load(out["chi"]), load(tmp_path / "run" / "susceptibility_ppm.nii.gz")
    # the run cuts the image to its mask, the stage to the eroded mask: transforms of another size, slightly other maps
    assert np.linalg.norm(chi - expected) < 0.1 * np.linalg.norm(expected)


def test_field_from_phase_equals_field_of_run(cli, scan, tmp_path):
    run(cli, scan, tmp_path / "run")
    given = (*scan.arguments(), "--mask", scan.mask)
    status, _, err = cli("field", "phase_snr", *given, "--output", tmp_path / "f.nii.gz")
    assert status == 0, err
    np.testing.assert_array_equal(load(tmp_path / "f.nii.gz"), load(tmp_path / "run" / "total_field_ppm.nii.gz"))


def test_parameters_of_a_stage_are_obeyed(cli, scan, tmp_path):
    field_ppm = scan.write("field", np.where(scan.tissue, 0.01, 0).astype(np.float32))
    kept = []
    for radius in (3, 9):
        status, _, err = cli(
            *("background", "vsharp", "--total-field", field_ppm, "--mask", scan.mask, "--max-radius-mm", radius),
            *("--min-radius-mm", radius, "--output", tmp_path / "l.nii.gz", "--output-mask", tmp_path / "e.nii.gz"),
            "--overwrite",
        )
        assert status == 0, err
        kept.append(load(tmp_path / "e.nii.gz").sum())
    assert kept[0] > kept[1] > 0


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(how, scan, tmp_path):
    arguments = map(str, ("run", *scan.arguments(), "--output", tmp_path / "out"))
    with subprocess.Popen(
        [sys.executable, "-m", "QSMLogic", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs inherit it as ignored
    ) as process:
        assert process.stderr.readline().startswith("[")
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("QSMLogic: interrupted")
    assert out == "" and not (tmp_path / "out").exists()


def test_interrupted_writing_leaves_what_was_there(cli, scan, tmp_path, monkeypatch):
    run(cli, scan, tmp_path / "out", "--mask", scan.mask)
    before = {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    written = []

    def interrupted(temporary, *rest, write=images._write):
        write(temporary, *rest)
        written.append(temporary)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(images, "_write", interrupted)
    status, out, err = cli("run", *scan.arguments(), "--output", tmp_path / "out")
    assert (status, out) == (1, "") and "interrupted" in err
    assert {p: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_inversion_is_told_where_the_fluid_is(cli, tmp_path):
    """MEDI+0: the mean of the fluid that is given becomes the map's zero."""
    field = np.random.default_rng(0).normal(0.02, 0.01, SHAPE).astype(np.float32)
    fluid = np.zeros(SHAPE, bool)
    fluid[12:18, 14:20, 16:24] = True
    files = {name: tmp_path / f"{name}.nii.gz" for name in ("field", "mask", "csf", "chi")}
    for name, array in (("field", field), ("mask", np.ones(SHAPE, bool)), ("csf", fluid)):
        save(files[name], array)
    given = [text for name in ("mask", "csf") for text in (f"--{name}", files[name])]
    status, _, err = cli(
        *("invert", "medi", "--local-field", files["field"], *given),
        *("--reference", "none", "--output", files["chi"]),
    )
    assert status == 0, err
    chi = load(files["chi"])
    assert abs(chi[fluid].mean(dtype=float)) < 1e-5 < abs(chi.mean(dtype=float))


def test_curve_tells_fit_and_smoothness_over_the_strength(cli, tmp_path):
    field = np.random.default_rng(0).normal(0, 0.01, SHAPE).astype(np.float32)
    files = {name: tmp_path / f"{name}.nii.gz" for name in ("field", "mask")}
    save(files["field"], field)
    save(files["mask"], np.ones(SHAPE, bool))
    given = ("--local-field", files["field"], "--mask", files["mask"], "--strength", 0.02)
    status, _, err = cli("curve", "tikhonov", *given, "--output", tmp_path / "curve")
    assert status == 0, err
    header, *lines = [line.split("\t") for line in (tmp_path / "curve" / "curve.tsv").read_text().splitlines()]
    columns = {name: [line[n] for line in lines] for n, name in enumerate(header)}
    misfit, rough = (np.array(columns[c], float) for c in ("residual_ppm", "gradient_ppm_per_mm"))
    assert len(lines) == 7 and (np.diff(misfit) > 0).all() and (np.diff(rough) < 0).all()
    assert [float(v) for v, chosen in zip(columns["value"], columns["chosen"], strict=True) if chosen] == [0.02]
    assert "<svg" in (tmp_path / "curve" / "curve.svg").read_text()


@pytest.mark.parametrize("anonymous", [False, True])
def test_checks_name_no_folder_and_if_anonymous_no_file(cli, scan, tmp_path, anonymous):
    phase = [scan.write(f"smith_e{e}", load(path)) for e, path in enumerate(scan.phase, 1)]
    phase[0].with_name("smith_e1.json").write_text('{"EchoTime": 0.004, "EchoNumber": 3}')
    run(cli, scan, tmp_path / "out", *(["--anonymous"] if anonymous else []), phase=phase)
    text = (tmp_path / "out" / "run.json").read_text()
    [said] = [check["sentence"] for check in json.loads(text)["checks"] if check["name"] == "echo_number"]
    assert "echo 3 according to its sidecar" in said and ("smith_e1" in said) != anonymous
    assert str(scan.folder) not in text and ("smith" in text) != anonymous


def test_settings_of_an_anonymous_run_name_files_without_their_folders():
    from QSMLogic.pipeline.named_inputs import _without_paths

    settings = {"invert": {"method": "onnx", "model": "/data/patient-7/net.onnx", "multiple": 16}}
    settings["mask"] = {"a": r"C:\b"}
    assert _without_paths(settings) == {
        "invert": {"method": "onnx", "model": "net.onnx", "multiple": 16},
        "mask": {"a": "b"},
    }
