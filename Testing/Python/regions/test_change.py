"""Changes between two maps: the region that changed and no other, with errors that neighbors share."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.regions import LabelRegions, Region, read_table, write_table
from QSMLogic.regions.change import change_table, difference, holm
from QSMLogic.report.change_plot import change_plot

SHAPE = (40, 44, 48)
MASK = np.zeros(SHAPE, bool)
MASK[3:37, 3:41, 3:45] = True
LABELS = np.zeros(SHAPE, np.uint8)
for number, corner in enumerate([(10, 10, 10), (10, 10, 30), (10, 28, 10), (24, 28, 28), (25, 10, 20)], 1):
    LABELS[tuple(slice(at, at + 6) for at in corner)] = number
REGIONS = LabelRegions(LABELS, {n: f"nucleus {n}" for n in range(1, 6)})
SIGMA = np.where(LABELS > 0, 0.02, 0.01).astype(np.float32)


def scan(seed, changed=0, amount=0.02):
    """A map with errors that neighbors share, twice as large in the nuclei."""
    errors = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), 1.2)
    ppm = 0.1 * (LABELS > 0) + 0.3 * SIGMA * errors / errors.std()
    return (np.where(changed == LABELS, ppm + amount, ppm) if changed else ppm).astype(np.float32) * MASK


def compared(seed, changed=0, uncertainties=(SIGMA, SIGMA), **options):
    found = difference(scan(seed), scan(1000 + seed, changed), MASK, uncertainties, 0.05)
    return change_table(found, REGIONS, **options)


@pytest.mark.parametrize("changed", range(1, 6))
def test_the_region_that_has_changed_is_found_and_no_other(changed):
    table = compared(changed, changed)
    assert [row["segment"] for row in table.rows if row["changed"]] == [f"nucleus {changed}"]
    row = table.of(f"nucleus {changed}")
    assert row["low"] < 0.02 < row["high"] and row["z"] > 3
    assert row["second_mean"] - row["first_mean"] == pytest.approx(row["change"])


def test_unchanged_regions_are_not_flagged_and_their_errors_are_as_stated():
    rows = [row for seed in range(4) for row in compared(seed).rows]
    assert not any(row["changed"] for row in rows)
    z = np.array([row["z"] for row in rows])
    assert 0.5 < np.sqrt(np.mean(z**2)) < 1.25


def test_errors_that_neighbors_share_do_not_average_out():
    """The uncertainty is several times that of independent voxels."""
    row = compared(0).rows[0]
    found = difference(scan(0), scan(1000), MASK, (SIGMA, SIGMA))
    assert row["change_uncertainty"] > 3 * found.ppm[LABELS == 1].std() / np.sqrt(np.count_nonzero(LABELS == 1))


def test_two_thirds_of_the_voxels_lie_within_their_uncertainty():
    found = difference(scan(0), scan(1000), MASK, (SIGMA, SIGMA))
    ratio = np.abs(found.ppm[MASK]) / found.uncertainty_ppm[MASK]
    assert 0.66 < np.mean(ratio < 1) < 0.70
    assert not found.ppm[~MASK].any() and not found.uncertainty_ppm[~MASK].any()


def test_the_common_reference_is_zero_in_both_and_adds_its_uncertainty():
    first, second = scan(0) + np.float32(0.3), scan(1000)
    zero = LABELS == 5
    found = difference(first, second, MASK, (SIGMA, SIGMA), reference=zero)
    assert found.ppm[zero].mean() == pytest.approx(0, abs=1e-6)
    assert found.first_ppm[zero].mean() == pytest.approx(0, abs=1e-6)
    table, plain = change_table(found, REGIONS, "nucleus 5"), change_table(found, REGIONS)
    reference = table.of("nucleus 5")
    assert reference["note"] == "reference" and reference["p_holm"] is None
    own, both = (t.of("nucleus 1")["change_uncertainty"] for t in (plain, table))
    assert both == pytest.approx(np.hypot(own, reference["change_uncertainty"]))
    with pytest.raises(QSMError, match="outside what both scans show"):
        difference(first, second, MASK, reference=~MASK)


def test_a_map_that_was_interpolated_does_not_make_small_nuclei_fade():
    sharp = scan(0)
    blurred = ndimage.gaussian_filter(sharp, 0.45)
    neighbor = np.exp(-0.5 / 0.45**2)
    found = difference(sharp, blurred, MASK)
    assert found.sharpness == pytest.approx(neighbor / (1 + 2 * neighbor), rel=0.25)  # half its variance
    raw = (blurred - sharp)[LABELS == 1].mean()
    assert abs(found.ppm[LABELS == 1].mean()) < 0.3 * abs(raw)


def test_without_uncertainty_maps_regions_are_tested_all_the_same():
    table = compared(3, 3, (None, None))
    assert table.of("nucleus 3")["changed"] == "yes"


def test_regions_that_are_too_large_or_outside_have_a_note_and_no_test():
    found = difference(scan(0), scan(1000), MASK, (SIGMA, SIGMA))
    table = change_table(found, [Region("all", MASK), Region("air", ~MASK), Region("one", LABELS == 1)])
    assert "too large" in table.of("all")["note"] and table.of("all")["p_holm"] is None
    assert "not in both scans" in table.of("air")["note"] and table.of("air")["change"] is None
    assert table.of("one")["p_holm"] is not None


def test_holm_is_that_of_the_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_the_table_comes_back_from_a_file_and_is_plotted(tmp_path):
    table = compared(1, 1)
    write_table(table, tmp_path / "changes.tsv")
    for row, saved in zip(table.rows, read_table(tmp_path / "changes.tsv").rows, strict=True):
        assert saved == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in row.items()}
    drawn = change_plot(table)
    assert drawn.count("<circle") == 5 and "nucleus 1: 0.0" in drawn
