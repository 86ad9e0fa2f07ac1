"""An atlas is recognized by the files in its folder; what it lacks, and what has changed, is said."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.atlas.folder import find_atlas, fingerprint
from QSMLogic.atlas.layouts import LAYOUTS
from QSMLogic.files.images import Geometry, write_image

PLACE = Geometry((8, 9, 10))
LABELS = np.zeros(PLACE.shape, np.uint8)
LABELS[2:5, 2:5, 2:5], LABELS[6:8, 2:5, 2:5] = 1, 2
IMAGE = LABELS * 0.1 + 0.01


def write(folder, **images):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in images.items():
        write_image(folder / f"{name}.nii.gz", array, PLACE)


@pytest.fixture
def chi_separation(tmp_path):
    """The atlas of chi-separation as downloaded: images below, names above."""
    images = {"chi_para": IMAGE + 0.2, "chi_dia": np.full(PLACE.shape, 0.2), "t1w": IMAGE, "labels": LABELS}
    write(tmp_path / "NIfTI", prior=np.where(LABELS, 0.9, 0.2), **images)
    (tmp_path / "label_names.csv").write_text("Index,ROI_name\n1,'Caudate'\n2,'Putamen'\n")
    return tmp_path


def test_the_difference_of_two_images_is_the_template(chi_separation):
    atlas = find_atlas(chi_separation)
    template = atlas.load()
    np.testing.assert_allclose(template.image, IMAGE, atol=1e-6)
    np.testing.assert_array_equal(template.mask, LABELS > 0)
    np.testing.assert_allclose(template.anatomy, IMAGE, atol=1e-6)
    assert template.names == {1: "Caudate", 2: "Putamen"}
    assert "academic research" in atlas.about() and "10.1002/nbm.5226" in atlas.about()


def test_nuclei_of_musus_100(tmp_path):
    write(tmp_path / "atlas", qsm=IMAGE, t1=IMAGE)
    write(tmp_path / "label", DBN=LABELS * 75)
    lines = '0 0 0 0 0 0 0 "Clear Label"\n75 255 250 205 1 1 1 "R-Cau(caudate)"\n150 2 2 2 1 1 1 "L-Cau(caudate)"\n'
    (tmp_path / "label" / "DBN.txt").write_text(lines)
    atlas = find_atlas(tmp_path)
    assert atlas.layout.key == "MuSus-100"
    assert atlas.load().names == {75: "R-Cau(caudate)", 150: "L-Cau(caudate)"}


def test_masks_of_single_structures_are_united(tmp_path):
    write(tmp_path / "Templates_mni09b", ahead_final_med_qsm_n104_mni09b=IMAGE)
    masks = {"atlas-sn_hem-l_mask-105_mni09b": LABELS == 1, "atlas-vta_hem-r_mask-27_mni09b": LABELS == 2}
    write(tmp_path / "structures_mni09b", **{name: mask.astype(np.uint8) for name, mask in masks.items()})
    template = find_atlas(tmp_path).load()
    assert template.names == {1: "SN left", 2: "VTA right"}
    np.testing.assert_array_equal(template.labels, LABELS)


def test_any_folder_with_template_labels_and_names(tmp_path):
    write(tmp_path, template=IMAGE, labels=LABELS)
    (tmp_path / "labels.json").write_text('{"1": "Caudate", "2": "Putamen"}')
    atlas = find_atlas(tmp_path)
    assert (atlas.layout.key, atlas.load().anatomy) == ("folder", None)


def test_files_that_are_not_the_published_ones_are_said(chi_separation):
    atlas = find_atlas(chi_separation)
    found = atlas.fingerprints()
    assert "chi_dia.nii.gz, chi_para.nii.gz, label_names.csv" in atlas.changes(found)
    assert "differ from the published version" in atlas.changes(found)


def test_files_that_change_between_uses_are_said(tmp_path):
    write(tmp_path, template=IMAGE, labels=LABELS)
    (tmp_path / "labels.json").write_text('{"1": "Caudate", "2": "Putamen"}')
    atlas = find_atlas(tmp_path)
    before = atlas.fingerprints()
    assert atlas.changes(before) == atlas.changes(before, before) == ""
    (tmp_path / "labels.json").write_text('{"1": "Putamen", "2": "Caudate"}')
    assert atlas.changes(atlas.fingerprints(), before).startswith("labels.json of the atlas")


def test_fingerprints_are_those_of_git(tmp_path):
    (tmp_path / "file").write_bytes(b"what is up, doc?")
    assert fingerprint(tmp_path / "file") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("NIfTI/chi_dia.nii.gz", "has no diamagnetic part"),
        ("NIfTI/labels.nii.gz", "has no label image"),
        ("label_names.csv", "has no names of its labels"),
    ],
)
def test_what_an_atlas_lacks_is_said_with_the_remedy(chi_separation, missing, reason):
    (chi_separation / missing).unlink()
    with pytest.raises(QSMError, match=f"{reason}.*(Download|Choose)"):
        find_atlas(chi_separation)


def test_folders_of_unknown_layout_are_refused(tmp_path):
    with pytest.raises(QSMError, match="holds no image"):
        find_atlas(tmp_path)
    write(tmp_path, other=IMAGE)
    with pytest.raises(QSMError, match="no template that is known.*MuSus-100"):
        find_atlas(tmp_path)
    with pytest.raises(QSMError, match="There is no folder"):
        find_atlas(tmp_path / "none")


def test_labels_on_another_grid_are_refused(chi_separation):
    write_image(chi_separation / "NIfTI" / "labels.nii.gz", LABELS, Geometry(PLACE.size, (2.0, 2.0, 2.0)))
    with pytest.raises(QSMError, match="labels.nii.gz does not fit .*must share one grid"):
        find_atlas(chi_separation).load()


def test_layouts_have_terms_and_known_files():
    for layout in LAYOUTS:
        assert layout.terms and layout.template and layout.labels
        assert all(len(version) == 40 for versions in layout.published.values() for version in versions)
