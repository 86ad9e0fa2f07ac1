"""Cohorts of thousands of scans, without images in them."""

import json

from QSMLogic.cohort.scan import DONE, Outcome


def nothing(scan, plan):
    """Takes the place of the work on a scan."""
    return Outcome(scan.name, DONE)


def tree(root, count):
    """A BIDS folder with `count` participants, each with empty files for two echoes."""
    root.mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "many", "BIDSVersion": "1.9.0"}))
    for n in range(count):
        folder = root / f"sub-{n:05d}" / "anat"
        folder.mkdir(parents=True)
        for echo in (1, 2):
            for part in ("mag", "phase"):
                (folder / f"sub-{n:05d}_echo-{echo}_part-{part}_MEGRE.nii.gz").touch()
    return root
