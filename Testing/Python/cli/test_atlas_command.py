"""The commands `atlas` and `template`: labels and their names as files."""

import json

import numpy as np
import pytest

from QSMLogic.atlas.quality import dice
from QSMLogic.files.images import Geometry, read_image, write_files

SHAPE = (24, 28, 32)
PLACE = Geometry(tuple(reversed(SHAPE)), (3.0, 3.0, 3.0))


def ellipsoids(shift):
    k, j, i = np.ogrid[tuple(slice(-(n - 1) / 2, n / 2) for n in SHAPE)]
    labels = ((k / 5) ** 2 + ((j - shift) / 6) ** 2 + (i / 4) ** 2 < 1).astype(np.uint8) * 3
    image = ((k / 9) ** 2 + ((j - shift) / 10) ** 2 + (i / 12) ** 2 < 1) * 0.5 + 0.5 * (labels > 0)
    image = image * (1 + 0.2 * np.cos(k / 2) * np.cos((j - shift) / 3) * np.cos(i / 4))
    return image.astype(np.float32), labels


@pytest.fixture
def files(tmp_path):
    """The options that name the files of an atlas and a subject."""
    (image, _), (template, labels) = ellipsoids(3), ellipsoids(0)
    paths = {name: tmp_path / f"{name}.nii.gz" for name in ("image", "template", "labels")}
    write_files(dict(zip(paths.values(), (image, template, labels), strict=True)), PLACE)
    names = tmp_path / "names.json"
    names.write_text('{"3": "Organ"}')
    return {f"--{name}": path for name, path in paths.items()} | {"--label-names": names}


def call(cli, options, output):
    return cli("atlas", *(x for pair in options.items() for x in pair), "--output", output)


def test_labels_and_names_are_written(cli, files, tmp_path):
    status, out, errors = call(cli, files, tmp_path / "regions.nii.gz")
    assert status == 0, errors
    labels, geometry = read_image(tmp_path / "regions.nii.gz")
    assert geometry == PLACE
    truth = ellipsoids(3)[1]
    assert dice(labels == 3, truth == 3) > 0.9
    (entry,) = json.loads((tmp_path / "regions.json").read_text()).values()
    assert entry["name"] == "Organ" and entry["agreement"] > 0.9 and not entry["note"]
    assert "Mutual information" in out


@pytest.mark.parametrize(
    ("option", "content", "reason"),
    [
        ("--label-names", "[1]", "JSON object"),
        ("--label-names", '{"one": "Organ"}', "must hold the names"),
        ("--template", None, "There is no file"),
    ],
)
def test_bad_files_are_refused_and_nothing_is_written(cli, files, tmp_path, option, content, reason):
    files[option] = tmp_path / "other"
    if content:
        files[option].write_text(content)
    status, _, errors = call(cli, files, tmp_path / "out" / "regions.nii.gz")
    assert status == 2
    assert reason in errors
    assert not (tmp_path / "out").exists()


def test_atlas_in_a_folder_prints_its_terms(cli, files, tmp_path):
    folder = tmp_path / "atlas"
    folder.mkdir()
    files["--template"].rename(folder / "template.nii.gz")
    files["--labels"].rename(folder / "labels.nii.gz")
    (folder / "labels.json").write_text('{"3": "Organ"}')
    options = {"--image": files["--image"], "--magnitude": files["--image"], "--folder": folder}
    status, out, errors = call(cli, options, tmp_path / "regions.nii.gz")
    assert status == 0, errors
    assert "Terms unknown" in errors and "Terms unknown" in out
    assert json.loads((tmp_path / "regions.json").read_text())["3"]["name"] == "Organ"


@pytest.mark.parametrize("left_out", ["--labels", "--template"])
def test_an_atlas_must_be_given(cli, files, tmp_path, left_out):
    del files[left_out]
    status, _, errors = call(cli, files, tmp_path / "regions.nii.gz")
    assert status == 2
    assert "Which atlas?" in errors


def test_folder_and_files_exclude_each_other(cli, files, tmp_path):
    status, _, errors = call(cli, files | {"--folder": tmp_path}, tmp_path / "regions.nii.gz")
    assert status == 2
    assert "not both" in errors


def test_labels_on_another_grid_are_refused(cli, files, tmp_path):
    write_files({files["--labels"]: np.ones((4, 5, 6), np.uint8)}, Geometry((6, 5, 4)))
    status, _, errors = call(cli, files, tmp_path / "regions.nii.gz")
    assert status == 2
    assert "Resample the labels" in errors


def test_simulated_template_is_written(cli, tmp_path):
    status, _, errors = cli("template", "--voxel-mm", 6, "--output", tmp_path / "atlas")
    assert status == 0, errors
    image, geometry = read_image(tmp_path / "atlas" / "susceptibility.nii.gz")
    assert geometry.spacing == (6, 6, 6)
    assert image.min() < 0 < image.max()
    names = json.loads((tmp_path / "atlas" / "labels.json").read_text())
    labels, _ = read_image(tmp_path / "atlas" / "labels.nii.gz")
    assert {str(int(label)) for label in np.unique(labels) if label} == set(names)
