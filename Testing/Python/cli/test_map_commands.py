"""Maps besides the susceptibility: in a run, and by the command of their stage, from files."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import load

from QSMLogic.files.map_files import map_paths
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.registry.stages import STAGES, stages_with_maps

FAST = {"background": {"method": "sharp"}, "invert": {"method": "tkd"}, "uncertainty": {"method": "none"}}
STAGES_OF_ALL = {stage.name for stage in stages_with_maps()}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A scan on disk and the folder of a run with all maps."""
    from helpers.scan_on_disk import ScanOnDisk

    from QSMLogic.cli.main import main

    scan = ScanOnDisk(tmp_path_factory.mktemp("scan"))
    folder = tmp_path_factory.mktemp("run") / "maps"
    words = ("run", *scan.arguments(), "--mask", scan.mask, "--output", folder, "--settings", json.dumps(FAST))
    assert main([str(word) for word in (*words, "--maps", "all", "--quiet")]) == 0
    return scan, folder


def test_a_run_with_all_maps_writes_every_map_of_the_catalogue(mapped):
    names = {path.name for path in mapped[1].iterdir()}
    assert {entry.file for entry in CATALOGUE.values()} <= names
    record = json.loads((mapped[1] / "run.json").read_text())
    assert set(record["settings"]) >= STAGES_OF_ALL


def test_maps_left_out_are_not_written(mapped, cli, tmp_path):
    scan, _ = mapped
    words = ("--mask", scan.mask, "--output", tmp_path / "out", "--settings", json.dumps(FAST))
    assert cli("run", *scan.arguments(), *words, "--maps", "swi")[0] == 0
    written = {name for name, path in map_paths(tmp_path / "out").items() if path.exists()}
    assert written & {n for stage in stages_with_maps() for n in stage.yields} == {*STAGES["swi"].yields}


def test_relaxometry_needs_the_magnitude_only_and_equals_that_of_the_run(mapped, cli, tmp_path):
    scan, folder = mapped
    words = ["--magnitude", *scan.magnitude, "--echo-times", *scan.times, "--field-strength", 3, "--mask", scan.mask]
    method = STAGES["relaxometry"].method_for_maps
    assert cli("relaxometry", method, *words, "--field-gradients", "none", "--output", tmp_path / "out")[0] == 0
    name = CATALOGUE["r2star_hz"].file
    inside = load(scan.mask) > 0
    found, expected = load(tmp_path / "out" / name)[inside], load(folder / name)[inside]
    assert np.median(found) == pytest.approx(np.median(expected), rel=0.05)


def test_true_swi_takes_the_susceptibility_in_a_file(mapped, cli, tmp_path):
    scan, folder = mapped
    words = ["--magnitude", *scan.magnitude, "--echo-times", *scan.times, "--field-strength", 3, "--mask", scan.mask]
    chi = ("--susceptibility", folder / "susceptibility_ppm.nii.gz")
    assert cli("swi", "true_swi", *words, *chi, "--output", tmp_path / "out")[0] == 0
    assert load(tmp_path / "out" / CATALOGUE["swi"].file)[load(scan.mask) > 0].any()


def test_separation_takes_maps_in_files_and_its_parts_add_up(mapped, cli, tmp_path):
    scan, folder = mapped
    chi = folder / "susceptibility_ppm.nii.gz"
    words = ["--susceptibility", chi, "--r2star", folder / "r2star_hz.nii.gz", "--field-strength", 3]
    words += ["--mask", folder / "reliable_mask.nii.gz", "--output", tmp_path / "out"]
    assert cli("separation", "r2star_qsm", *words)[0] == 0
    parts = [load(tmp_path / "out" / CATALOGUE[name].file) for name in STAGES["separation"].yields]
    inside = load(folder / "reliable_mask.nii.gz") > 0
    np.testing.assert_allclose(sum(parts)[inside], load(chi)[inside], atol=1e-5)
    assert parts[0].min() >= 0 >= parts[1].max()


def test_nothing_is_separated_where_the_susceptibility_is_not_known(mapped, cli, tmp_path):
    scan, folder = mapped
    chi = folder / "susceptibility_ppm.nii.gz"
    words = ["--susceptibility", chi, "--r2star", folder / "r2star_hz.nii.gz", "--field-strength", 3]
    assert cli("separation", "r2star_qsm", *words, "--mask", scan.mask, "--output", tmp_path / "out")[0] == 0
    unknown = (load(scan.mask) > 0) & (load(folder / "reliable_mask.nii.gz") == 0)
    assert unknown.any()
    for name in STAGES["separation"].yields:
        assert not load(tmp_path / "out" / CATALOGUE[name].file)[unknown].any()


def test_what_is_missing_is_said(mapped, refused):
    scan, folder = mapped
    magnitude = ["--magnitude", *scan.magnitude, "--echo-times", *scan.times, "--field-strength", 3]
    output = ("--output", folder.parent / "other")
    refused("mask needs the phase", "relaxometry", "log_linear", *magnitude, *output)
    refused("susceptibility", "swi", "true_swi", *magnitude, *output)
    one = ["--magnitude", scan.magnitude[0], "--echo-times", scan.times[0], "--field-strength", 3, "--mask", scan.mask]
    refused("echo", "relaxometry", "log_linear", *one, *output)
    refused("no maps|invalid choice", "run", *scan.arguments(), *output, "--maps", "everything")


def test_given_maps_must_lie_on_the_grid_of_the_scan(mapped, refused, tmp_path):
    from helpers.scan_on_disk import save

    scan, _ = mapped
    r2 = save(tmp_path / "r2.nii.gz", np.ones((4, 4, 4), np.float32))
    refused("does not fit the scan", "run", *scan.arguments(), "--output", tmp_path / "out", "--r2", r2)


def test_maps_in_files_with_other_units_or_unknown_values_are_refused(mapped, refused, tmp_path):
    from helpers.scan_on_disk import save

    _, folder = mapped
    inside = load(folder / "reliable_mask.nii.gz") > 0
    chi, r2star = load(folder / "susceptibility_ppm.nii.gz"), load(folder / "r2star_hz.nii.gz")
    unknown = chi.copy()
    unknown[tuple(np.argwhere(inside)[0])] = np.nan
    words = ["--field-strength", 3, "--mask", folder / "reliable_mask.nii.gz", "--output", tmp_path / "out"]
    for error, susceptibility, rate in (
        ("NaN in 1 voxel", unknown, r2star),
        ("in ppb", 1000 * chi, r2star),
        ("1/ms", chi, r2star / 1000),
        ("1/ms", chi, -r2star),
    ):
        maps = "--susceptibility", save(tmp_path / "chi.nii.gz", susceptibility), "--r2star"
        refused(error, "separation", "r2star_qsm", *maps, save(tmp_path / "r2star.nii.gz", rate), *words)


def test_a_local_field_in_hz_is_refused(mapped, refused, tmp_path):
    from helpers.scan_on_disk import save

    scan, folder = mapped
    field = save(tmp_path / "hz.nii.gz", 128 * load(folder / "local_field_ppm.nii.gz"))
    words = (*scan.arguments(), "--mask", scan.mask, "--output", tmp_path / "out")
    refused("Convert it to ppm", "swi", "clear_swi", *words, "--local-field", field)


def test_no_command_makes_nothing(refused, tmp_path):
    for stage in STAGES_OF_ALL & {name for name, stage in STAGES.items() if stage.has_command}:
        refused("invalid choice", stage, "none", "--mask", tmp_path / "mask.nii.gz", "--output", tmp_path / "out")


def test_a_given_map_that_no_method_takes_is_said(mapped, cli, tmp_path):
    from helpers.scan_on_disk import save

    scan, folder = mapped
    r2 = save(tmp_path / "r2.nii.gz", np.full(load(scan.mask).shape, 12, np.float32))
    words = (*scan.arguments(), "--mask", scan.mask, "--output", tmp_path / "out", "--settings", json.dumps(FAST))
    assert "--r2 was not used" in "".join(map(str, cli("run", *words, "--r2", r2)[1:]))


def test_the_record_of_a_run_is_a_settings_file(mapped, cli, tmp_path):
    scan, folder = mapped
    words = (*scan.arguments(), "--mask", scan.mask, "--output", tmp_path / "out")
    assert cli("run", *words, "--settings", folder / "run.json")[0] == 0
    for name in ("susceptibility_ppm", "r2star_hz", "swi", "paramagnetic_ppm"):
        again, first = (load(place / CATALOGUE[name].file) for place in (tmp_path / "out", folder))
        np.testing.assert_array_equal(again, first)


def test_several_volumes_are_no_map(mapped, refused, tmp_path):
    from helpers.scan_on_disk import save

    scan, folder = mapped
    several = save(tmp_path / "two.nii.gz", np.stack([load(folder / "susceptibility_ppm.nii.gz")] * 2))
    words = ["--susceptibility", several, "--r2star", folder / "r2star_hz.nii.gz", "--field-strength", 3]
    refused("single 3D image", "separation", "r2star_qsm", *words, "--mask", scan.mask, "--output", tmp_path / "out")
