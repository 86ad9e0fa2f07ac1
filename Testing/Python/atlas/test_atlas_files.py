"""Templates out of files, and registrations that are stopped."""

import numpy as np
import pytest

from QSMLogic import Cancelled, QSMError
from QSMLogic.atlas import load_template
from QSMLogic.atlas.itk import execute
from QSMLogic.files.images import Geometry, write_image
from QSMLogic.numerics.lazy import sitk

PLACE = Geometry((8, 9, 10))
LABELS = np.zeros(PLACE.shape, np.uint8)
LABELS[2:5, 2:5, 2:5], LABELS[6:8, 2:5, 2:5] = 1, 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("image.nii.gz", LABELS * 0.1, PLACE)
    write_image("labels.nii.gz", LABELS, PLACE)
    return tmp_path


def test_names_may_be_in_any_kind_of_file_that_statistics_reads(folder):
    (folder / "dseg.tsv").write_text("index\tname\n1\tCaudate\n2\tPutamen\n")
    (folder / "lut.txt").write_text("1 Caudate 255 0 0 0\n2 Putamen 0 255 0 0\n77 elsewhere 0 0 0 0\n")
    (folder / "names.json").write_text('{"0": "air", "1": "Caudate", "2": "Putamen"}')
    for names in ("dseg.tsv", "lut.txt", "names.json"):
        assert load_template("image.nii.gz", "labels.nii.gz", names).names == {1: "Caudate", 2: "Putamen"}


def test_a_mask_that_lies_elsewhere_is_refused(folder):
    write_image("mask.nii.gz", LABELS > 0, Geometry(PLACE.size, origin=(5.0, 0.0, 0.0)))
    with pytest.raises(QSMError, match="mask.nii.gz does not fit image.nii.gz: its origin"):
        load_template("image.nii.gz", "labels.nii.gz", mask_path="mask.nii.gz")


def test_a_stopped_registration_does_not_go_on_at_the_next_level():
    axes = np.meshgrid(*[np.arange(24.0)] * 3, indexing="ij")
    ball = [sitk.GetImageFromArray(np.exp(-sum((x - at) ** 2 for x in axes) / 40)) for at in (10, 13)]
    method, events = sitk.ImageRegistrationMethod(), []
    method.SetMetricAsMeanSquares()
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-6, 20)
    method.SetInitialTransform(sitk.TranslationTransform(3))
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([0, 0])
    method.AddCommand(sitk.sitkIterationEvent, lambda: events.append(1))

    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        execute(method, *ball, report=cancel)
    assert len(events) <= 2  # one at each level
