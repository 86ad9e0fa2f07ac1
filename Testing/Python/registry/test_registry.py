"""What holds for every registered method: description, parameters, citations, and the contract of its stage."""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Cancelled, FieldMap, Grid, QSMError, Settings
from QSMLogic.cli.options import STAGE_OPTIONS, add_method_options
from QSMLogic.numerics import fft, parallel
from QSMLogic.registry.method import find, registry
from QSMLogic.registry.stages import STAGES

ROOT = Path(__file__).resolve().parents[3]
EVERY = [entry for stage in registry().values() for entry in stage.values()]
ON_FIELDS = [entry for entry in EVERY if entry.stage in ("background", "invert") and not entry.missing]
ON_SCANS = [entry for entry in EVERY if entry.stage in ("mask", "offset", "unwrap", "field")]
WITH_OPTIONS = [entry for entry in EVERY if entry.stage in STAGE_OPTIONS]
TIMES = (0.004, 0.010, 0.016)
GRID = Grid((30, 33, 36), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3))


def names(entries):
    return [f"{entry.stage} {entry.name}" for entry in entries]


def field_map(dtype=np.float32, order="C", outside=0.0):
    field, mask = sphere(GRID, 4, (2, 0, 1), 0.3)[0], ball(GRID, 13)
    return FieldMap(np.asarray(np.where(mask, field, outside), dtype, order=order), mask, GRID)


def result(entry, total, **options):
    output = entry.run(total, **options)
    return output if entry.stage == "invert" else output.ppm


def few_steps(entry):
    """Parameters for a short run: what does not depend on how long a method goes on need not wait for its end."""
    return entry.make_parameters({"iterations": 6} if any(p.name == "iterations" for p in entry.parameters) else {})


def test_every_stage_has_a_default():
    assert set(Settings().to_dict()) == set(STAGES) == set(registry())


@pytest.mark.parametrize("entry", EVERY, ids=names(EVERY))
def test_description(entry):
    described = json.loads(json.dumps(entry.describe(), allow_nan=False))
    assert described["title"] and described["summary"].endswith(".")
    for p in entry.parameters:
        assert p.label and p.help and p.checked(p.default) == p.default
    for citation in entry.citations:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", citation.doi)


@pytest.mark.parametrize("entry", EVERY, ids=names(EVERY))
def test_parameters_are_checked(entry):
    with pytest.raises(QSMError, match="no parameter 'nonsense'"):
        entry.make_parameters({"nonsense": 1})
    for p in entry.parameters:
        wrong = [np.nan, "many"] if p.type in (int, float) else ["perhaps"] if p.type is bool or p.choices else []
        for value in wrong + ([p.low - 1] if np.isfinite(p.low) and p.type in (int, float) else []):
            with pytest.raises(QSMError, match=p.name):
                entry.make_parameters({p.name: value})


@pytest.mark.parametrize("entry", WITH_OPTIONS, ids=names(WITH_OPTIONS))
def test_no_parameter_is_called_like_another_option(entry):
    """argparse refuses two options of one name, which would take the whole command line down."""
    common = argparse.ArgumentParser(add_help=False)
    for option in ("--quiet", "--debug"):
        common.add_argument(option)
    add_method_options(argparse.ArgumentParser(parents=[common]), entry.stage, entry)


def on_scan(entry):
    """What a method makes of a small scan: mask, phase or field."""
    if entry.missing:
        pytest.skip(f"{entry.title} is a program of others, which looks for a brain")
    signal = np.stack([ball(GRID, 13) * np.exp(1j * 60 * t * (sphere(GRID, 5, (2, 0, 1), 3)[0] + 1)) for t in TIMES])
    random = np.random.default_rng(0)
    signal += 0.02 * (random.standard_normal(signal.shape) + 1j * random.standard_normal(signal.shape))
    scan, mask = Acquisition.of_signal(signal, TIMES, 3.0, GRID), ball(GRID, 13)
    inputs = {"mask": (scan,), "offset": (scan, mask), "unwrap": (scan, mask), "field": (scan, scan.phase, mask)}
    few = {"iterations": 20} if any(p.name == "iterations" for p in entry.parameters) else {}
    output = entry.run(*inputs[entry.stage], parameters=entry.make_parameters(few))
    return getattr(output, {"offset": "phase", "field": "ppm"}.get(entry.stage, "real"))


def use_threads(monkeypatch, count):
    """Let transforms and slabs take so many threads; slabs of a few planes, so that there is work for each."""
    for module in (fft, parallel):
        monkeypatch.setattr(module, "WORKERS", count)
    monkeypatch.setattr(parallel, "SLAB_VOXELS", 1 << 13)


@pytest.mark.parametrize("entry", ON_SCANS, ids=names(ON_SCANS))
def test_threads_do_not_matter_on_scans(entry, monkeypatch):
    threads, found = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), []
    try:
        for count in (1, 3):
            use_threads(monkeypatch, count)
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
            found.append(on_scan(entry))
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    np.testing.assert_allclose(*found, atol=1e-5)


@pytest.mark.parametrize("entry", ON_FIELDS, ids=names(ON_FIELDS))
class TestOnFields:
    def test_type_shape_and_zero_outside(self, entry):
        total = field_map()
        output = result(entry, total, parameters=few_steps(entry))
        assert output.dtype == np.float32 and output.shape == GRID.shape
        assert np.isfinite(output).all() and output.any() and not output[~total.mask].any()

    def test_storage_and_nan_outside_do_not_matter(self, entry):
        few = few_steps(entry)
        expected = result(entry, field_map(), parameters=few)
        for options in ({"dtype": np.float64}, {"order": "F"}, {"outside": np.nan}):
            np.testing.assert_array_equal(result(entry, field_map(**options), parameters=few), expected)

    def test_input_is_not_modified(self, entry):
        total = field_map()
        before = total.ppm.copy(), total.mask.copy()
        entry.run(total, parameters=few_steps(entry))
        np.testing.assert_array_equal(total.ppm, before[0])
        np.testing.assert_array_equal(total.mask, before[1])

    def test_progress_rises_to_one(self, entry):
        fractions = []
        entry.run(field_map(), parameters=few_steps(entry), progress=fractions.append)
        assert len(fractions) > 3 and fractions == sorted(fractions) and fractions[-1] == 1

    def test_cancel(self, entry):
        def cancel(fraction):
            raise Cancelled

        with pytest.raises(Cancelled):
            entry.run(field_map(), progress=cancel)

    def test_threads_do_not_matter(self, entry, monkeypatch):
        found = []
        for count in (1, 3):
            use_threads(monkeypatch, count)
            found.append(result(entry, field_map(), parameters=few_steps(entry)))
        np.testing.assert_allclose(*found, atol=1e-6)

    def test_field_scaled_in_size_only(self, entry):
        """Twice the voxel size with the same field gives the same result, up to what is set in mm."""
        big = Grid(GRID.shape, tuple(2 * d for d in GRID.spacing_mm), GRID.b0_direction)
        total = field_map()
        one, two = result(entry, total), result(entry, FieldMap(total.ppm, total.mask, big))
        both = (one != 0) & (two != 0)
        assert np.corrcoef(one[both], two[both])[0, 1] > 0.95


def test_unknown_names_list_the_choices():
    with pytest.raises(QSMError, match="vsharp"):
        find("background", "nonsense")
    with pytest.raises(QSMError, match="background"):
        Settings({"nonsense": {}})


def test_settings_survive_json(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"invert": {"method": "rts", "mu": 500}}))
    settings = Settings.from_file(path)
    assert settings.parameters("invert").mu == 500
    assert Settings(settings.to_dict()).to_dict() == settings.to_dict()
    path.write_text("{")
    with pytest.raises(QSMError, match="JSON"):
        Settings.from_file(path)


@pytest.mark.parametrize("entry", EVERY, ids=names(EVERY))
def test_title_fits_a_menu(entry):
    assert 0 < len(entry.title) <= 19


def test_listing_the_methods_imports_no_heavy_library():
    """A panel lists the methods when it opens; scipy and SimpleITK may cost their second when a run starts."""
    code = (
        "import sys; from QSMLogic.registry.method import registry; import QSMLogic;"
        "assert all(m.describe() for stage in registry().values() for m in stage.values());"
        "print([m for m in ('scipy', 'SimpleITK') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
