"""What listing and scheduling cost, whatever the work on a scan is."""

import time

import pytest
from helpers.cohort_many import nothing, tree

from QSMLogic.cohort.engine.options import EngineOptions
from QSMLogic.cohort.engine.start import engine_of
from QSMLogic.cohort.listing import scans_of
from QSMLogic.cohort.participant import run_participants, settle
from QSMLogic.cohort.scan import DONE, Plan

COUNT, MOST_S = 300, 0.02


@pytest.mark.timed
def test_a_scan_costs_little_beside_its_work(tmp_path):
    pytest.importorskip("distributed")
    root = tree(tmp_path / "bids", COUNT)
    began = time.perf_counter()
    plan, scans = Plan(root, tmp_path / "maps"), list(scans_of(root))
    settled = settle(scans, plan)
    listing_s = time.perf_counter() - began
    with engine_of(EngineOptions(scans=COUNT, nprocs=2, workers=2), nothing) as engine:
        began = time.perf_counter()
        tally = run_participants(scans, plan, engine, settled)
        scheduling_s = time.perf_counter() - began
    assert tally.counts == {DONE: COUNT}
    assert (listing_s + scheduling_s) / COUNT < MOST_S
