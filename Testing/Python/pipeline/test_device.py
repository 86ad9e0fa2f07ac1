"""A run on a GPU that is not there: the same map, a record of what ran where, and the same map when it fails."""

import gc
import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.foreign_arrays import Foreign
from helpers.foreign_gpu import fake_gpu

from QSMLogic import Acquisition, FieldMap, Grid, QSMError, Settings, run
from QSMLogic.model.progress import Progress
from QSMLogic.numerics import device as device_module
from QSMLogic.numerics.device import Device
from QSMLogic.pipeline import chain, service, worker
from QSMLogic.pipeline.checks.scan import found
from QSMLogic.pipeline.stage_cache import StageCache
from QSMLogic.pipeline.talk import Talk
from QSMLogic.registry.method import Method, NoParameters, find, registry
from QSMLogic.registry.provenance import gpu_used, warnings
from QSMLogic.registry.settings import merged_choices, read_choices
from QSMLogic.report.methods_text import methods_text

GRID, TIMES = Grid((26, 28, 24)), (0.004, 0.010)
MASK = ball(GRID, 10)
FAST = {
    "background": {"method": "sharp"},
    "invert": {"method": "tv", "iterations": 5},
    "uncertainty": {"method": "none"},
}


@pytest.fixture(scope="module")
def scan():
    field = sphere(GRID, 4, (0, 0, 1), 0.3)[0]
    signal = np.stack([900 * MASK * np.exp(2j * np.pi * 42.58 * 3 * field * time) for time in TIMES])
    return Acquisition(np.abs(signal), np.angle(signal), TIMES, 3.0, GRID)


@pytest.fixture
def gpu(monkeypatch):
    """The GPU that is found, on foreign arrays."""
    one = fake_gpu()
    monkeypatch.setattr(chain, "find_device", lambda wanted: one if wanted != "cpu" else Device())
    return one


def mapped(scan, **choices):
    return run(scan, MASK, FAST | choices)


def test_a_run_on_a_gpu_has_the_same_map_and_says_what_ran_there(scan, gpu):
    found, expected = mapped(scan, device="auto"), mapped(scan)
    np.testing.assert_allclose(found.susceptibility_ppm, expected.susceptibility_ppm, atol=1e-5)
    record = json.loads(json.dumps(found.provenance))["device"]
    assert {"invert", "field"} <= {*record["stages"]} and "mask" not in record["stages"]
    assert record["kind"] == "gpu" and record["name"] == "Foreign GPU" and record["driver"].startswith("550")
    assert record["library"] == "CuPy 14.2.0" and record["fallbacks"] == [] and gpu_used(found.provenance)
    assert "in part on a GPU (Foreign GPU)" in methods_text(found.provenance)
    assert expected.provenance["device"]["kind"] == "cpu" and expected.provenance["device"]["stages"] == []
    assert "GPU" not in methods_text(expected.provenance)
    assert found.provenance["settings"] == expected.provenance["settings"]


def test_a_gpu_that_is_lost_in_a_run_changes_nothing_but_the_warnings(scan, gpu):
    gpu.lose("it fell off the bus")
    gpu._called = lambda function, inputs: function(*["no array"] * len(inputs))
    found, expected = mapped(scan, device="gpu"), mapped(scan)
    np.testing.assert_array_equal(found.susceptibility_ppm, expected.susceptibility_ppm)
    assert found.provenance["notes"] == expected.provenance["notes"] and found.provenance["device"]["stages"] == []
    said = [sentence for sentence in warnings(found.provenance) if "CPU" in sentence]
    assert len(said) == 2 and "it fell off the bus" in said[0] and not gpu_used(found.provenance)


def test_notes_of_the_attempt_that_failed_do_not_remain(gpu):
    def noisy(x, parameters, progress):
        progress.iteration(1, 2, change=1.0)
        progress.note(**{type(x).__name__: True})
        if isinstance(x, Foreign):
            raise MemoryError
        return x

    progress = Progress()
    progress.iteration(1, 2, change=3.0, name="before")
    method = Method("relaxometry", "noisy", "Noisy", noisy, NoParameters, (), False, False, False, on_gpu=True)
    method.run(np.ones((2, 2, 2)), progress=progress, device=gpu)
    assert set(progress.notes) == {"before", "convergence", "ndarray"}
    assert progress.notes["convergence"]["change"] == [1.0] and progress.notes["before"]["change"] == [3.0]


def test_methods_that_are_not_for_a_gpu_stay_on_the_cpu(gpu):
    method = Method("relaxometry", "own", "Own", lambda x, *rest: x, NoParameters, (), False, False, False)
    x = np.ones(3)
    assert method.run(x, device=gpu) is x and not gpu.stages


def test_checks_that_take_any_array_run_on_the_gpu(gpu):
    def check(x):
        kinds.append(type(x))
        return x, []

    kinds = []
    found(check, np.ones(3), device=gpu)
    check.on_gpu = True
    found(check, np.ones(3), device=gpu)
    assert kinds == [np.ndarray, Foreign] and gpu.stages == ["checks"]


def test_what_is_no_stage_has_a_title_and_is_not_recorded(scan, gpu, monkeypatch):
    settings = FAST | {"device": "gpu", "invert": {"method": "medi", "outer_iterations": 1, "inner_iterations": 1}}
    run(scan, MASK, settings, quality=True)
    assert "" not in gpu.stages
    gpu._handle = replace(gpu._handle, free_bytes=lambda: 0)
    found = run(scan, MASK, settings, quality=True)
    said = [sentence.partition(" ran on")[0] for sentence in found.provenance["device"]["fallbacks"]]
    assert {"The phase quality map", "The search for CSF"} <= set(said) and "This step" not in said


def test_a_run_leaves_no_memory_of_the_gpu_reserved(scan, monkeypatch):
    releases = []

    def find(wanted):
        found = fake_gpu()
        releases.append(found.releases)
        return found

    monkeypatch.setattr(chain, "find_device", find)
    mapped(scan, device="auto")
    gc.collect()
    assert releases == [[True]]


def test_a_job_leaves_no_memory_of_the_gpu_reserved(tmp_path, monkeypatch):
    releases = []

    def fail(folder, talk):
        found = fake_gpu()
        found.itself = found  # freed with other garbage only
        releases.append(found.releases)
        raise QSMError("No map.")

    news = []
    monkeypatch.setattr(worker, "take", fail)
    (tmp_path / "job.json").touch()
    service._do(tmp_path, Talk(news.append), None)
    assert news[-1] == {"error": "No map."} and releases == [[True]]


def test_the_inversion_is_chosen_on_the_gpu(scan, gpu, monkeypatch):
    def choice(local):
        kinds.append(type(local.ppm))
        return "tkd", "a reason"

    kinds, automatic = [], find("invert", "automatic")
    monkeypatch.setitem(registry()["invert"], "automatic", replace(automatic, chooses=choice))
    found = mapped(scan, device="auto", invert={"method": "automatic"})
    assert kinds == [Foreign] and found.provenance["device"]["fallbacks"] == []


def test_the_cache_keeps_results_apart_by_device_and_none_of_a_failure(tmp_path, gpu):
    entry, cache = find("invert", "tv"), StageCache(tmp_path)
    field = FieldMap(sphere(GRID, 4, (0, 0, 1), 0.3)[0], MASK, GRID)
    parameters = entry.make_parameters({"iterations": 3})

    def read(device):
        return cache.run(entry, (field,), parameters, Progress(), device)[1]

    assert [read(None), read(None), read(gpu), read(gpu), read(Device())] == [False, True, False, True, True]
    broken = fake_gpu(free_bytes=0)
    broken.key = "another"
    assert [read(broken), read(broken)] == [False, False]


class TestSettings:
    def test_the_device_is_no_part_of_what_decides_on_the_map(self):
        settings = Settings({"device": "gpu", "invert": {"method": "tkd"}})
        assert settings.device == "gpu" and Settings().device == "cpu"
        assert settings.to_dict() == Settings({"invert": {"method": "tkd"}}).to_dict()

    def test_it_passes_through_all_that_makes_settings_of_settings(self, tmp_path):
        settings = Settings({"device": "gpu"})
        for other in (settings.with_maps(["all"]), settings.without_maps(), settings.with_needed_maps()):
            assert other.device == "gpu"
        (tmp_path / "s.json").write_text('{"device": "auto", "invert": {"method": "tkd"}}')
        merged = merged_choices(read_choices(tmp_path / "s.json"), {"invert": {"method": "tv"}})
        assert merged == {"device": "auto", "invert": {"method": "tv"}}
        assert merged_choices(merged, {"device": "cpu"})["device"] == "cpu"

    @pytest.mark.parametrize("name", ["cuda", 0, None, {"method": "gpu"}, ["gpu"]])
    def test_other_devices_are_refused(self, name):
        with pytest.raises(QSMError, match="There is no device .* Choose one of cpu, gpu, auto"):
            Settings({"device": name})


def test_a_gpu_that_is_wanted_but_not_there_is_a_warning_of_the_run(scan, monkeypatch):
    monkeypatch.setattr(device_module, "gpu_hint", lambda: device_module.GpuHint(False, True))
    wanted, automatic = mapped(scan, device="gpu").provenance, mapped(scan, device="auto").provenance
    assert any("CuPy is not installed" in sentence for sentence in warnings(wanted))
    assert not any("CuPy" in sentence for sentence in warnings(automatic))
