"""Segmentations as Slicer saves them, of its older releases too, and headers with nonsense in them."""

import numpy as np
import pytest
from helpers.raw_headers import nrrd

from QSMLogic import QSMError
from QSMLogic.files.geometry import Geometry
from QSMLogic.regions.label_files import read_regions

GRID = Geometry((8, 7, 6), (1.0, 1.5, 2.0))


def labels(count):
    """`count` layers (layer, k, j, i), the first with label 1 in one slice and 2 in another."""
    layers = np.zeros((count, 6, 7, 8), "<i2")
    for number, layer in enumerate(layers):
        layer[1 + number] = 1
    layers[0, 5] = 2 if count == 1 else 0
    return layers


def segmentation(path, layers, *keys):
    """A .seg.nrrd with lines of further keys."""
    changes = {}
    if len(layers) > 1:
        changes = {"dimension": 4, "sizes": f"{len(layers)} 8 7 6", "kinds": "list domain domain domain"}
        changes["space directions"] = "none (1,0,0) (0,1.5,0) (0,0,2)"
    data = np.moveaxis(layers, 0, -1) if len(layers) > 1 else layers[0]
    lines = "".join(f"{key}:={value}\n" for key, value in keys)
    path.write_bytes(nrrd(b"", **changes)[:-1] + f"{lines}\n".encode() + data.tobytes())
    return path


def test_segments_with_labels_and_layers(tmp_path):
    keys = [("Segment0_Name", "caudate"), ("Segment0_LabelValue", 2), ("Segment0_Layer", 0)]
    keys += [("Segment0_Color", "1 0.5 0"), ("Segment1_Name", "putamen"), ("Segment1_LabelValue", 1)]
    regions, resampled = read_regions(segmentation(tmp_path / "a.seg.nrrd", labels(1), *keys), GRID)
    assert {region.name: int(region.inside().sum()) for region in regions} == {"caudate": 56, "putamen": 56}
    assert {region.name: region.color for region in regions} == {"caudate": (1, 0.5, 0), "putamen": None}
    assert not resampled


def test_segments_of_older_releases(tmp_path):
    keys = [("Segment0_ID", "Segment_1"), ("Segment0_Name", "caudate"), ("Segment0_Tags", "Segmentation.category:x|")]
    keys += [("Segment1_Name", "putamen")]
    regions, _ = read_regions(segmentation(tmp_path / "a.seg.nrrd", labels(2), *keys), GRID)
    assert [region.name for region in regions] == ["caudate", "putamen"]
    for number, region in enumerate(regions, 1):
        assert region.filled(GRID.shape)[number].all() and region.inside().sum() == 56


@pytest.mark.parametrize("color", ["nan nan nan", "5 5 5", "red green blue", "1 0", "-1 0 0"])
def test_color_that_is_none(tmp_path, color):
    keys = [("Segment0_Name", "caudate"), ("Segment0_Color", color)]
    with pytest.raises(QSMError, match="Segment0_Color"):
        read_regions(segmentation(tmp_path / "a.seg.nrrd", labels(1), *keys), GRID)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LabelValue", "abc"),
        ("LabelValue", "-1"),
        ("LabelValue", "0"),
        ("Layer", "x"),
        ("Layer", "3"),
        ("Layer", "nan"),
    ],
)
def test_numbers_of_segments_that_are_none(tmp_path, key, value):
    path = segmentation(tmp_path / "a.seg.nrrd", labels(1), ("Segment0_Name", "caudate"), (f"Segment0_{key}", value))
    with pytest.raises(QSMError, match=r"a\.seg\.nrrd has .*Save the segmentation again"):
        read_regions(path, GRID)
