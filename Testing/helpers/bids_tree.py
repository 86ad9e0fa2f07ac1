"""BIDS data sets of small simulated scans, sound and bad ones."""

import json
from pathlib import Path

from helpers.scan_on_disk import ECHO_TIMES, save, simulated_scan

from QSMLogic.files.bids import find_runs
from QSMLogic.files.data_set import description

PARTS = ("mag", "phase")
KINDS = (  # folder, entities before echo and part, entities after them, suffix: what scanners' images are called
    ("anat", "sub-01_ses-1_acq-x_run-1", "", "MEGRE"),
    ("anat", "sub-01_ses-2_acq-x_run-1", "", "MEGRE"),
    ("anat", "sub-02_acq-hires_ce-gd_rec-filtered_run-02", "", "T2starw"),
    ("anat", "sub-02_run-1_acq-x", "", "T2starw"),
    ("func", "sub-02_task-rest_acq-y_rec-x_dir-AP_run-2", "chunk-1", "bold"),
    ("func", "sub-02_task-rest_acq-y_rec-x_dir-PA_run-2", "chunk-1", "bold"),
    ("fmap", "sub-02_acq-y_dir-PA_run-02", "", "epi"),
)


def add_scan(root, name, folder="anat", suffix="MEGRE", echoes=(1, 2), parts=PARTS, after="", volumes=1):
    """Write a scan. name: its entities but echo and part, such as "sub-01_ses-2_acq-x"; after: those behind part.

    Returns {(echo, part): path}. A single echo gets no entity echo; several volumes are those of one echo.
    """
    session = Path(root).joinpath(*(pair for pair in name.split("_") if pair.startswith(("sub-", "ses-"))))
    paths = {}
    for part, images in zip(PARTS, simulated_scan()[:2], strict=True):
        for echo in echoes if part in parts else ():
            entities = [name, f"echo-{echo}" if len(echoes) > 1 else "", f"part-{part}", after, suffix]
            path = session / folder / ("_".join(filter(None, entities)) + ".nii.gz")
            paths[echo, part] = save(path, images[:volumes] if volumes > 1 else images[echo - 1])
            content = {"EchoTime": ECHO_TIMES[echo - 1], "MagneticFieldStrength": 3}
            content |= {"Units": "rad"} if part == "phase" else {}
            content |= {"TaskName": "rest", "RepetitionTime": 1.5} if folder == "func" else {}
            path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(content))
    return paths


def describe(root):
    """Add what the root of a data set has."""
    Path(root).mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(json.dumps(description("Simulated scans", "raw")))
    (root / "README").write_text("Simulated gradient-echo scans for tests of software; they are of nobody.\n" * 3)
    return root


def add_all_kinds(root):
    """A data set with every kind of image that is mapped, and every entity."""
    for folder, name, after, suffix in KINDS:
        several = suffix == "MEGRE"
        add_scan(root, name, folder, suffix, (1, 2) if several else (2,), PARTS, after, 2 if suffix == "bold" else 1)
    return describe(root)


def names_of_maps(folder):
    """The names of all maps of a data set of all kinds of images, whose files are empty."""
    for place, name, after, suffix in KINDS:
        session = folder.joinpath(*(pair for pair in name.split("_") if pair.startswith(("sub-", "ses-"))))
        (session / place).mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            entities = filter(None, (name, f"part-{part}", after, suffix))
            (session / place / ("_".join(entities) + ".nii.gz")).touch()
    return [path.name for run in find_runs(folder) for path in run.outputs(folder / "out").values()]


def missing_phase(root):
    """A magnitude without phase."""
    add_scan(root, "sub-nophase", parts=("mag",))


def missing_echo(root):
    """The phase of an echo is missing."""
    add_scan(root, "sub-noecho")[2, "phase"].unlink()


def mixed_runs(root):
    """One run is sound, the other has its magnitude only."""
    add_scan(root, "sub-mixed_run-1")
    add_scan(root, "sub-mixed_run-2", parts=("mag",))


def file_for_folder(root):
    """The participant's folder anat is a file."""
    (root / "sub-closed").mkdir(parents=True)
    (root / "sub-closed" / "anat").write_text("no folder")


def truncated_image(root):
    """An image whose end is missing, as after a broken copy."""
    path = add_scan(root, "sub-short")[1, "phase"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def broken_json(root):
    """A sidecar that is no JSON."""
    path = add_scan(root, "sub-json")[1, "mag"]
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text('{"EchoTime": 0.004,')


def empty_subject(root):
    """A participant without files."""
    (root / "sub-empty" / "anat").mkdir(parents=True)


def extras(root):
    """What is no BIDS: other folders, hidden files, a folder that is called as an image, other images."""
    add_scan(root, "sub-extras")
    anat = root / "sub-extras" / "anat"
    (anat / "sub-extras_notes.txt").write_text("seen by two readers")
    (anat / "._sub-extras_echo-1_part-phase_MEGRE.nii.gz").write_bytes(b"\0\5\26\7")
    (anat / "sub-extras_T1w.nii.gz").write_bytes(b"")
    (anat / "localizer.nii.gz").write_bytes(b"")
    (root / "sub-extras" / "spreadsheets").mkdir()
    (root / "sourcedata" / "sub-99" / "anat").mkdir(parents=True)
    (root / "code").mkdir()
    (root / "Thumbs.db").write_bytes(b"\0")


BAD = {  # what to do: (name of the scan that cannot be mapped, pattern of the reason)
    missing_phase: ("sub-nophase_MEGRE", "no phase"),
    missing_echo: ("sub-noecho_MEGRE", "magnitude has the echoes 1, 2 and phase 1. Add the missing files"),
    mixed_runs: ("sub-mixed_run-2_MEGRE", "no phase"),
    file_for_folder: ("sub-closed", "No magnitude with phase|cannot be read"),
    truncated_image: ("sub-short_MEGRE", "sub-short_echo-1_part-phase_MEGRE.nii.gz"),
    broken_json: ("sub-json_MEGRE", "sub-json_echo-1_part-mag_MEGRE.json"),
    empty_subject: ("sub-empty", "No magnitude with phase"),
}
SOUND = ("sub-01_MEGRE", "sub-extras_MEGRE", "sub-mixed_run-1_MEGRE")


def bad_tree(root):
    """Write a data set with sound scans, called as in SOUND, and one of each kind in BAD. Returns its folder."""
    add_scan(root, "sub-01")
    for spoil in (*BAD, extras):
        spoil(root)
    return describe(root)
