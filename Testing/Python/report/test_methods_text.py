"""The paragraph for a paper names what was done, and every source once."""

import re
from dataclasses import asdict

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Grid, QSMError, run
from QSMLogic.model.check import OK, Check
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.settings import Settings
from QSMLogic.report.methods_text import methods_text

GRID = Grid((36, 36, 36), (1.0, 1.5, 1.2))


@pytest.fixture(scope="module")
def provenance():
    head, field = ball(GRID, 15), sphere(GRID, 5, (0, 0, 0), 0.3)[0]
    signal = np.stack([head * np.exp(1j * 800 * time * field) for time in (0.004, 0.0123)])
    settings = {"background": {"method": "vsharp", "max_radius_mm": 9.5}}
    return run(Acquisition(np.abs(signal), np.angle(signal), (0.004, 0.0123), 2.89, GRID), head, settings).provenance


def test_scan_and_parameters_are_told(provenance):
    text = methods_text(provenance)
    for fact in (
        "2.89 T",
        "2 echoes",
        "TE 4, 12.3 ms",
        "1.2 x 1.5 x 1 mm",
        "maximum radius 9.5 mm",
        "The mask was provided by the user.",
    ):
        assert fact in text


def test_field_strength_of_a_frequency_is_rounded(provenance):
    assert "at 3 T with" in methods_text(provenance | {"scan": provenance["scan"] | {"field_strength_t": 3.00038}})


def test_every_source_is_listed_once_and_cited(provenance):
    text = methods_text(provenance)
    body, references = text.split("\n\n")
    dois = {c["doi"] for citations in provenance["citations"].values() for c in citations}
    assert sorted(re.findall(r"doi:(\S+)", references)) == sorted(dois)
    cited = {int(n) for group in re.findall(r"\[([\d, ]+)\]", body) for n in group.split(",")}
    assert cited == {int(n) for n in re.findall(r"^\[(\d+)\]", references, re.MULTILINE)}


@pytest.mark.parametrize("folder", ["/home/jane/", "C:\\Users\\jane\\"])
def test_files_are_named_without_their_folders(provenance, folder):
    network = {"method": "onnx", "model": f"{folder}net.onnx"}
    text = methods_text(provenance | {"settings": provenance["settings"] | {"invert": network}})
    assert "(model file net.onnx" in text and "jane" not in text


def test_corrections_are_told(provenance):
    corrected = Check("readout", 0.2, 0.03, OK, "Odd and even echoes were corrected.", corrected=True)
    checks = [*provenance["checks"], asdict(corrected)]
    text = methods_text(provenance | {"checks": checks})
    assert "Odd and even echoes were corrected. The stored phase" in text
    assert not any(check["sentence"] in text for check in provenance["checks"])


def test_method_that_is_no_longer_there_is_named(provenance):
    settings = provenance["settings"] | {"invert": {"method": "superseded", "strength": 2.0}}
    assert "by superseded" in methods_text(provenance | {"settings": settings})


@pytest.mark.parametrize("record", [{}, {"scan": 3}, {"mask": "made", "scan": {}, "software": {}}, []])
def test_other_records_are_refused(record):
    with pytest.raises(QSMError, match="not the record of a run"):
        methods_text(record)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings(name):
    settings = Settings(PRESETS[name].choices)
    assert set(settings.to_dict()) >= set(PRESETS[name].choices)


def test_presets_differ():
    described = [str(Settings(preset.choices).to_dict()) for preset in PRESETS.values()]
    assert len(set(described)) == len(described)


def test_the_reference_region_is_stated_relative_to_the_brain(provenance):
    notes = {"reference": {"voxels": 90, "mean_relative_to_brain_ppm": -0.01234, "sd_ppm": 0.02}}
    text = methods_text(provenance | {"notes": notes})
    assert "a mean of -0.0123 ppm and a standard deviation of 0.0200 ppm" in text
    assert "Relative to the mean of the whole brain" not in methods_text(provenance)
