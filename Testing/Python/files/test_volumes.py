"""4D files: echoes, single coils or time series."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import ECHO_TIMES, SHAPE, load, save, simulated_scan

from QSMLogic.files.bids import find_runs
from QSMLogic.files.scans import load_acquisition, load_signal
from QSMLogic.model.check import DOUBTFUL
from QSMLogic.model.errors import QSMError

FACTS = {"EchoTime": None, "MagneticFieldStrength": 3}


def coil_signals():
    """Complex images (echo, coil, k, j, i) of the simulated scan, and its own signal."""
    magnitude, phase, _ = simulated_scan()
    j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE[1:]), indexing="ij")
    coils = [np.exp(-2 * ((i - np.cos(a)) ** 2 + (j - np.sin(a)) ** 2) + 1j * np.sin(a)) for a in (0, 2, 4)]
    signal = magnitude * np.exp(1j * phase)
    return np.stack([signal * coil for coil in coils], axis=1), signal


def evolution(phase):
    return np.exp(1j * (phase[2] - phase[1]))


def write(folder, **kinds):
    return [
        [save(folder / f"{kind}{e}.nii.gz", image) for e, image in enumerate(images)] for kind, images in kinds.items()
    ]


def polar(signal):
    return {"m": np.abs(signal).astype(np.float32), "p": np.angle(signal).astype(np.float32)}


def test_volumes_of_single_coils_are_combined(tmp_path):
    coils, signal = coil_signals()
    scan, geometry = load_acquisition(*write(tmp_path, **polar(coils)), ECHO_TIMES, 3)
    assert [(c.name, c.value, c.corrected) for c in scan.checks] == [("coils", 3, True)]
    inside = simulated_scan()[2]
    error = np.angle(evolution(scan.phase) * np.conj(evolution(np.angle(signal))))[inside]
    assert np.abs(error).max() < 0.2 and error.std() < 0.02
    parts = write(tmp_path, r=coils.real.astype(np.float32), i=coils.imag.astype(np.float32))
    same, _ = load_signal(*parts, ECHO_TIMES, 3)
    np.testing.assert_allclose(evolution(same.phase)[inside], evolution(scan.phase)[inside], atol=1e-3)


def test_coils_of_one_echo_are_refused(tmp_path):
    coils, _ = coil_signals()
    paths = write(tmp_path, **polar(coils[:1]))
    with pytest.raises(QSMError, match="3 volumes, but there is one echo time.*--volumes"):
        load_acquisition(*paths, ECHO_TIMES[:1], 3)
    with pytest.raises(QSMError, match="3 single coils and one echo.*two echoes"):
        load_acquisition(*paths, ECHO_TIMES[:1], 3, volume="auto")


def test_time_series_are_not_taken_for_coils(tmp_path):
    magnitude, phase, _ = simulated_scan()
    series = {"m": np.stack([magnitude] * 2, axis=1), "p": np.stack([phase] * 2, axis=1)}
    paths = write(tmp_path, **series)
    scan, _ = load_acquisition(*paths, ECHO_TIMES, 3)
    np.testing.assert_array_equal(scan.phase, phase)
    [check] = scan.checks
    assert (check.name, check.verdict) == ("volumes", DOUBTFUL) and "1 are left out" in check.sentence
    assert load_acquisition(*paths, ECHO_TIMES, 3, volume=1)[0].checks[0].corrected
    with pytest.raises(QSMError, match="has 2 volumes; there is no volume 3"):
        load_acquisition(*paths, ECHO_TIMES, 3, volume=2)


@pytest.mark.parametrize("entity", [True, False])
def test_coils_in_a_bids_folder(tmp_path, entity):
    coils, signal = coil_signals()
    for kind, images in polar(coils).items():
        for echo, time in enumerate(ECHO_TIMES):
            name = f"echo-{echo + 1}_part-{'mag' if kind == 'm' else 'phase'}_MEGRE"
            files = {f"coil-{c + 1:02d}_{name}": image for c, image in enumerate(images[echo])}
            for stem, image in (files if entity else {name: images[echo]}).items():
                path = save(tmp_path / "sub-1" / "anat" / f"sub-1_{stem}.nii.gz", image)
                path.with_name(f"sub-1_{stem}.json").write_text(json.dumps(FACTS | {"EchoTime": time}))
    [run] = find_runs(tmp_path)
    assert run.is_of_coils == entity and len(run.of_volumes("all")) == (1 if entity else 3)
    scan, _ = run.load()
    assert [(c.name, c.value) for c in scan.checks] == [("coils", 3)] and scan.echo_times_s == ECHO_TIMES
    error = np.angle(evolution(scan.phase) * np.conj(evolution(np.angle(signal))))[simulated_scan()[2]]
    assert error.std() < 0.02


def test_all_volumes_are_mapped(cli, scan, tmp_path):
    four_d = [
        save(tmp_path / f"{n}.nii.gz", np.stack([load(p)] * 2))
        for n, p in (("m", scan.magnitude[1]), ("p", scan.phase[1]))
    ]
    given = (
        "--magnitude",
        four_d[0],
        "--phase",
        four_d[1],
        "--echo-times",
        0.012,
        "--field-strength",
        3,
        "--mask",
        scan.mask,
    )
    quick = ("--settings", '{"invert": {"method": "tkd"}}', "--quiet", "--volumes", "all")
    status, _, err = cli("run", *given, *quick, "--output", tmp_path / "out")
    assert (status, err) == (0, "")
    maps = [load(tmp_path / "out" / f"volume-00{n}" / "susceptibility_ppm.nii.gz") for n in (1, 2)]
    np.testing.assert_array_equal(*maps)


def test_all_volumes_of_a_bids_series(cli, tmp_path):
    magnitude, phase, tissue = simulated_scan()
    root, mask = tmp_path / "data", save(tmp_path / "mask.nii", tissue)
    for stem, image in (("bold", magnitude[1]), ("phase", phase[1])):  # as older folders name the phase
        path = save(root / "sub-1" / "func" / f"sub-1_task-x_{stem}.nii.gz", np.stack([image] * 2))
        path.with_name(f"sub-1_task-x_{stem}.json").write_text(json.dumps(FACTS | {"EchoTime": 0.012}))
    [run] = find_runs(root)
    assert [c.name for c in run.load()[0].checks] == ["volumes"]
    runs = run.of_volumes("all")
    paths = [part.outputs(tmp_path)["susceptibility_ppm"].name for part in runs]
    assert paths == ["sub-1_task-x_desc-vol001_Chimap.nii.gz", "sub-1_task-x_desc-vol002_Chimap.nii.gz"]
    quick = ("--settings", '{"invert": {"method": "tkd"}}', "--quiet", "--volumes", "first", "--mask", mask)
    status, _, err = cli("run", "--bids", root, *quick)
    assert (status, err) == (0, "")
