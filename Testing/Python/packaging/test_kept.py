"""What tests keep on disk is what they would make, or made anew."""

import pytest
from helpers import kept

calls = []


def made(number, twice=False):
    calls.append(number)
    return {"number": number * (2 if twice else 1)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    calls.clear()
    monkeypatch.setenv("QSM_TEST_CACHE", str(tmp_path))
    return tmp_path


def test_the_same_is_made_once(cache):
    assert [kept.kept(made, 3), kept.kept(made, 3), kept.kept(made, 3, twice=True)] == [
        {"number": 3},
        {"number": 3},
        {"number": 6},
    ]
    assert calls == [3, 3]
    assert len(list(cache.iterdir())) == 2


def test_other_sources_make_it_anew(cache, monkeypatch):
    kept.kept(made, 3)
    monkeypatch.setattr(kept, "sources_of", lambda function: "changed")
    kept.kept(made, 3)
    assert calls == [3, 3]


def test_all_modules_of_the_simulation_count():
    from helpers import simulated

    names = [name for name, _ in kept.sources_of(simulated._head_scan)]
    for function in (simulated.head, simulated.simulate_scan):
        assert function.__module__ in names
    assert len([name for name in names if name.startswith("QSMLogic")]) > 6


def test_a_damaged_file_is_made_anew(cache):
    kept.kept(made, 3)
    (path,) = cache.iterdir()
    path.write_bytes(b"no pickle")
    assert kept.kept(made, 3) == {"number": 3}
    assert calls == [3, 3]


def test_nothing_is_kept_if_switched_off(tmp_path, monkeypatch):
    calls.clear()
    monkeypatch.setenv("QSM_TEST_CACHE", "off")
    monkeypatch.setattr(kept, "write", lambda *_: pytest.fail("written"))
    assert kept.kept(made, 4) == kept.kept(made, 4)
    assert calls == [4, 4]
