"""Small simulated cohorts as BIDS data sets."""

import json

import numpy as np
from helpers.scan_on_disk import save

from QSMLogic.cohort.scan import Plan
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.registry.settings import Settings

SIDE, VOXEL_MM, TIMES_S = 20, 8.0, (0.004, 0.012)
QUICK = {
    "mask": {"method": "robust"},
    "unwrap": {"method": "laplacian"},
    "background": {"method": "pdf"},
    "invert": {"method": "tkd"},
    "uncertainty": {"method": "none"},
}


def add_subject(root, label, seed=0, session="", chi_ppm=0.1):
    """Write the scan of a ball with a source, magnitude and phase of two echoes."""
    rng = np.random.default_rng(seed)
    k, j, i = np.ogrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2]
    tissue = k**2 + j**2 + i**2 < (0.42 * SIDE) ** 2
    source = chi_ppm * ((k - 2) ** 2 + (j - 2) ** 2 + i**2 < 7)
    field_ppm = dipole_field(source.astype(np.float32), 3 * (VOXEL_MM,), (1, 0, 0))
    stem = f"sub-{label}" + (f"_ses-{session}" if session else "")
    folder = root.joinpath(*stem.split("_"), "anat")
    for echo, time_s in enumerate(TIMES_S, 1):
        signal = tissue * np.exp(-time_s / 0.03) * np.exp(1j * 267.522 * 3 * time_s * field_ppm)
        signal = signal + rng.normal(0, 0.01, tissue.shape) + 1j * rng.normal(0, 0.01, tissue.shape)
        for part, image in (("mag", 1000 * np.abs(signal)), ("phase", np.angle(signal))):
            path = folder / f"{stem}_echo-{echo}_part-{part}_MEGRE.nii.gz"
            save(path, image.astype(np.float32), spacing=3 * (VOXEL_MM,))
            path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps({"EchoTime": time_s}))
    return folder


def cohort(root, count=2):
    """A BIDS data set of `count` subjects: 01, 02, ... Returns its folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text('{"Name": "simulated", "BIDSVersion": "1.9.0"}')
    (root / "MEGRE.json").write_text('{"MagneticFieldStrength": 3}')
    for n in range(count):
        add_subject(root, f"{n + 1:02d}", seed=n)
    return root


def quick_plan(root, **changes):
    """A Plan of quick methods with the output beside the data set."""
    settings = Settings(QUICK | changes.pop("choices", {}))
    return Plan(root, root.parent / "derivatives", settings, **changes)
