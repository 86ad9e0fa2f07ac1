"""BIDS folders: which runs are found, what they are made of, and the derivatives that are written."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import ECHO_TIMES, load, save, simulated_scan

from QSMLogic.files.bids import find_runs
from QSMLogic.files.data_set import ROOT_FILES
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.errors import QSMError
from QSMLogic.stages.invert.automatic import IN_MODELS

QUICK = ("--settings", '{"mask": {"method": "robust"}}')


def add_run(root, name, *, folder="anat", suffix="MEGRE", echoes=(1, 2, 3), parts=("mag", "phase"), sidecars=True):
    """Write a run of the simulated scan; `name` is like "sub-01_ses-2_acq-x"."""
    magnitude, phase, tissue = simulated_scan()
    session = root.joinpath(*(e for e in name.split("_") if e.startswith(("sub-", "ses-"))))
    for echo in echoes:
        for part, images in zip(parts, (magnitude, phase), strict=True):
            stem = "_".join(filter(None, [name, f"echo-{echo}", part and f"part-{part}", suffix]))
            path = save(session / folder / f"{stem}.nii.gz", images[echo - 1])
            if sidecars:
                content = {"EchoTime": ECHO_TIMES[echo - 1], "MagneticFieldStrength": 3}
                path.with_name(f"{stem}.json").write_text(json.dumps(content))
    return save(root / "tissue.nii.gz", tissue)


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_runs_are_told_apart_by_all_but_echo_and_part(tmp_path):
    echoes = [f"echo-{e}_part-{p}" for e in (1, 2, 10) for p in ("mag", "phase")]
    touch(
        tmp_path,
        *(f"sub-01/ses-{s}/anat/sub-01_ses-{s}_{e}_MEGRE.nii.gz" for s in "ab" for e in echoes),
        *(f"sub-02/anat/sub-02_acq-x_run-{r}_part-{p}_T2starw.nii" for r in (1, 2) for p in ("mag", "phase")),
        *(f"sub-02/func/sub-02_task-rest_{p}bold.nii.gz" for p in ("", "part-phase_")),
        *(f"sub-02/fmap/sub-02_part-{p}_epi.nii.gz" for p in ("mag", "phase")),
    )
    runs = find_runs(tmp_path)
    assert [r.name for r in runs] == [
        *("sub-01_ses-a_MEGRE", "sub-01_ses-b_MEGRE", "sub-02_acq-x_run-1_T2starw", "sub-02_acq-x_run-2_T2starw"),
        *("sub-02_epi", "sub-02_task-rest_bold"),
    ]
    assert [path.name for _, path in sorted(runs[0].images["phase"].items())] == [
        f"sub-01_ses-a_echo-{e}_part-phase_MEGRE.nii.gz" for e in (1, 2, 10)
    ]
    assert runs[5].images["magnitude"][1].name == "sub-02_task-rest_bold.nii.gz"


def test_images_without_phase_are_no_runs(tmp_path):
    touch(
        tmp_path,
        "sub-01/anat/sub-01_T2starw.nii.gz",
        "sub-01/anat/sub-01_part-phase_T1w.nii.gz",
        "sub-01/func/sub-01_task-rest_bold.nii.gz",
        "derivatives/x/sub-01/anat/sub-01_part-phase_MEGRE.nii.gz",
    )
    with pytest.raises(QSMError, match="No magnitude with phase"):
        find_runs(tmp_path)


def test_participants_are_chosen_by_label(tmp_path):
    touch(tmp_path, *(f"sub-{s}/anat/sub-{s}_part-{p}_MEGRE.nii" for s in ("01", "02", "03") for p in ("mag", "phase")))
    assert [r.stem for r in find_runs(tmp_path, ["02", "sub-03"])] == ["sub-02", "sub-03"]
    with pytest.raises(QSMError, match="no sub-04 in .*sub-01, sub-02, sub-03"):
        find_runs(tmp_path, ["04"])


def test_runs_that_would_share_a_name_get_their_suffix(tmp_path):
    touch(tmp_path, *(f"sub-1/anat/sub-1_part-{p}_{s}.nii" for s in ("MEGRE", "T2starw") for p in ("mag", "phase")))
    outputs = [path for run in find_runs(tmp_path) for path in run.outputs(tmp_path / "out").values()]
    assert len(set(outputs)) == len(outputs) == 2 * len(CATALOGUE)
    assert tmp_path / "out/sub-1/anat/sub-1_desc-T2starw_Chimap.nii.gz" in outputs


def test_derivatives(cli, tmp_path):
    root = tmp_path / "data"
    add_run(root, "sub-01_ses-1_acq-x")
    status, out, err = cli("run", "--bids", root, *QUICK)
    assert status == 0, err
    derivatives = root / "derivatives" / "QSM"
    stem = "sub-01_ses-1_acq-x"
    images = ("desc-field_mask", "desc-susceptibility_mask", "desc-total_fieldmap", "desc-local_fieldmap", "Chimap")
    images += ("desc-uncertainty_fieldmap", "desc-uncertainty_Chimap")
    written = {p.relative_to(derivatives).as_posix() for p in derivatives.rglob("*") if p.is_file()}
    assert written == {
        *ROOT_FILES,
        *(f"sub-01/ses-1/anat/{stem}_{image}{ending}" for image in images for ending in (".nii.gz", ".json")),
    }
    assert len(out.splitlines()) == len(written)
    description = json.loads((derivatives / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["Name"] == "QSMLogic"
    assert (derivatives / description["DatasetLinks"]["raw"]).resolve() == root.resolve()
    chi = json.loads((derivatives / f"sub-01/ses-1/anat/{stem}_Chimap.json").read_text())
    assert chi["Units"] == "ppm"
    assert chi["Provenance"]["settings"]["invert"]["method"] == IN_MODELS
    assert all((root / source.removeprefix("bids:raw:")).is_file() for source in chi["Sources"])
    assert load(derivatives / f"sub-01/ses-1/anat/{stem}_Chimap.nii.gz")[15:17, 17:19, 19:21].mean() > 0.2


def test_a_bad_run_does_not_stop_the_others(cli, tmp_path):
    root = tmp_path / "data"
    add_run(root, "sub-01", echoes=(1, 2))
    (root / "sub-01/anat/sub-01_echo-2_part-mag_MEGRE.nii.gz").unlink()
    mask = add_run(root, "sub-02", echoes=(2,))
    status, out, err = cli("run", "--bids", root, "--output", tmp_path / "out", "--quiet", *QUICK)
    assert status == 2
    assert err.splitlines() == [
        "QSMLogic: sub-01_MEGRE: magnitude has the echoes 1 and phase 1, 2. Add the missing files.",
        "QSMLogic: 1 of 2 runs failed.",
    ]
    assert not (tmp_path / "out/sub-01").exists()
    assert (tmp_path / "out/sub-02/anat/sub-02_Chimap.nii.gz").is_file()
    assert cli("run", "--bids", root, "--mask", mask)[0] == 2


def test_mask_is_for_a_single_run(cli, tmp_path):
    mask = add_run(tmp_path / "data", "sub-01", echoes=(2,))
    add_run(tmp_path / "data", "sub-02", echoes=(2,))
    options = ("run", "--bids", tmp_path / "data", "--mask", mask, "--output", tmp_path / "out")
    status, _, err = cli(*options)
    assert status == 2 and "--mask is for a single run, but there are 2 runs: sub-01_MEGRE, sub-02_MEGRE" in err
    status, _, err = cli(*options, "--participant-label", "02")
    assert status == 0, err
    np.testing.assert_array_equal(load(tmp_path / "out/sub-02/anat/sub-02_desc-field_mask.nii.gz"), load(mask))


def test_first_volume_of_a_time_series_and_inherited_metadata(tmp_path):
    magnitude, phase, _ = simulated_scan()
    func = tmp_path / "sub-01" / "func"
    for name, images in (("task-rest_part-mag", magnitude), ("task-rest_part-phase", phase)):
        save(func / f"sub-01_{name}_bold.nii.gz", images)
    (tmp_path / "task-rest_bold.json").write_text('{"EchoTime": 0.03, "MagneticFieldStrength": 1.5}')
    (tmp_path / "bold.json").write_text('{"EchoTime": 0.9}')
    (tmp_path / "task-other_bold.json").write_text('{"EchoTime": 0.9}')
    (func / "sub-01_task-rest_part-mag_bold.json").write_text('{"MagneticFieldStrength": 7}')
    (func / "sub-01_task-rest_part-phase_bold.json").write_text('{"MagneticFieldStrength": 7}')
    scan, _ = find_runs(tmp_path)[0].load()
    assert scan.echo_times_s == (0.03,) and scan.field_strength_t == 7
    np.testing.assert_array_equal(scan.phase, phase[:1])


def test_volumes_with_a_list_of_echo_times_are_echoes(tmp_path):
    magnitude, phase, _ = simulated_scan()
    for part, images in (("mag", magnitude), ("phase", phase)):
        path = save(tmp_path / "sub-01" / "anat" / f"sub-01_part-{part}_MEGRE.nii.gz", images)
        content = {"EchoTime": ECHO_TIMES, "MagneticFieldStrength": 3}
        path.with_name(f"sub-01_part-{part}_MEGRE.json").write_text(json.dumps(content))
    scan, _ = find_runs(tmp_path)[0].load()
    assert scan.echo_times_s == ECHO_TIMES
    np.testing.assert_array_equal(scan.phase, phase)


def test_real_and_imaginary_parts(tmp_path):
    magnitude, phase, _ = simulated_scan()
    signal = magnitude * np.exp(1j * phase)
    for part, images in (("real", signal.real), ("imag", signal.imag)):
        path = save(tmp_path / "sub-01" / "anat" / f"sub-01_part-{part}_MEGRE.nii.gz", images.astype(np.float32))
        content = {"EchoTime": ECHO_TIMES, "MagneticFieldStrength": 3}
        path.with_name(f"sub-01_part-{part}_MEGRE.json").write_text(json.dumps(content))
    (run,) = find_runs(tmp_path)
    assert list(run.images) == ["real", "imaginary"]
    scan, _ = run.load()
    np.testing.assert_allclose(scan.magnitude, magnitude, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(scan.phase, phase, atol=1e-3)


def test_hidden_files_are_no_data(tmp_path):
    add_run(tmp_path, "sub-01")
    for path in list(tmp_path.rglob("sub-01_*")):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\26\7")
    (tmp_path / "._MEGRE.json").write_bytes(b"\0\5")
    [run] = find_runs(tmp_path)
    assert run.load()[0].echo_times_s == ECHO_TIMES


def test_echoes_are_sorted_by_their_time(tmp_path):
    add_run(tmp_path, "sub-01")
    for part in ("mag", "phase"):
        for echo, time in ((1, ECHO_TIMES[1]), (2, ECHO_TIMES[0])):
            path = tmp_path / f"sub-01/anat/sub-01_echo-{echo}_part-{part}_MEGRE.json"
            path.write_text(json.dumps({"EchoTime": time, "MagneticFieldStrength": 3}))
    scan, _ = find_runs(tmp_path)[0].load()
    assert scan.echo_times_s == ECHO_TIMES and [c.name for c in scan.checks] == ["echo_order"]
    np.testing.assert_array_equal(scan.phase[0], simulated_scan()[1][1])


def test_missing_sidecar_is_named(cli, tmp_path):
    add_run(tmp_path / "data", "sub-01", echoes=(1,), sidecars=False)
    status, _, err = cli("run", "--bids", tmp_path / "data")
    assert status == 2 and "sub-01_echo-1_part-phase_MEGRE.json" in err
    assert not (tmp_path / "data" / "derivatives").exists()


def test_options_that_do_not_go_with_bids(cli, tmp_path):
    add_run(tmp_path, "sub-01", echoes=(1,))
    for options in (("--echo-times", "0.004"), ("--output", tmp_path), ("--magnitude", tmp_path / "m.nii")):
        assert cli("run", "--bids", tmp_path, *options)[0] == 2
