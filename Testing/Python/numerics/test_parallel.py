"""Work in slabs: every plane once, and errors come through."""

import numpy as np
import pytest

from QSMLogic.numerics import parallel
from QSMLogic.numerics.parallel import for_slabs

SHAPE = (23, 4, 5)


@pytest.mark.parametrize("workers", [1, 2, 40])
@pytest.mark.parametrize("planes", [None, 1, 4, 100])
def test_every_plane_is_worked_on_once(monkeypatch, workers, planes):
    monkeypatch.setattr(parallel, "WORKERS", workers)
    times = np.zeros(SHAPE[0], int)

    def work(start, stop):
        assert 0 < stop - start <= (planes or SHAPE[0])
        times[start:stop] += 1

    for_slabs(work, np.empty(SHAPE), planes)
    assert (times == 1).all()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_comes_through_and_no_more_is_begun(monkeypatch, workers, failure):
    monkeypatch.setattr(parallel, "WORKERS", workers)
    begun = []

    def work(start, stop):
        begun.append(start)
        raise failure("here")

    with pytest.raises(failure, match="here"):
        for_slabs(work, np.empty((1000, 4, 5)), 1)
    assert len(begun) <= workers
