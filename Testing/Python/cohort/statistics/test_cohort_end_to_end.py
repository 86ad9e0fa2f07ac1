"""From the maps of scans to statistics and averages: the one region that differs between two groups is found."""

import json

import numpy as np
import pytest
from helpers.atlas_scans import acquisition_of, maps_of, unmoved
from helpers.cohort_tables import write_participants
from helpers.heads import BODY_SHAPE, body, geometry
from helpers.simulated_group import record, write_scan

from QSMLogic.atlas.register import Registration
from QSMLogic.cli.main import main
from QSMLogic.cohort import regions
from QSMLogic.cohort.group.write import write_group
from QSMLogic.cohort.statistics import StatisticsOptions, write_average_maps, write_statistics
from QSMLogic.cohort.statistics.analysis import analyzed
from QSMLogic.files.atomic import placed_together
from QSMLogic.files.bids import BidsRun
from QSMLogic.files.images import read_image, write_image
from QSMLogic.regions.table_files import table_texts

PLACE, SUBJECTS, DIFFERENCE_PPM = geometry(BODY_SHAPE, (2.0, 2.0, 2.0)), 8, 0.05
IMAGE, LABELS = body()
NAMES = {1: "Caudate", 2: "Pallidum"}


def known_registration(image, where, template, *others):
    """The registration of a subject that lies exactly on the template."""
    facts = {name: {"note": ""} for name in NAMES.values()}
    return Registration(
        LABELS.astype(np.uint16), NAMES, {"labels": facts, "overlap": 1.0}, unmoved(where, template.geometry)
    )


@pytest.fixture
def cohort(tmp_path, monkeypatch):
    """The derivatives of 8 subjects, every other of which has more iron in the pallidum."""
    monkeypatch.setattr(regions, "register", known_registration)
    atlas, output, random = tmp_path / "atlas", tmp_path / "out", np.random.default_rng(2)
    atlas.mkdir()
    write_image(atlas / "template.nii.gz", IMAGE, PLACE)
    write_image(atlas / "labels.nii.gz", LABELS, PLACE)
    (atlas / "labels.json").write_text(json.dumps(NAMES))
    people = {}
    for n in range(SUBJECTS):
        subject, is_patient = f"{n + 1:02d}", n % 2
        own = random.normal(0, 0.01, 3)  # of the organs
        shift = np.select([LABELS == 1, LABELS == 2], [own[0], own[1] + DIFFERENCE_PPM * is_patient], own[2])
        image = (IMAGE + np.where(IMAGE > 0, shift, 0)).astype(np.float32)
        acquisition, maps = acquisition_of(IMAGE, PLACE.grid()), maps_of(image, PLACE.grid())
        table, extra = regions.scan_regions(acquisition, maps, PLACE, atlas)
        people[subject] = {"group": "patient" if is_patient else "control"}
        run = BidsRun(tmp_path, tmp_path / f"sub-{subject}", f"sub-{subject}", "MEGRE", {})
        with placed_together(extra.files(run, output)) as temporary:
            found = extra.write(temporary, run, output)
        files = {path.name: text.encode() for path, text in table_texts(table, "regions.tsv").items()}
        write_scan(output, record(name=run.name, subject=subject, atlas=found), files)
    write_participants(tmp_path, people)
    write_group(output)
    return tmp_path, output


def test_the_region_that_differs_is_found_and_no_other(cohort):
    root, output = cohort
    options = StatisticsOptions(root, group="group")
    paths, _ = write_statistics(output, options)
    rows = {row["segment"]: row for row in analyzed(output, options).table.rows}
    assert [name for name, row in rows.items() if row["q"] < 0.05] == ["Pallidum"]
    found = rows["Pallidum"]
    assert found["estimate"] == pytest.approx(DIFFERENCE_PPM, abs=3 * found["standard_error"])
    assert output / "group_statistics.tsv" in paths

    paths, _ = write_average_maps(output, options)
    mean = {
        group: read_image(output / "group_averages" / f"space-atlas_group-{group}_stat-mean_Chimap.nii.gz")[0]
        for group in ("control", "patient")
    }
    difference = mean["patient"] - mean["control"]
    estimates = [rows[name]["estimate"] for name in NAMES.values()]
    assert [difference[label == LABELS].mean() for label in NAMES] == pytest.approx(estimates, abs=1e-5)
    count = read_image(output / "group_averages" / "space-atlas_stat-count_Chimap.nii.gz")[0]
    np.testing.assert_array_equal(count, SUBJECTS * (IMAGE > 0))


def test_excluded_scans_are_in_neither(cohort):
    root, output = cohort
    options = StatisticsOptions(root, group="group", excluded=frozenset({"sub-01_MEGRE", "sub-02_MEGRE"}))
    assert {row["n"] for row in analyzed(output, options).table.rows} == {SUBJECTS - 2}
    write_average_maps(output, options)
    assert read_image(output / "group_averages" / "space-atlas_stat-count_Chimap.nii.gz")[0].max() == SUBJECTS - 2


def test_the_command_line_leaves_out_what_was_rated_so(cohort, capsys):
    root, output = cohort
    (output / "group_ratings.tsv").write_text("scan\trating\nsub-02_MEGRE\texcluded\n")
    words = ("--group-column", "group", "--averages")
    assert main(["bids", str(root), str(output), "group", *words]) == 0
    written, said = capsys.readouterr()
    assert "group_statistics.html" in written and "space-atlas_group-patient_stat-mean_Chimap.nii.gz" in written
    assert "by group (control: 4, patient: 3)" in said
    count = read_image(output / "group_averages" / "space-atlas_stat-count_Chimap.nii.gz")[0]
    assert count.max() == SUBJECTS - 1
    assert main(["bids", str(root), str(output), "group", "--covariates", "age"]) == 2
    assert "There is no column age" in capsys.readouterr().err
