"""Averages over subjects: the numbers of numpy, voxels outside a mask left out, whatever the order and the groups."""

import json

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.cohort.averages import Moments, write_averages
from QSMLogic.cohort.statistics.subjects import Unit
from QSMLogic.files.images import Geometry, read_image, write_image

PLACE = Geometry((5, 4, 3), (2.0, 2.0, 3.0), (-4.0, 1.0, 7.0))
CHI, R2STAR = "susceptibility_ppm", "r2star_hz"


def scans(count, seed=0):
    """Maps and masks of scans, (scan, k, j, i); 0 outside the masks."""
    random = np.random.default_rng(seed)
    masks = random.random((count, *PLACE.shape)) < 0.7
    masks[:, 0, 0, 0], masks[:, 0, 0, 1], masks[1:, 0, 0, 1] = False, True, False
    return (random.normal(0.05, 0.02, masks.shape) * masks).astype(np.float32), masks


def moments(maps, masks):
    found = Moments()
    for array, mask in zip(maps, masks, strict=True):
        found.add(array, mask)
    return found


def test_mean_and_deviation_are_those_of_the_valid_voxels():
    maps, masks = scans(9)
    found = moments(maps, masks).images()
    known = np.where(masks, maps.astype(float), np.nan)
    count = masks.sum(axis=0)
    np.testing.assert_array_equal(found["count"], count)
    several = count > 1
    np.testing.assert_allclose(found["mean"][several], np.nanmean(known[:, several], axis=0), rtol=1e-12)
    np.testing.assert_allclose(found["sd"][several], np.nanstd(known[:, several], axis=0, ddof=1), rtol=1e-9)
    assert found["mean"][0, 0, 0] == found["sd"][0, 0, 0] == found["sd"][0, 0, 1] == 0
    assert found["mean"][0, 0, 1] == maps[0, 0, 0, 1]


def test_two_parts_joined_are_the_whole():
    maps, masks = scans(9)
    joined = moments(maps[:4], masks[:4])
    joined.join(moments(maps[4:], masks[4:]))
    for name, array in moments(maps, masks).images().items():
        np.testing.assert_allclose(joined.images()[name], array, rtol=1e-9, atol=1e-15)


def test_a_large_offset_does_not_hurt():
    maps, masks = scans(9)
    far = moments(maps.astype(float) + 1e5, masks).images()["sd"]
    np.testing.assert_allclose(far, moments(maps, masks).images()["sd"], rtol=1e-5, atol=1e-9)


def records(folder, maps, masks, name=CHI, space="brain"):
    found = []
    for n, (array, mask) in enumerate(zip(maps, masks, strict=True)):
        paths = {name: f"sub-{n}_space-{space}_Chimap.nii.gz", "reliable_mask": f"sub-{n}_space-{space}_mask.nii.gz"}
        write_image(folder / paths[name], array, PLACE)
        write_image(folder / paths["reliable_mask"], mask, PLACE)
        found.append({"space": space, "maps": paths})
    return found


def units(count):
    return [Unit(f"{n}", "", (n,)) for n in range(count)]


def average(folder, file):
    return read_image(folder / "group_averages" / file)[0]


def test_files_of_all_and_of_each_group(tmp_path):
    maps, masks = scans(6)
    told = []
    groups = ["HC", "PD", "HC", "PD", "PD", ""]
    paths = write_averages(tmp_path, units(6), records(tmp_path, maps, masks), groups, told.append)
    names = {path.name for path in paths if path.suffix == ".gz"}
    assert names == {
        f"space-brain{group}_stat-{kind}_Chimap.nii.gz"
        for group in ("", "_group-HC", "_group-PD")
        for kind in ("mean", "sd", "count")
    }
    for group, chosen in (("", range(6)), ("_group-HC", [0, 2]), ("_group-PD", [1, 3, 4])):
        expected = moments(maps[list(chosen)], masks[list(chosen)]).images()
        for kind, array in expected.items():
            found = average(tmp_path, f"space-brain{group}_stat-{kind}_Chimap.nii.gz")
            np.testing.assert_allclose(found, array, rtol=1e-6, atol=1e-9)
    about = json.loads((tmp_path / "group_averages" / "space-brain_group-PD_stat-mean_Chimap.json").read_text())
    assert about["Units"] == "ppm" and about["Group"] == "PD" and about["MostSubjects"] == 3
    assert told[-1] == 1 and told == sorted(told)
    assert read_image(paths[0])[1].difference(PLACE) == ""


def test_runs_count_once_and_changes_are_subtracted(tmp_path):
    maps, masks = scans(4)
    found = records(tmp_path, maps, masks)
    write_averages(tmp_path, [Unit("a", "1", (0, 1)), Unit("b", "1", (2,))], found)
    count = average(tmp_path, "space-brain_stat-count_Chimap.nii.gz")
    np.testing.assert_array_equal(count, (masks[0] & masks[1]).astype(int) + masks[2])
    write_averages(tmp_path, [Unit("a", "1", (1,), (0,), "2"), Unit("b", "1", (3,), (2,), "2")], found)
    both = masks[:2].all(axis=0) & masks[2:].all(axis=0)
    mean = average(tmp_path, "space-brain_stat-mean_Chimap.nii.gz")
    np.testing.assert_allclose(mean[both], ((maps[1] - maps[0] + maps[3] - maps[2]) / 2)[both], atol=1e-7)


def test_scans_without_a_map_are_left_out_of_it(tmp_path):
    maps, masks = scans(3)
    found = records(tmp_path, maps, masks)
    found[0]["maps"][R2STAR] = found[0]["maps"][CHI]
    names = {path.name for path in write_averages(tmp_path, units(3), found)}
    assert "space-brain_stat-count_R2starmap.nii.gz" in names
    assert average(tmp_path, "space-brain_stat-count_R2starmap.nii.gz").max() == 1


def test_what_does_not_fit_is_named(tmp_path):
    maps, masks = scans(2)
    found = records(tmp_path, maps, masks)
    other = [found[0], found[1] | {"space": "other"}]
    with pytest.raises(QSMError, match="several atlases: brain, other"):
        write_averages(tmp_path, units(2), other)
    with pytest.raises(QSMError, match="No scan was registered to an atlas"):
        write_averages(tmp_path, [], [])
    with pytest.raises(QSMError, match="do not differ in letters and digits: a-1, a1"):
        write_averages(tmp_path, units(2), found, ["a-1", "a1"])
    write_image(tmp_path / found[1]["maps"][CHI], np.zeros((3, 4, 6)), Geometry((6, 4, 3)))
    with pytest.raises(QSMError, match="sub-1_space-brain_Chimap.nii.gz does not fit the other maps: its size is 6"):
        write_averages(tmp_path, units(2), found)
    assert not (tmp_path / "group_averages").exists()


def test_older_averages_are_replaced_but_not_what_was_edited(tmp_path):
    maps, masks = scans(4)
    found = records(tmp_path, maps, masks)
    write_averages(tmp_path, units(4), found, ["a", "a", "b", "b"])
    write_averages(tmp_path, units(4), found)
    assert len(list((tmp_path / "group_averages").glob("*.nii.gz"))) == 3
    write_image(tmp_path / "group_averages" / "space-brain_stat-sd_Chimap.nii.gz", maps[0], PLACE)
    with pytest.raises(QSMError, match="exists already"):
        write_averages(tmp_path, units(4), found)
