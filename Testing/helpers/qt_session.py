import json
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from standin.application import start_application
from standin.module import load_module
from standin.pythonqt import slot_errors, warnings
from standin.vtk_messages import vtk_messages


@pytest.fixture(autouse=True)
def _no_errors_in_slots():
    """Slicer only prints what slots and observers raise and what PythonQt and VTK warn of; here it fails the test."""
    for told in (slot_errors, warnings, vtk_messages):
        told.clear()
    yield
    for told in (slot_errors, warnings, vtk_messages):
        assert not told


@pytest.fixture
def session():
    """The application with an empty scene."""
    return start_application()


@pytest.fixture
def loaded(session, monkeypatch):
    """The scripted module with its panel, not entered yet, which checks a scan only if a test begins that."""
    module = load_module()
    from QSMLib.panel import checks

    monkeypatch.setattr(checks, "DELAY_MS", 10**8)
    yield module
    module.close()


@pytest.fixture
def packages():
    """Puts the module's packages back as they were: other tests hold classes of theirs."""
    ours = lambda: {n: m for n, m in sys.modules.items() if n.split(".")[0] in ("QSM", "QSMLib", "QSMLogic")}  # noqa: E731
    before = ours()
    yield
    for name in ours():
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def scan_files(tmp_path):
    """Magnitude and phase of three echoes as NIfTI files with JSON sidecars, magnitude first."""
    return write_scan(tmp_path, "scan_echo-{echo}_part-{part}_MEGRE")


@pytest.fixture
def bids_folder(tmp_path):
    """A BIDS data set with two participants, of one echo each."""
    for subject in ("01", "02"):
        folder = tmp_path / f"sub-{subject}" / "anat"
        folder.mkdir(parents=True)
        write_scan(folder, f"sub-{subject}_part-{{part}}_T2starw", echoes=1)
    return tmp_path


def write_scan(folder, name, echoes=3):
    random, paths = np.random.default_rng(0), []
    for part, largest in (("mag", 1000), ("phase", 4096)):
        for echo in range(1, echoes + 1):
            path = folder / (name.format(echo=echo, part=part) + ".nii.gz")
            image = random.integers(0 if part == "mag" else -largest, largest, (12, 14, 16)).astype(np.int16)
            sitk.WriteImage(sitk.GetImageFromArray(image), str(path))
            facts = {"EchoTime": 0.004 * echo, "MagneticFieldStrength": 3}
            path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(facts))
            paths.append(path)
    return paths
