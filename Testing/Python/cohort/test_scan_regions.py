"""The regions of a scan: the whole brain without an atlas, those of the atlas with one, and what is written of them."""

import csv
import json
from dataclasses import replace
from shutil import copytree

import numpy as np
import pytest
from helpers.atlas_scans import acquisition_of, maps_of
from helpers.heads import BODY_SHAPE, body, geometry

from QSMLogic import QSMError
from QSMLogic.atlas import working
from QSMLogic.atlas.folder import fingerprint
from QSMLogic.cohort import regions
from QSMLogic.cohort.regions import Extra, scan_regions
from QSMLogic.files.atomic import placed_together
from QSMLogic.files.bids import BidsRun
from QSMLogic.files.images import read_image, write_image
from QSMLogic.regions.brain import BRAIN
from QSMLogic.regions.label_names import read_label_names

PLACE = geometry(BODY_SHAPE, (2.0, 2.0, 2.0))
GRID = PLACE.grid()


def acquisition(image):
    return acquisition_of(image + np.float32(0.1), GRID)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlases") / "my atlas-1"
    folder.mkdir()
    image, labels = body()
    write_image(folder / "template.nii.gz", image, PLACE)
    write_image(folder / "labels.nii.gz", labels, PLACE)
    (folder / "labels.json").write_text('{"1": "Organ left", "2": "Organ right"}')
    return folder


IMAGE, LABELS = body((3.0, -2.0, 4.0), 1.05)


@pytest.fixture(scope="module")
def registered(atlas):
    """Table and Extra of a scan that was registered to the atlas, and its Registration."""
    kept, register = [], regions.register

    def remembering(*arguments):
        kept.append(register(*arguments))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(working, "WORK_MM", 4.0)
        patch.setattr(regions, "register", remembering)
        maps = maps_of(IMAGE, GRID, r2star_hz=20 * IMAGE)
        return *scan_regions(acquisition(IMAGE), maps, PLACE, atlas), kept[0]


def test_the_whole_brain_without_an_atlas():
    uncertainty = np.full(BODY_SHAPE, 0.01, np.float32)
    optional = {
        "susceptibility_uncertainty_ppm": uncertainty,
        "r2star_hz": 20 * IMAGE,
        "paramagnetic_ppm": IMAGE,
        "swi": IMAGE,
        "quality": IMAGE,
    }
    table, extra = scan_regions(acquisition(IMAGE), maps_of(IMAGE, GRID, **optional), PLACE)
    assert table.maps == ["susceptibility", "R2*", "paramagnetic"] and table.segments == [BRAIN]
    row = table.of(BRAIN, "susceptibility")
    assert row["mean"] == pytest.approx(IMAGE[IMAGE > 0].mean()) and row["mean_uncertainty"] == 0
    assert table.of(BRAIN, "R2*")["unit"] == "1/s"
    assert extra == Extra()


def test_the_regions_of_an_atlas(registered):
    table, extra, _ = registered
    assert table.segments == ["Organ left", "Organ right", BRAIN]
    for label, name in ((1, "Organ left"), (2, "Organ right")):
        assert table.of(name)["mean"] == pytest.approx(IMAGE[label == LABELS].mean(), rel=0.1)
        assert table.of(name, "R2*")["mean"] == pytest.approx(20 * table.of(name)["mean"], rel=1e-5)
    assert table.settings["atlas"] == "Atlas in a folder"
    assert [image.name for image in extra.images] == ["dseg", "susceptibility_ppm", "r2star_hz", "reliable_mask"]
    assert extra.facts["files"].keys() == {"template.nii.gz", "labels.nii.gz", "labels.json"}
    assert extra.facts["registration"]["overlap"] > 0.8


def test_doubts_on_a_region_are_noted(atlas, registered, monkeypatch):
    done = registered[-1]
    labels = done.quality["labels"]
    doubtful = labels | {"Organ left": labels["Organ left"] | {"note": "uncertain outline"}}
    noted = replace(done, quality=done.quality | {"labels": doubtful})
    monkeypatch.setattr(regions, "register", lambda *arguments: noted)
    table, _ = scan_regions(acquisition(IMAGE), maps_of(IMAGE, GRID), PLACE, atlas)
    assert table.of("Organ left")["note"] == "uncertain outline" and not table.of("Organ right")["note"]


def test_what_is_written(atlas, registered, tmp_path):
    _, extra, _ = registered
    output = tmp_path / "out"
    run = BidsRun(tmp_path, tmp_path / "sub-01" / "ses-1", "sub-01_ses-1", "MEGRE", {})
    files = extra.files(run, output)
    with placed_together(files) as temporary:
        record = extra.write(temporary, run, output)
    anat = output / "sub-01" / "ses-1" / "anat"
    assert {path.name for path in anat.iterdir()} == {path.name for path in files}
    labels, where = read_image(anat / "sub-01_ses-1_desc-myatlas1_dseg.nii.gz")
    assert set(np.unique(labels)) == {0, 1, 2} and not where.difference(PLACE)
    assert read_label_names(anat / "sub-01_ses-1_desc-myatlas1_dseg.tsv")[0] == {1: "Organ left", 2: "Organ right"}
    with open(anat / "sub-01_ses-1_desc-myatlas1_dseg.tsv") as file:
        assert next(csv.reader(file, delimiter="\t")) == ["index", "name"]
    name = "sub-01/ses-1/anat/sub-01_ses-1_space-myatlas1_Chimap.nii.gz"
    assert record["space"] == "myatlas1" and record["maps"]["susceptibility_ppm"] == name
    about = json.loads((anat / "sub-01_ses-1_space-myatlas1_Chimap.json").read_text())
    assert about["SpatialReference"] == f"swh:1:cnt:{fingerprint(atlas / 'template.nii.gz')}" and about["SkullStripped"]
    assert about["Units"] == "ppm" and about["GeneratedBy"]["Name"] == "QSMLogic"
    assert (output / record["maps"]["reliable_mask"]).name == (
        "sub-01_ses-1_space-myatlas1_desc-susceptibility_mask.nii.gz"
    )
    json.dumps(record)


def test_a_failed_registration_leaves_the_whole_brain(atlas, monkeypatch):
    def failing(*arguments):
        raise QSMError("The registration failed. Choose another template.")

    monkeypatch.setattr(regions, "register", failing)
    table, extra = scan_regions(acquisition(IMAGE), maps_of(IMAGE, GRID), PLACE, atlas)
    assert table.segments == [BRAIN] and not extra.images
    assert "only the whole brain was measured: The registration failed" in extra.warnings[0]
    assert extra.warnings[0] in table.of(BRAIN)["note"]


def test_the_atlas_is_loaded_once_until_it_changes(atlas, tmp_path):
    atlas = copytree(atlas, tmp_path / "atlas")

    def template():
        found = regions.find_atlas(atlas)
        return regions._loaded(found.folder, tuple(map(regions._as_it_is, found.paths)))[0]

    first = template()
    assert template() is first
    (atlas / "labels.json").write_text('{"1": "Renamed", "2": "Organ right"}')
    assert template().names[1] == "Renamed"


def test_a_folder_without_an_atlas(tmp_path):
    with pytest.raises(QSMError, match="holds no image"):
        scan_regions(acquisition(IMAGE), maps_of(IMAGE, GRID), PLACE, tmp_path)
