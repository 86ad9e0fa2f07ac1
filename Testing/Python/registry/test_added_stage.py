"""What a new stage and a new method take, tried on a copy of the code.

A stage: its folder, an entry of the stages and one of the catalogue. A method: its file; here the one of CONTRIBUTING.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
METHOD = '''
"""The resonance frequency relative to that of the scanner."""

from ...numerics.lazy import ndimage
from ...registry.method import Citation, method

CITATIONS = [Citation("Haacke et al., Magn Reson Imaging 2015;33:1-25", "10.1016/j.mri.2014.09.004")]


@method("frequency", title="Product with B0", citations=CITATIONS)
def larmor(scan, total, parameters, progress):
    """Multiply the total field by the frequency of protons at B0."""
    return total.ppm * 42.577478518 * scan.field_strength_t
'''
STAGE = """
        Stage(
            "frequency",
            "Frequency",
            "Acquisition, FieldMap of the total field -> frequency in Hz",
            "larmor",
            "Frequency was computed as {}{}.",
            0.01,
            yields=("frequency_hz",),
        ),
"""
ENTRY = """
        MapEntry(
            "frequency_hz",
            title="frequency",
            unit="Hz",
            quantity=("frequency", "99QSM", "Resonance Frequency"),
            file="frequency_hz.nii.gz",
            bids=("frequency", "fieldmap"),
            description="Frequency relative to that of the scanner",
            role="QSM.Frequency",
            optional=True,
            measured=True,
        ),
"""
# What is done with the copy; FAST keeps it short
SCRIPT = """
import contextlib, io, json, sys
from pathlib import Path
import numpy as np
from standin.bootstrap import bootstrap
from standin.module import load_module
bootstrap()
loaded = load_module()
from QSMLib.scan import sample
from QSMLogic.cli.main import main
from QSMLogic.report.methods_text import methods_text

def said(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(list(words)) == 0
    return out.getvalue()

FAST = {
    "mask": {"method": "threshold"}, "unwrap": {"method": "laplacian"}, "invert": {"method": "tkd"},
    "reference": {"method": "percentile", "percentile": 25.0},
}
import slicer
magnitude, phase, _ = sample.add_spheres()
node = loaded.module.QSMLogic().process(magnitude, phase, settings=FAST, intermediateMaps=True)
record = json.loads(node.GetAttribute("QSM.Provenance"))
added = node.GetNodeReference("QSM.Frequency")
total = node.GetNodeReference("QSM.TotalField")
from QSMLib.regions.maps import measurable, names_of, unit_of
from QSMLib.display import legends
from QSMLogic.files.images import Geometry, write_image
voxels = [slicer.util.arrayFromVolume(n).astype("float32") for n in (*magnitude, *phase)]
here = Path("scan"); count = len(magnitude)
echoes = record["scan"]["echo_times_s"]
for kind, images in (("mag", voxels[:count]), ("phase", voxels[count:])):
    for n, image in enumerate(images, 1):
        path = here / "sub-1" / "anat" / f"sub-1_echo-{n}_part-{kind}_MEGRE.nii.gz"
        write_image(path, image, Geometry(tuple(reversed(image.shape))))
        facts = {"EchoTime": echoes[n - 1], "MagneticFieldStrength": 3}
        path.with_name(path.name.replace("nii.gz", "json")).write_text(json.dumps(facts))
bids = said("run", "--bids", str(here), "--settings", json.dumps(FAST))
files = {kind: sorted(map(str, here.glob(f"sub-1/anat/*part-{kind}*.nii.gz"))) for kind in ("mag", "phase")}
images = ["--magnitude", *files["mag"], "--phase", *files["phase"]]
run = said("run", *images, "--output", "out", "--settings", json.dumps(FAST))
sidecar = next(line for line in bids.split() if "desc-frequency" in line and line.endswith(".json"))
fields = [slicer.util.arrayFromVolume(one) for one in (added, total)]
inside = fields[1] != 0
mask = slicer.util.arrayFromVolume(node.GetNodeReference("QSM.ReliableMask")) > 0
print(json.dumps({
    "percentile": float(np.percentile(slicer.util.arrayFromVolume(node)[mask], 25)),
    "unit": unit_of(added),
    "quantity": added.GetVoxelValueQuantity().GetCodeMeaning(),
    "ratio": float(np.median(fields[0][inside] / fields[1][inside])),
    "name": added.GetName(),
    "measured": names_of(measurable(node, None)),
    "text": methods_text(record),
    "methods": said("methods"), "table": said("methods", "--markdown"), "maps": said("maps", "--markdown"),
    "run": run, "bids": bids, "sidecar": json.loads(Path(sidecar).read_text()),
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the copy with one more stage yields."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("QSMLogic", "QSM", "Testing/standin"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    stage = root / "QSMLogic" / "stages" / "frequency"
    stage.mkdir()
    (stage / "__init__.py").write_text("")
    (stage / "larmor.py").write_text(METHOD, encoding="utf-8")
    _add_example_of_contributing(root)
    _insert(root / "QSMLogic" / "registry" / "stages.py", STAGE)
    _insert(root / "QSMLogic" / "model" / "catalogue.py", ENTRY)
    environment = os.environ | {"PYTHONPATH": str(root / "Testing")}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _add_example_of_contributing(root):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    path = re.search(r"saved as `([^`]+)`", text)[1]
    (root / path).write_text(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")


def _insert(path, entry):
    """Put an entry at the end of the table in a file."""
    text = path.read_text(encoding="utf-8")
    end = text.rindex("\n    )\n}")
    path.write_text(text[:end] + entry.rstrip() + text[end:], encoding="utf-8")


def test_it_is_listed(seen):
    assert "frequency: Acquisition, FieldMap of the total field -> frequency in Hz" in seen["methods"]
    assert (
        "| frequency | **larmor** | Multiply the total field by the frequency of protons at B0. | [Haacke 2015]"
        in seen["table"]
    )


def test_its_map_is_written(seen):
    assert "| frequency_hz.nii.gz | desc-frequency_fieldmap | Frequency relative to that of the scanner" in seen["maps"]
    assert "frequency_hz.nii.gz" in seen["run"]
    assert "sub-1_desc-frequency_fieldmap.nii.gz" in seen["bids"]
    assert seen["sidecar"]["Units"] == "Hz"
    assert seen["sidecar"]["Description"] == "Frequency relative to that of the scanner"


def test_its_map_is_in_the_scene_in_its_own_unit(seen):
    assert (seen["unit"], seen["quantity"]) == ("Hz", "Resonance Frequency")
    assert seen["name"].endswith("frequency")
    assert seen["ratio"] == pytest.approx(3 * 42.577478518, rel=1e-5)
    assert "frequency" in seen["measured"]


def test_it_is_in_the_methods_text(seen):
    assert "Frequency was computed as product with B0 [" in seen["text"]
    assert "10.1016/j.mri.2014.09.004" in seen["text"]


def test_the_method_of_contributing_works(seen):
    assert (
        "| reference | percentile | Shift the map so that a percentile of it inside the mask is zero. |"
        in seen["table"]
    )
    assert "Reference for zero susceptibility: percentile (percentile 25 %)." in seen["text"]
    assert seen["percentile"] == pytest.approx(0, abs=1e-6)
