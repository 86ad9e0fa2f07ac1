"""The report needs nothing but itself, and its pictures lie as the patient does."""

import base64
import io
import itertools
import re
from dataclasses import asdict
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from QSMLogic import QSMError
from QSMLogic.files.images import Geometry
from QSMLogic.model.check import DOUBTFUL, OK, PASSED, WARNING, Check
from QSMLogic.pipeline.chain import Settings
from QSMLogic.regions import MapImage, Region, measure
from QSMLogic.registry.provenance import Provenance
from QSMLogic.report.page import report, write_report
from QSMLogic.report.pictures import Patient, letters, triptych

SIZE = (12, 14, 16)


def turned_geometry(order, signs, spacing=(1.0, 1.0, 1.0), tilt=0.0):
    """A grid whose axis n runs along the patient's axis order[n] (x, y, z in LPS), turned by `tilt` radians about x."""
    axes = np.zeros((3, 3))
    for n in range(3):
        axes[order[n], n] = signs[n]
    turn = np.array(((1, 0, 0), (0, np.cos(tilt), -np.sin(tilt)), (0, np.sin(tilt), np.cos(tilt))))
    return Geometry(SIZE, spacing, (0.0, 0.0, 0.0), tuple((turn @ axes).ravel()))


def positions(geometry):
    """Where the voxels lie about their middle, (k, j, i, xyz) in mm, LPS."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")[::-1], -1)
    index = index - (np.array(geometry.size) - 1) / 2
    return index @ (np.reshape(geometry.direction, (3, 3)) * geometry.spacing).T


def decoded(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")).astype(int)


GRIDS = [(o, s) for o in itertools.permutations(range(3)) for s in ((1, 1, 1), (-1, 1, 1), (1, -1, -1))]


@pytest.mark.parametrize(("order", "signs"), GRIDS)
def test_pictures_show_left_at_the_right_front_above_and_head_above(order, signs):
    """A map that is bright towards the left (axial), the back, and the top, in a grid of any axes, a little oblique."""
    geometry = turned_geometry(order, signs, tilt=0.3)
    patient, where = Patient(geometry), positions(geometry)
    region = np.ones(geometry.shape, bool)
    for axis, plane, along_columns, brighter_last in (
        (0, "axial", True, True),
        (1, "axial", False, True),
        (0, "coronal", True, True),
        (2, "coronal", False, False),
        (1, "sagittal", True, True),
        (2, "sagittal", False, False),
    ):
        image = patient.turned(where[..., axis] + 100)
        pixels = decoded(triptych(patient, image, patient.turned(region), (80, 120), (1, 0, 0))[plane])[2:-2, 2:-2, 0]
        profile = pixels.mean(axis=0 if along_columns else 1)
        assert (profile[-1] > profile[0] + 10) == brighter_last, (plane, axis)
    assert patient.degrees_oblique == pytest.approx(np.degrees(0.3))


def test_letters_are_those_of_the_radiological_view():
    assert letters("axial") == ("R", "L", "A", "P")
    assert letters("coronal") == ("R", "L", "S", "I")
    assert letters("sagittal") == ("A", "P", "S", "I")


def test_outline_surrounds_the_region_and_pixels_are_square():
    geometry = turned_geometry((0, 1, 2), (1, 1, 1), spacing=(1.0, 1.0, 3.0))
    patient = Patient(geometry)
    region = np.zeros(geometry.shape, bool)
    region[6:9, 4:9, 3:8] = True
    image = np.full(geometry.shape, 0.05, np.float32)
    pixels = decoded(triptych(patient, image, region, (0, 0.1), (0, 1, 0))["coronal"])
    assert pixels.shape[0] / pixels.shape[1] == pytest.approx(16 * 3 / 12, rel=0.03)
    rows, columns = np.nonzero((pixels[..., 1] == 255) & (pixels[..., 0] == 0))
    scale = pixels.shape[0] / 48
    assert (columns.min() / scale, (columns.max() + 1) / scale) == pytest.approx((3, 8), abs=0.3)
    assert (rows.min() / scale, (rows.max() + 1) / scale) == pytest.approx((48 - 27, 48 - 18), abs=0.3)
    assert pixels[2, 2] == pytest.approx([127.5] * 3, abs=1)


class Reader(HTMLParser):
    """Collects text and attributes; complains of tags that are not closed."""

    VOID = {"meta", "img", "br"}

    def __init__(self, html):
        super().__init__()
        self.open, self.words, self.addresses = [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)


@pytest.fixture
def measured():
    geometry = turned_geometry((0, 1, 2), (1, 1, 1))
    array = np.random.default_rng(0).normal(0.05, 0.01, geometry.shape).astype(np.float32)
    left, right = np.zeros((2, *geometry.shape), bool)
    left[4:8, 4:8, 7:10], right[4:8, 4:8, 2:5] = True, True
    regions = [Region("Left <nucleus>", left), Region("Right <nucleus>", right), Region("nothing", left & right)]
    image = MapImage(array, "ppm")
    return measure({"susceptibility": image}, regions, geometry.grid(), erosion_mm=0.5), image, regions, geometry


@pytest.fixture
def provenance(measured):
    class Scan:
        grid, echo_times_s, field_strength_t, checks, reported = measured[3].grid(), (0.005, 0.01), 3.0, (), {}

    record = Provenance(Scan, Settings())
    record.seconds = {"background": 1.0, "invert": 2.0}
    return record.finished(True)


def test_report_holds_table_pictures_parameters_versions_and_citations(measured, provenance, tmp_path):
    path = write_report(tmp_path / "r.html", *measured, provenance=provenance, inputs={"Map": "chi & co.nii.gz"})
    html = path.read_text(encoding="utf-8")
    found = Reader(html)
    words = " ".join(found.words)
    for expected in ("Left <nucleus>", "chi & co.nii.gz", "0.5 mm", "V-SHARP", "10.1002/mrm.23000", "numpy"):
        assert expected in words
    assert f"{measured[0].rows[0]['mean']:.4f}" in words
    assert f"{measured[0].asymmetry().rows[0]['asymmetry_percent']:.4g}" in words
    assert '"max_radius_mm": 16' in words.replace("16.0", "16")
    assert len(found.addresses) == 2 * 3


def test_report_asks_for_nothing_from_elsewhere(measured, provenance):
    html = report(*measured, provenance=provenance)
    assert all(address.startswith("data:image/png;base64,") for address in Reader(html).addresses)
    assert not re.search(r"url\((?!#)|@import|<script|<link|<iframe", html)
    assert set(re.findall(r"https?://[^\s\"<]+", html)) <= {"http://www.w3.org/2000/svg"}


def test_report_has_the_checks_with_the_most_severe_first(measured, provenance):
    assert "Checks of the scan" not in report(*measured, provenance=provenance)
    checks = [
        Check("echoes", None, None, OK, "Right."),
        Check("slice_phase", 0.5, 0.1, OK, "The slices <were> corrected.", corrected=True),
        Check("mask_volume", 433.6, "600 to 2200 ml", DOUBTFUL, "The mask is small."),
    ]
    html = report(*measured, provenance=provenance | {"checks": [asdict(check) for check in checks]})
    words = html.split("Checks of the scan and of the map")[1].split("Versions")[0]
    places = [words.index(title) for title in ("Mask volume", "Slice phase", "Echoes")]
    assert places == sorted(places)
    for text in ("434", "600 to 2200 ml", "The slices &lt;were&gt; corrected.", WARNING, PASSED):
        assert text in words


def test_report_without_a_record_says_so(measured):
    assert "No record of the run" in report(*measured)


def test_bad_input_is_refused(measured, tmp_path):
    table, image, regions, geometry = measured
    with pytest.raises(QSMError, match="must end in .html"):
        write_report(tmp_path / "r.pdf", *measured)
    with pytest.raises(QSMError, match="they must match"):
        report(table, MapImage(image.array[1:], "ppm"), regions, geometry)
    (tmp_path / "file").write_text("")
    with pytest.raises(QSMError, match="Cannot write"):
        write_report(tmp_path / "file" / "r.html", *measured)
