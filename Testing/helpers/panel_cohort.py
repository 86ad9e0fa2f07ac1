"""The panel of QSM Cohort, a process that reports what a test wants, and the results of a small cohort."""

import json
from pathlib import Path

import pytest
from standin.module import MODULE_FILE, load_module
from standin.waiting import wait_until

COHORT_FILE = MODULE_FILE.with_name("QSMCohort.py")
FAKE = """
import json, os, sys, time
print(json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:]}), flush=True)
SCRIPT
"""


@pytest.fixture
def cohort(session):
    """The scripted module QSM Cohort with its panel, entered."""
    module = load_module(COHORT_FILE)
    module.enter()
    yield module
    module.close()


@pytest.fixture
def panel(cohort, tmp_path):
    """The panel with an input and an output folder."""
    panel = cohort.widget.panel
    (tmp_path / "bids" / "sub-01").mkdir(parents=True)
    panel.state.root, panel.state.output = str(tmp_path / "bids"), str(tmp_path / "out")
    return panel


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """fake(script): from now on, starts run lines of Python instead of the BIDS App; `tell(**event)` reports."""

    def use(script):
        from QSMLib.panel.cohort import work

        file = tmp_path / "fake.py"
        tell = "def tell(**event): print(json.dumps(event), flush=True)\n"
        file.write_text(FAKE.replace("SCRIPT", tell + script), encoding="utf-8")
        monkeypatch.setattr(work, "CODE", f"exec(open({str(file)!r}, encoding='utf-8').read())")

    return use


def write_record(output, name, state="done", reason="", **facts):
    """Write the record of a scan as far as the panel reads it."""
    folder = Path(output) / "scans" / name
    folder.mkdir(parents=True, exist_ok=True)
    record = {"name": name, "state": state, "reason": reason, "checks": [], "maps": {}} | facts
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def names(panel):
    """The names of the scans in the table, from top to bottom."""
    table = panel.ui.scansTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def cells(panel, name):
    """The texts in the row of a scan."""
    table = panel.ui.scansTable
    row = names(panel).index(name)
    return [table.item(row, column).text() for column in range(table.columnCount)]


def is_idle(panel):
    return not panel.work.running and panel.table.backlog.is_empty


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """(BIDS folder, output folder) of two small scans that are mapped; the phase of the second is missing."""
    from helpers.cohorts import cohort, quick_plan

    from QSMLogic.cohort.engine.serial import SerialEngine
    from QSMLogic.cohort.listing import scans_of
    from QSMLogic.cohort.one_scan import map_scan
    from QSMLogic.cohort.participant import run_participants, settle

    root = cohort(tmp_path_factory.mktemp("cohort") / "bids")
    for file in (root / "sub-02").rglob("*part-phase*"):
        file.unlink()
    plan, scans = quick_plan(root), list(scans_of(root))
    with SerialEngine(map_scan) as engine:
        run_participants(scans, plan, engine, settle(scans, plan))
    return root, plan.output


@pytest.fixture
def mapped(panel, results):
    """The panel with the results of two scans in its table."""
    root, output = results
    panel.state.root, panel.state.output = str(root), str(output)
    assert wait_until(lambda: len(names(panel)) == 2 and is_idle(panel), 10)
    return panel
