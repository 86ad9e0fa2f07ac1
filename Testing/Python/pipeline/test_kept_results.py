"""The results of stages in memory: the same maps to the bit, one run's worth, and nobody can change them."""

import numpy as np
import pytest
from helpers.kept_stages import FAST, assert_same, small_scan

from QSMLogic import Cancelled, run
from QSMLogic.pipeline.checks import scan as scan_checks
from QSMLogic.pipeline.kept_results import KeptResults
from QSMLogic.registry.method import Method
from QSMLogic.registry.stages import STAGES

MUCH = (1e12, 1e12)
KEPT = ["scaling", *(name for name, stage in STAGES.items() if not stage.is_quick)]


@pytest.fixture(scope="module")
def scan():
    return small_scan()


@pytest.fixture(scope="module")
def expected(scan):
    return run(scan, settings=FAST)


@pytest.fixture
def kept():
    return KeptResults(lambda: MUCH)


@pytest.fixture
def computed(monkeypatch):
    """The stages of KEPT whose methods ran, in order."""
    ran, original = [], Method.run

    def counted(method, *inputs, **options):
        if method.stage in KEPT:
            ran.append(method.stage)
        return original(method, *inputs, **options)

    monkeypatch.setattr(Method, "run", counted)
    return ran


def changed(**choices):
    return {**FAST, **{stage: FAST.get(stage, {}) | choice for stage, choice in choices.items()}}


def test_a_second_run_computes_nothing_and_is_the_same(scan, expected, kept, computed):
    """With two passes, of which the second writes into the map of the first."""
    for again in (False, True, True):
        computed.clear()
        maps = run(scan, settings=FAST, cache=kept.begin())
        assert_same(maps, expected)
        assert (computed == []) == again
    assert set(maps.provenance["from_cache"]) == set(KEPT)
    assert kept.nbytes > 0


def test_only_what_has_changed_is_computed(scan, kept, computed):
    run(scan, settings=FAST, cache=kept.begin())
    computed.clear()
    settings = changed(invert={"threshold": 0.3})
    maps = run(scan, settings=settings, cache=kept.begin())
    assert "invert" in computed and not {"scaling", "mask", "unwrap", "field", "background"} & {*computed}
    assert_same(maps, run(scan, settings=settings))


def test_a_new_result_takes_the_place_of_an_earlier_one(scan, kept):
    run(scan, settings=FAST, cache=kept.begin())
    before = kept.nbytes
    for threshold in (0.2, 0.3, 0.4):
        run(scan, settings=changed(invert={"threshold": threshold}), cache=kept.begin())
    assert kept.nbytes == pytest.approx(before, rel=0.05)


def test_results_cannot_be_changed(scan, kept):
    maps = run(scan, settings={**FAST, "passes": {}}, cache=kept.begin())
    assert maps.susceptibility_ppm.any()
    arrays = [array for one in kept._kept.values() for array in one.arrays]
    assert arrays
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert scan.magnitude.flags.writeable and scan.phase.flags.writeable


def test_the_check_of_a_scan_is_kept(scan, kept, monkeypatch):
    first = run(scan, settings=FAST, cache=kept.begin())
    monkeypatch.setattr(scan_checks, "without_slice_offsets", lambda tissue: pytest.fail("computed again"))
    second = run(scan, settings=FAST, cache=kept.begin())
    assert second.provenance["checks"] == first.provenance["checks"]


def test_another_scan_is_another_scan(scan, kept):
    """Of the same shape, and in the memory of the one before, as arrays that are loaded anew."""
    magnitude, phase = scan.magnitude.copy(), scan.phase.copy()
    for _ in range(2):
        other = type(scan)(magnitude, phase, scan.echo_times_s, scan.field_strength_t, scan.grid)
        assert_same(run(other, settings=FAST, cache=kept.begin()), run(other, settings=FAST))
        phase *= -1


def test_what_a_cancelled_run_has_finished_stays(scan, kept, computed):
    def cancel(stage, fraction):
        if "background" in computed:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(scan, settings=FAST, progress=cancel, cache=kept.begin())
    computed.clear()
    run(scan, settings=FAST, cache=kept.begin())
    assert "field" not in computed and "background" in computed


@pytest.mark.parametrize("memory", [(1e5, 1e12), (-1e9, 1e12), (None, None)])
def test_nothing_is_kept_where_memory_is_short(scan, expected, computed, memory):
    """Or where nobody knows how much there is."""
    kept = KeptResults(lambda: memory)
    for _ in range(2):
        computed.clear()
        assert_same(run(scan, settings=FAST, cache=kept.begin()), expected)
        assert "background" in computed
    assert kept.nbytes <= 0.25 * 1e5


def test_memory_that_has_become_short_is_given_back(scan):
    memory = [MUCH]
    kept = KeptResults(lambda: memory[0])
    run(scan, settings=FAST, cache=kept.begin())
    memory[0] = (0, 1e12)
    assert kept.begin().nbytes == 0


def test_a_digest_is_of_values_not_of_places(kept):
    """Also when the memory of an array that was kept serves another."""
    stored = np.arange(24.0).reshape(2, 3, 4)
    kept.begin().keep("invert", {"key": "a"}, [stored])
    parts = [stored, stored[1], stored[:, 1:], stored.T, stored[..., ::2], stored.view(np.int64)]
    assert [kept.digest(part) for part in parts * 2] == 2 * [KeptResults(lambda: MUCH).digest(part) for part in parts]
    kept.begin().keep("invert", {"key": "b"}, [np.zeros(2)])
    stored.flags.writeable = True
    stored[:] = 0
    assert kept.digest(stored) == kept.digest(np.zeros_like(stored))
