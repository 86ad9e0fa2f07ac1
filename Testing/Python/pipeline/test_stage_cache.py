"""The results of stages on disk: the same maps to the bit, and nothing computed that was computed before."""

import errno
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball
from helpers.kept_stages import FAST, assert_same, small_scan
from helpers.scan_on_disk import ScanOnDisk

from QSMLogic import Cancelled, FieldMap, Grid, QSMError, run
from QSMLogic.cli.main import main
from QSMLogic.model.progress import Progress
from QSMLogic.pipeline import stage_cache
from QSMLogic.pipeline.stage_cache import StageCache
from QSMLogic.registry.method import Method, find, registry
from QSMLogic.registry.stages import STAGES
from QSMLogic.stages.invert import automatic

KEPT = [name for name, stage in STAGES.items() if not stage.is_quick]
CHANGES = {
    "scaling": {"sign": "negative"},
    "mask": {"level": 60.0},
    "offset": {"sigma_mm": 4.0},
    "unwrap": {"template_echo": 2},
    "field": {"max_scatter": 1.0},
    "passes": {"limit": 1.4},
    "background": {"iterations": 2},
    "invert": {"threshold": 0.3},
    "reference": {"radius_mm": 20.0},
    "relaxometry": {"denoise": True},
    "swi": {"slab_mm": 20.0},
    "separation": {"baseline_hz": 5.0},
}


@pytest.fixture(scope="module")
def scan():
    return small_scan()


@pytest.fixture(scope="module")
def filled(scan, tmp_path_factory):
    """The folder of a cache that one run has filled, and the maps of that run."""
    folder = tmp_path_factory.mktemp("cache")
    return folder, run(scan, settings=FAST, cache=StageCache(folder))


@pytest.fixture
def cached(filled, tmp_path):
    """A copy of the filled cache, which a test may change."""
    return StageCache(shutil.copytree(filled[0], tmp_path / "cache"))


@pytest.fixture
def computed(monkeypatch):
    """The stages whose methods ran, in order."""
    ran, original = [], Method.run

    def counted(method, *inputs, **options):
        ran.append(method.stage)
        return original(method, *inputs, **options)

    monkeypatch.setattr(Method, "run", counted)
    return ran


def kept_of(stages):
    return [stage for stage in stages if stage in KEPT]


def test_a_cache_changes_nothing(scan, filled, cached, computed):
    without = run(scan, settings=FAST)
    assert set(KEPT) <= set(computed)
    assert_same(filled[1], without)
    assert "from_cache" not in filled[1].provenance
    computed.clear()
    again = run(scan, settings=FAST, cache=cached)
    assert kept_of(computed) == []
    assert again.provenance["from_cache"] == KEPT and cached.problem == ""
    assert_same(again, without)


def test_every_stage_with_parameters_has_a_change():
    with_parameters = {stage for stage, methods in registry().items() if any(m.parameters for m in methods.values())}
    assert with_parameters == set(CHANGES)


@pytest.mark.parametrize("stage", CHANGES)
def test_a_change_computes_from_there_on(scan, cached, computed, stage):
    settings = {**FAST, stage: FAST.get(stage, {}) | CHANGES[stage]}
    maps = run(scan, settings=settings, cache=cached)
    earlier = list(STAGES)[: list(STAGES).index(stage)]
    assert stage in computed and not {*kept_of(earlier)} & {*computed}
    assert_same(maps, run(scan, settings=settings))


@pytest.mark.parametrize("stage", STAGES)
def test_every_parameter_counts(stage):
    field = FieldMap(np.zeros((4, 4, 4)), np.ones((4, 4, 4), bool), Grid((4, 4, 4)))
    keys, count = set(), 0
    for method in registry()[stage].values():
        defaults = {p.name: p.default for p in method.parameters}
        for values in [defaults, *(defaults | {p.name: _other(p)} for p in method.parameters)]:
            keys.add(stage_cache._key(method, (field,), method.parameters_class(**values)))
            count += 1
    assert len(keys) == count


def _other(parameter):
    """Another value of the type of a parameter."""
    if parameter.type is bool:
        return not parameter.default
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice != parameter.default)
    return parameter.default + ("x" if parameter.type is str else 1)


class TestKey:
    """Whatever a method is given counts, whatever it is not given does not."""

    @staticmethod
    def key(*inputs):
        method = find("invert", "tkd")
        return stage_cache._key(method, inputs, method.parameters_class())

    def test_all_of_a_field_counts(self):
        grid, random = Grid((6, 7, 8)), np.random.default_rng(0)
        values = random.random((3, *grid.shape))
        field = FieldMap(values[0], ball(grid, 3), grid)
        others = [
            replace(field, ppm=-field.ppm),
            replace(field, mask=ball(grid, 2)),
            replace(field, uncertainty_ppm=values[1]),
            replace(field, magnitude=values[1]),
            replace(field, magnitude=values[2]),
            replace(field, csf=ball(grid, 1)),
            replace(field, grid=Grid(grid.shape, (1, 1, 2))),
            replace(field, grid=Grid(grid.shape, b0_direction=(0, 0, 1))),
        ]
        assert len({self.key(each) for each in [field, *others]}) == 1 + len(others)
        assert self.key(replace(field)) == self.key(field)

    def test_the_checks_of_a_scan_do_not_count(self, scan):
        assert self.key(replace(scan, checks=("memory",))) == self.key(scan)
        assert self.key(replace(scan, field_strength_t=7)) != self.key(scan)
        assert self.key(replace(scan, echo_times_s=(0.004, 0.010, 0.017))) != self.key(scan)

    def test_neither_types_nor_places_are_mixed_up(self):
        a, b = np.zeros(2, np.float32), np.zeros(3, np.float32)
        assert len({self.key(*x) for x in [(a, b), (b, a), ([a, b],), (a, None), (1,), (1.0,), (True,), ("1",)]}) == 8

    def test_sources_count(self, monkeypatch):
        before = self.key()
        monkeypatch.setattr(stage_cache, "_surroundings", lambda: "another version")
        assert self.key() != before


def test_an_automatic_inversion_chooses_as_without(scan, computed, tmp_path, monkeypatch):
    """Single step for strong sources: background removal serves the choice only, and is in no record."""
    quick, known = find("invert", "tkd"), registry()["invert"]
    monkeypatch.setitem(known, "tgv", replace(quick, name="tgv", takes_total_field=True))
    monkeypatch.setattr(automatic, "STRONG_PPM", 0.05)
    settings = {**FAST, "passes": {}, "invert": {}}
    without = run(scan, settings=settings)
    assert without.provenance["settings"]["invert"]["method"] == "tgv"
    for _ in range(2):
        computed.clear()
        maps = run(scan, settings=settings, cache=StageCache(tmp_path))
        assert_same(maps, without)
    assert kept_of(computed) == [] and "background" not in maps.provenance["from_cache"]


def test_passes_have_results_of_their_own(scan, filled, cached):
    """The second pass writes into the map of the first; what the cache has stays as it was."""
    for _ in range(2):
        assert_same(run(scan, settings=FAST, cache=cached), filled[1])


def test_equal_passes_are_computed_once(scan, computed, tmp_path):
    settings = {**FAST, "passes": {"method": "two_passes", "limit": 1e4}}
    maps = run(scan, settings=settings, cache=StageCache(tmp_path))
    assert computed.count("background") == 1
    assert_same(maps, run(scan, settings=settings))


def test_programs_of_others_are_not_kept(scan, cached, computed, monkeypatch):
    """Their versions and files are not known; but what comes after them is read if they do as they did before."""
    known = find("mask", "threshold")
    monkeypatch.setitem(registry()["mask"], "threshold", replace(known, missing=lambda: ""))
    maps = run(scan, settings=FAST, cache=cached)
    assert kept_of(computed) == ["mask"]
    assert maps.provenance["from_cache"] == KEPT[1:]


def test_a_failing_stage_fails_again(scan, tmp_path, computed):
    settings = {**FAST, "passes": {"method": "two_passes", "limit": 1.0, "growth_voxels": 20}}
    for _ in range(2):
        with pytest.raises(QSMError, match="first pass"):
            run(scan, settings=settings, cache=StageCache(tmp_path))


def test_a_cancelled_stage_is_not_kept(scan, tmp_path, computed):
    def cancel(stage, fraction):
        if "background" in computed:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(scan, settings=FAST, progress=cancel, cache=StageCache(tmp_path))
    computed.clear()
    run(scan, settings=FAST, cache=StageCache(tmp_path))
    assert "field" not in computed and "background" in computed


def test_progress_rises_from_the_cache_too(scan, cached):
    fractions = []
    run(scan, settings=FAST, progress=lambda stage, fraction: fractions.append(fraction), cache=cached)
    assert fractions == sorted(fractions) and fractions[-1] == 1


@pytest.mark.parametrize("damage", ["cut", "overwritten", "emptied", "text", "other"])
def test_damaged_entries_are_computed_anew(scan, filled, cached, computed, damage):
    contents = {path: path.read_bytes() for path in sorted(cached.store.folder.glob("*.npz"))}
    others = [*contents.values()]
    for number, (path, content) in enumerate(contents.items()):
        middle = len(content) // 2
        overwritten = content[: middle // 2] + bytes(middle) + content[middle // 2 + middle :]
        changed = {"cut": content[:middle], "overwritten": overwritten, "emptied": b"", "text": b"no result"}
        path.write_bytes({**changed, "other": others[number - 1]}[damage])
    maps = run(scan, settings=FAST, cache=cached)
    assert set(kept_of(computed)) == set(KEPT)
    assert_same(maps, filled[1])
    computed.clear()
    run(scan, settings=FAST, cache=cached)
    assert kept_of(computed) == []


def test_a_full_disk_is_no_error(scan, filled, tmp_path, monkeypatch):
    cache, tried = StageCache(tmp_path), []

    def full(file, **arrays):
        tried.append(file)
        file.write(b"begun")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert_same(run(scan, settings=FAST, cache=cache), filled[1])
    assert "disk is full" in cache.problem and len(tried) == 1
    assert os.listdir(tmp_path) == ["CACHEDIR.TAG"]


def test_a_result_of_another_kind_is_not_kept(tmp_path):
    odd = replace(find("invert", "tkd"), function=lambda field, parameters, progress: {1, 2, 3}, stage="mask")
    cache = StageCache(tmp_path)
    for _ in range(2):
        assert cache.run(odd, (1,), odd.parameters_class(), Progress()) == ({1, 2, 3}, False)


@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_a_cache_without_room_is_refused(tmp_path, size):
    with pytest.raises(QSMError, match="positive size"):
        StageCache(tmp_path, size)


def test_the_command_keeps_stages(tmp_path, computed, capsys):
    on_disk = ScanOnDisk(tmp_path / "scan")
    fast = ["--set", "mask.method=threshold", "background.method=pdf", "invert.method=tkd"]
    arguments = ["run", *map(str, on_disk.arguments()), *fast, "--cache", str(tmp_path / "cache"), "--output"]
    assert main([*arguments, str(tmp_path / "one")]) == 0
    computed.clear()
    assert main([*arguments, str(tmp_path / "two")]) == 0
    assert kept_of(computed) == []
    assert "warning: " not in capsys.readouterr().err
