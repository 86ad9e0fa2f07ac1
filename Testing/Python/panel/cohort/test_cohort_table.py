"""The table of scans: filled from records piece by piece, sorted, filtered and searched."""

import pytest
from helpers.panel_cohort import cells, is_idle, names, write_record
from standin.waiting import EventLoopWatch, wait_until

DOUBT = {"name": "snr", "value": 1, "limit": 3, "verdict": "doubtful", "sentence": "The SNR is low."}


@pytest.fixture
def three(panel, tmp_path):
    """The panel with three scans, one failed and one doubtful."""
    output = tmp_path / "three"
    write_record(output, "sub-01", quality={"snr": 30.0, "mask_ml": 1512.4}, seconds=61.7)
    write_record(output, "sub-02", "failed", "No phase.")
    write_record(output, "sub-10", quality={"snr": 9.2}, checks=[DOUBT])
    panel.state.output = str(output)
    assert wait_until(lambda: len(names(panel)) == 3 and is_idle(panel), 10)
    return panel


def arranged(panel, expected):
    return wait_until(lambda: panel.table.backlog.is_empty, 10) and names(panel) == expected


def test_rows_have_state_numbers_and_reason(three):
    assert cells(three, "sub-01")[:6] == ["sub-01", "done", "", "30", "1512", ""]
    assert cells(three, "sub-02")[1] == "failed" and cells(three, "sub-02")[-1] == "No phase."
    assert cells(three, "sub-10")[2] == "1"
    assert three.ui.countLabel.text == "3 scans, 1 failed"


def test_numbers_are_sorted_as_numbers_and_empty_ones_are_last(three):
    header = three.ui.scansTable.horizontalHeader()
    header.sectionClicked.emit(3)
    assert arranged(three, ["sub-10", "sub-01", "sub-02"])
    header.sectionClicked.emit(3)
    assert arranged(three, ["sub-01", "sub-10", "sub-02"])


@pytest.mark.parametrize("choice, expected", [(0, ["sub-01", "sub-02", "sub-10"]), (1, ["sub-02"]), (2, ["sub-10"])])
def test_filter_lists_what_is_to_be_looked_at(three, choice, expected):
    three.ui.filterBox.currentIndex = choice
    three.ui.filterBox.activated.emit(choice)
    assert arranged(three, expected)
    assert ("listed" in three.ui.countLabel.text) == (len(expected) < 3)


def test_a_scan_is_found_by_its_name_and_stays_selected(three):
    three.table.select("sub-10")
    three.ui.findEdit.text = "sub-1"
    assert arranged(three, ["sub-10"])
    assert three.table.current["name"] == "sub-10" and "SNR is low" in three.ui.scanLabel.text


def test_another_output_folder_shows_its_own_scans(three, tmp_path):
    three.state.output = str(tmp_path / "nowhere")
    assert names(three) == [] and three.ui.countLabel.text == "No results yet."
    assert not three.ui.showButton.enabled and not three.ui.tryButton.enabled


def test_what_is_mapped_anew_shows_its_new_values(three, tmp_path):
    write_record(tmp_path / "three", "sub-02", quality={"snr": 5.0})
    three.table.take({"name": "sub-02", "state": "done", "reason": ""})
    assert wait_until(lambda: cells(three, "sub-02")[3] == "5", 10)
    assert three.ui.countLabel.text == "3 scans" and cells(three, "sub-02")[-1] == ""


def test_scans_that_are_gone_leave_the_table_at_the_end_of_a_start(three, tmp_path):
    (tmp_path / "three" / "scans" / "sub-02" / "record.json").unlink()
    three.table.take({"name": "sub-00", "state": "failed", "reason": "No phase."})
    three.table.settle()
    assert wait_until(lambda: names(three) == ["sub-00", "sub-01", "sub-10"] and is_idle(three), 10)
    assert three.ui.countLabel.text == "3 scans, 1 failed"


def test_of_many_scans_the_first_are_listed_and_all_are_counted(panel, tmp_path, monkeypatch):
    from QSMLib.panel.cohort import table

    monkeypatch.setattr(table, "MOST_SHOWN", 5)
    for n in range(12):
        write_record(tmp_path / "many", f"sub-{n:02d}", "failed" if n == 11 else "done")
    panel.state.output = str(tmp_path / "many")
    assert wait_until(lambda: len(panel.table.rows) == 12 and is_idle(panel), 10)
    assert names(panel) == [f"sub-{n:02d}" for n in range(5)]
    assert panel.ui.countLabel.text == "12 scans, 1 failed, 5 listed"
    panel.ui.filterBox.currentIndex = 1
    panel.ui.filterBox.activated.emit(1)
    assert arranged(panel, ["sub-11"])


@pytest.mark.timed
def test_a_thousand_records_do_not_block_the_panel(panel, tmp_path, monkeypatch):
    from QSMLib.panel.cohort import table

    rows = [{"name": f"sub-{n:04d}", "state": "done", "reason": "", "doubts": [], "maps": []} for n in range(1000)]
    monkeypatch.setattr(table, "rows_in", lambda folder: iter(rows))
    gaps = []
    for turn in range(3):
        (tmp_path / str(turn)).mkdir()
        with EventLoopWatch() as watch:
            panel.state.output = str(tmp_path / str(turn))
            assert wait_until(lambda: len(panel.table.rows) == 1000 and is_idle(panel), 30)
        gaps.append(watch.longest_gap_s)
    assert min(gaps) < 0.2


def test_work_that_fails_is_dropped_and_the_rest_goes_on(panel):
    from standin.pythonqt import slot_errors

    done = []

    def failing():
        yield
        raise ValueError("broken")

    panel.table.backlog.add(failing())
    panel.table.backlog.add(done.append(n) for n in range(3))
    assert wait_until(lambda: done == [0, 1, 2], 5)
    assert [str(error) for error in slot_errors] == ["broken"]
    slot_errors.clear()
