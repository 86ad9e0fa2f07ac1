"""Bad input ends with status 2, one clear line on stderr, and nothing written."""

import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.scan_on_disk import load, save


def test_echoes_of_different_shape(scan, run_refused):
    scan.write("mag2", load(scan.magnitude[1])[:-1])
    run_refused(r"mag2.* does not fit .*mag1.*size is 40 x 36 x 31 .*40 x 36 x 32", *scan.arguments())


def test_echoes_of_different_spacing(scan, run_refused):
    scan.write("phase3", load(scan.phase[2]), spacing=(1, 1, 1.5))
    run_refused(r"phase3.* does not fit .*mag1.*spacing is 1 x 1 x 1.5", *scan.arguments())


def test_echoes_at_different_places(scan, run_refused):
    scan.write("phase1", load(scan.phase[0]), origin=(0, 2, 0))
    run_refused(r"phase1.* does not fit .*mag1.*origin", *scan.arguments())


def test_echoes_of_different_orientation(scan, run_refused):
    turned = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    scan.write("phase1", load(scan.phase[0]), direction=turned)
    run_refused(r"phase1.* does not fit .*mag1.*direction", *scan.arguments())


def test_fewer_phase_than_magnitude_files(scan, run_refused):
    run_refused(r"3 echoes.*2 echoes", *scan.arguments(phase=scan.phase[:2]))


def test_one_echo_time_for_three_echoes(scan, run_refused):
    run_refused(r"echo times: 1, of echoes: 3", *scan.arguments(times=[0.004]))


def test_echo_times_in_milliseconds(scan, run_refused):
    run_refused(r"milliseconds.*0\.004 0\.012 0\.02", *scan.arguments(times=[4, 12, 20]))


def test_field_strength_in_gauss(scan, run_refused):
    run_refused(r"gauss.*tesla: 3", *scan.arguments(strength=30000))


def test_phase_that_is_magnitude(scan, run_refused):
    run_refused(r"phase", *scan.arguments(phase=scan.magnitude))


def test_constant_phase(scan, run_refused):
    paths = [scan.write(f"flat{e}", np.full(scan.tissue.shape, 0.5, np.float32)) for e in range(3)]
    run_refused(r"phase of echo 1 is constant", *scan.arguments(phase=paths))


def test_phase_that_is_not_a_number(scan, run_refused):
    paths = [scan.write(f"nan{e}", np.full(scan.tissue.shape, np.nan, np.float32)) for e in range(3)]
    run_refused(r"NaN or infinite", *scan.arguments(phase=paths))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd"])
def test_nan_inside_the_mask(scan, run_refused, ending):
    phase = load(scan.phase[0])
    phase[16, 18, 20] = np.nan
    paths = [save(scan.folder / f"holed{ending}", phase), *scan.phase[1:]]
    run_refused(r"NaN or infinite in 1 voxels", *scan.arguments(phase=paths), "--mask", scan.mask)


@pytest.mark.parametrize("mask", [True, False])
def test_magnitude_and_phase_swapped(scan, run_refused, mask):
    given = ("--mask", scan.mask) if mask else ()
    run_refused(r"swapped", *scan.arguments(magnitude=scan.phase, phase=scan.magnitude), *given)


def test_files_that_make_no_scan(scan, run_refused):
    facts = ("--echo-times", *scan.times, "--field-strength", 3)
    run_refused(r"--real is not a complete scan", "--real", *scan.phase, *facts)
    run_refused(
        r"--magnitude and --imaginary is not a complete scan", *("--magnitude", *scan.phase, "--imaginary", *scan.phase)
    )
    run_refused(r"phase1.* is not complex", "--complex", *scan.phase, *facts)
    run_refused(
        r"numbers of real and imaginary images differ", "--real", *scan.phase, "--imaginary", scan.phase[0], *facts
    )


def test_complex_files_given_as_magnitude_or_mask(scan, run_refused, tmp_path):
    path = tmp_path / "complex.nii"
    sitk.WriteImage(sitk.GetImageFromArray(load(scan.phase[0]).astype(np.complex64)), str(path))
    run_refused(r"complex.nii is complex; pass it as --complex", *scan.arguments(magnitude=[path] * 3))
    run_refused(r"complex.nii is complex, but a real image", *scan.arguments(), "--mask", path)


def test_region_without_its_mask(scan, run_refused):
    run_refused(r"--reference-mask", *scan.arguments(), "--settings", '{"reference": {"method": "region"}}')


def test_empty_mask(scan, run_refused):
    mask = scan.write("empty", np.zeros_like(scan.tissue))
    run_refused(r"mask is empty", *scan.arguments(), "--mask", mask)


def test_mask_of_another_grid(scan, run_refused):
    mask = scan.write("coarse", scan.tissue[::2, ::2, ::2], spacing=(2, 2, 2))
    run_refused(r"coarse.* does not fit the scan.*[Rr]esample", *scan.arguments(), "--mask", mask)


def test_mask_beside_the_scan(scan, run_refused):
    mask = scan.write("shifted", scan.tissue, origin=(5, 0, 0))
    run_refused(r"shifted.* does not fit the scan.*origin", *scan.arguments(), "--mask", mask)


def test_missing_sidecar(scan, run_refused):
    files = ("--magnitude", *scan.magnitude, "--phase", *scan.phase)
    run_refused(r"phase1\.json.*--echo-times", *files, "--field-strength", 3)
    run_refused(r"phase1\.json.*--field-strength", *files, "--echo-times", *scan.times)


def test_sidecar_without_echo_time(scan, run_refused):
    scan.add_sidecars()
    for path in (*scan.magnitude, *scan.phase):
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text('{"MagneticFieldStrength": 3}')
    run_refused(r"phase1\.json has no EchoTime", "--magnitude", *scan.magnitude, "--phase", *scan.phase)


def test_sidecar_that_is_no_json(scan, run_refused):
    scan.add_sidecars()
    (scan.folder / "phase2.json").write_text("EchoTime: 0.004")
    run_refused(r"phase2\.json is not valid JSON", "--magnitude", *scan.magnitude, "--phase", *scan.phase)


def test_flat_images(scan, run_refused, tmp_path):
    flat = save(tmp_path / "flat.nii.gz", np.ones((36, 40), np.float32))
    run_refused(
        r"flat\.nii\.gz is not a 3D image.*40 x 36", *scan.arguments(magnitude=[flat], phase=[flat], times=[0.01])
    )
    slab = save(tmp_path / "slab.nii.gz", np.ones((1, 36, 40), np.float32))
    run_refused(r"slab\.nii\.gz is not a 3D image", *scan.arguments(magnitude=[slab], phase=[slab], times=[0.01]))


def test_garbage_instead_of_an_image(scan, run_refused):
    scan.phase[1].write_bytes(b"this is no image" * 100)
    run_refused(r"phase2\.nii\.gz cannot be read", *scan.arguments())


def test_missing_image(scan, run_refused):
    scan.phase[1].unlink()
    run_refused(r"no file .*phase2\.nii\.gz", *scan.arguments())


def test_image_that_is_cut_short(scan, run_refused):
    content = scan.phase[1].read_bytes()
    scan.phase[1].write_bytes(content[: len(content) // 2])
    run_refused(r"phase2\.nii\.gz is damaged or incomplete", *scan.arguments())


def test_uncompressed_image_that_is_cut_short(scan, run_refused, tmp_path):
    path = save(tmp_path / "short.nii", load(scan.phase[1]))
    path.write_bytes(path.read_bytes()[:-100])
    run_refused(r"short\.nii is damaged or incomplete", *scan.arguments(phase=[scan.phase[0], path, scan.phase[2]]))


def test_complex_image(scan, run_refused, tmp_path):
    path = save(tmp_path / "complex.nii.gz", np.ones(scan.tissue.shape, np.complex64))
    run_refused(r"complex\.nii\.gz is complex", *scan.arguments(phase=[path], magnitude=[path], times=[0.01]))


def test_sheared_orientation(scan, run_refused, tmp_path):
    path = save(tmp_path / "sheared.nii", load(scan.phase[0]))
    header = bytearray(path.read_bytes())
    header[252:256] = np.array([0, 1], "<i2").tobytes()
    header[280:328] = np.array([[1, 0.3, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "<f4").tobytes()
    path.write_bytes(header)
    run_refused(r"sheared\.nii has axes that are not perpendicular", *scan.arguments(phase=[path], times=[0.01]))


def test_unwritable_folder_is_noticed_before_the_work(scan, refused):
    for folder in (scan.mask, scan.mask / "deeper" / "out"):
        err = refused(r"Cannot write .*tissue", "run", *scan.arguments(), "--output", folder)
        assert len(err.splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits exist on POSIX only")
def test_full_disk(scan, tmp_path):
    """A limit on the size of files stands for the full disk: a write fails halfway."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        "from QSMLogic.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    quick = ("--mask", scan.mask, "--settings", '{"invert": {"method": "tkd"}}')
    arguments = map(str, ("run", *scan.arguments(), *quick, "--output", tmp_path / "out"))
    done = subprocess.run([sys.executable, "-B", "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "the disk is full" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_output_that_would_replace_an_input(scan, refused, tmp_path):
    options = ("--mask", scan.mask, "--total-field", scan.phase[0])
    refused(r"would overwrite an input", "background", "vsharp", *options, "--output", scan.phase[0])


def test_field_stage_with_contradicting_inputs(scan, refused, tmp_path):
    stage, output = ("field", "phase_snr"), ("--output", tmp_path / "out.nii.gz")
    refused(r"either --phase or --unwrapped", *stage, *scan.arguments(), "--unwrapped", scan.phase[0], *output)
    without_phase = ("--magnitude", scan.magnitude[0], "--echo-times", 0.004, "--field-strength", 3)
    refused(r"either --phase or --unwrapped", *stage, *without_phase, *output)
    refused(r"--unwrapped needs --mask", *stage, *without_phase, "--unwrapped", scan.phase[0], *output)


def test_two_outputs_of_one_name(scan, refused, tmp_path):
    options = ("--mask", scan.mask, "--total-field", scan.phase[0], "--output", tmp_path / "a.nii.gz")
    refused(r"same name", "background", "vsharp", *options, "--output-mask", tmp_path / "a.nii.gz")


def test_map_of_several_volumes(scan, refused, tmp_path):
    volumes = save(tmp_path / "volumes.nii.gz", np.ones((3, *scan.tissue.shape), np.float32))
    options = ("--mask", scan.mask, "--local-field", scan.phase[0], "--uncertainty", volumes)
    refused(
        r"volumes\.nii\.gz does not fit the scan: it has 3 volumes",
        "invert",
        "rts",
        *options,
        "--output",
        tmp_path / "o.nii",
    )


def test_output_of_unknown_kind(scan, refused, tmp_path):
    options = ("--mask", scan.mask, "--total-field", scan.phase[0])
    refused(r"must end in", "background", "vsharp", *options, "--output", tmp_path / "out.png")


def test_settings_that_make_no_sense(scan, run_refused, tmp_path):
    path = tmp_path / "settings.json"
    run_refused(r"Cannot read the settings file .*settings\.json", *scan.arguments(), "--settings", path)
    for content, reason in (
        ("{", "not valid JSON"),
        ('{"background": {"method": "magic"}}', "has no method 'magic'"),
        ('{"background": {"max_radius_mm": -1}}', "max_radius_mm"),
    ):
        path.write_text(content)
        run_refused(reason, *scan.arguments(), "--settings", path)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "COMMAND"),
        (("divine",), "invalid choice: 'divine'"),
        (("run",), "--magnitude"),
        (("run", "--mask", ""), "value of --mask is empty"),
        (("run", "--mask="), "value of --mask is empty"),
        (("run", "--magnitude", "m.nii", " "), "value of --magnitude is empty"),
        (("background", "vsharp", "--max-radius-mm", "wide"), "--max-radius-mm"),
        (("background", "magic"), "invalid choice: 'magic'"),
    ],
)
def test_wrong_usage(refused, arguments, reason):
    refused(reason, *arguments)


def test_a_mask_drawn_into_the_output_folder_is_kept(scan, refused, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mask.nii.gz").write_bytes(b"drawn by hand")
    refused(r"mask\.nii\.gz exists already.*--overwrite", "run", *scan.arguments(), "--output", tmp_path / "out")
    assert (tmp_path / "out" / "mask.nii.gz").read_bytes() == b"drawn by hand"


def test_names_that_the_terminal_cannot_show_are_printed_escaped(tmp_path):
    code = "from QSMLogic.cli.console import *; print_any_character(); Console().wrote(['\\u043a.nii'])"
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout.strip()) == (0, r"\u043a.nii")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_during_the_imports_shows_no_traceback():
    code = (
        "import builtins, os, runpy, signal\n"
        "def imported(name, *rest, real=builtins.__import__, **options):\n"
        "    if name == 'QSMLogic.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *rest, **options)\n"
        "builtins.__import__ = imported\n"
        "runpy.run_module('QSMLogic', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "QSMLogic: interrupted; no incomplete files were written.\n"


def test_importing_the_package_imports_nothing_else():
    code = "import sys, QSMLogic; print('numpy' in sys.modules, QSMLogic.Settings.__name__, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "Settings", "True"]


@pytest.mark.parametrize("command", [["run", "--output", "out"], ["unwrap", "romeo", "--output", "u.nii"]])
def test_swapped_echoes_are_refused_by_runs_and_by_stages(scan, refused, command):
    swapped = {name: [getattr(scan, name)[n] for n in (1, 0, 2)] for name in ("magnitude", "phase")}
    *words, option, output = command
    refused("sorted as 2 1 3", *words, *scan.arguments(**swapped), "--mask", scan.mask, option, scan.folder / output)
