"""The mask before a run: that of the run, and a coarse one that is close to it."""

import numpy as np
import pytest
from helpers.simulated import head_scan

from QSMLogic import Acquisition, Grid, QSMError, Settings, run
from QSMLogic.pipeline import mask_preview
from QSMLogic.pipeline.mask_preview import coarse_mask, previewed_mask
from QSMLogic.registry.method import Method

QUICK = {"mask": {"method": "robust"}, "background": {"method": "vsharp", "steps": 2}, "invert": {"method": "tkd"}}


@pytest.fixture(scope="module")
def scan():
    return head_scan((78, 96, 84), 2.0).acquisition


def test_mask_is_that_of_the_run_with_the_same_checks(scan):
    mask, checks = previewed_mask(scan, QUICK)
    maps = run(scan, None, QUICK)
    np.testing.assert_array_equal(mask, maps.mask)
    assert checks[-1].name == "mask_volume" and f"{np.count_nonzero(mask) * 64 / 1000:.4g} ml" in checks[-1].sentence
    assert [vars(check) for check in checks] == maps.provenance["checks"][: len(checks)]


@pytest.mark.parametrize(("reduction", "least"), [((1, 1, 1), 1.0), ((2, 1, 2), 0.9)])
def test_coarse_mask_is_close_on_the_same_grid(scan, reduction, least, monkeypatch):
    monkeypatch.setattr(mask_preview, "preview_reduction", lambda shape, spacing_mm: reduction)
    mask, coarse = previewed_mask(scan, QUICK)[0], coarse_mask(scan, Settings(QUICK))
    assert coarse.shape == mask.shape and coarse.dtype == bool
    assert 2 * np.count_nonzero(mask & coarse) / (np.count_nonzero(mask) + np.count_nonzero(coarse)) >= least


def test_program_of_others_is_not_run_twice(scan, monkeypatch):
    monkeypatch.setattr(Method, "run", lambda *inputs, **options: pytest.fail("It was run."))
    assert coarse_mask(scan, Settings({"mask": {"method": "synthstrip"}})) is None


def test_scan_that_cannot_be_used_is_refused():
    empty = Acquisition(np.ones((1, 20, 20, 20)), np.ones((1, 20, 20, 20)), (0.01,), 3.0, Grid((20, 20, 20)))
    assert coarse_mask(empty, Settings({})) is None
    with pytest.raises(QSMError, match="constant"):
        previewed_mask(empty)
