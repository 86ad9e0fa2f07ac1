"""Input N: a command on the tiny scan, with some damage."""

import json

import numpy as np

from . import arrays, facts, images
from .case import Case
from .dicom import dicom_case
from .odd import damaged_bytes, odd_json, odd_text, odd_value
from .tables import statistics_case


def make(number, folder):
    """The Case of a number, with its files in the folder."""
    case = Case(number, folder)
    kinds = {"run": 50, "bids": 14, "stage": 16, "statistics": 16, "other": 4, "dicom": 15}
    kind = case.random.choices(list(kinds), kinds.values())[0]
    {"run": _run, "bids": _bids, "stage": _stage, "statistics": statistics_case, "other": _other, "dicom": dicom_case}[
        kind
    ](case)
    if case.once(0.7):
        facts.damage_options(case)
    return case


def right_case(folder):
    """An undamaged `run`."""
    case = Case(0, folder)
    case.words.append(("run", []))
    for option, name in (("--magnitude", "magnitude"), ("--phase", "phase"), ("--mask", "mask")):
        array = getattr(case.scan, name)
        files = enumerate(array) if array.ndim == 4 else [("", array)]
        case.option(option, *(case.write(f"{name}{echo}.nii", images.nifti_file(part)) for echo, part in files))
    case.option("--echo-times", *case.scan.times_s)
    case.option("--field-strength", case.scan.tesla)
    case.option("--set", *facts.FAST)
    case.option("--output", case.folder / "out")
    return case


def _scan_files(case, stem="{part}{echo}"):
    """Write the scan, one file per echo or 4D, perhaps damaged; returns {part: paths}."""
    if case.chance(0.4):
        arrays.damage(case)
    mask = arrays.mask(case)
    parts = {"mag": case.scan.magnitude, "phase": case.scan.phase}
    if case.chance(0.1):
        signal = (case.scan.magnitude * np.exp(1j * case.scan.phase)).astype(np.complex64)
        parts = {"real": signal.real, "imag": signal.imag}
    names = {
        part: [(stem.format(part=part, echo=echo + 1), array) for echo, array in enumerate(images_of_part)]
        for part, images_of_part in parts.items()
    }
    if "BIDS" not in stem and case.chance(0.2):
        names = {part: [(part, images_of_part)] for part, images_of_part in parts.items()}
    chosen = case.random.choice([name for part in names.values() for name, _ in part])
    lie = images.lie(case) if case.once(0.4) else None
    every = lie is not None and case.chance(0.15)
    if every:
        case.damaged("in every file", judged=False)
    paths = {
        part: [images.write(case, name, array, lie if every or name == chosen else None) for name, array in files]
        for part, files in names.items()
    }
    if case.once(0.2):
        images.replaced(case, case.random.choice([path for files in paths.values() for path in files]))
    return paths | {"mask": [images.write(case, "mask", np.asarray(mask))]}


def _facts(case, paths):
    """Echo times, field strength and B0 direction as options or in sidecars."""
    if case.chance(0.5):
        case.option("--echo-times", *case.scan.times_s)
        case.option("--field-strength", case.scan.tesla)
    if not case.values("--echo-times") or case.chance(0.3):
        _sidecars(case, {part: files for part, files in paths.items() if part != "mask"})
    if case.words[0][0] == "run" and case.chance(0.1):
        case.option("--b0-direction", 0, 0, 1)


def _sidecars(case, paths):
    letters = {"mag": "M", "phase": "P", "real": "REAL", "imag": "IMAGINARY"}
    several = {}
    for part, files in paths.items():
        for echo, path in enumerate(files):
            content = facts.sidecar(case, echo, letters[part])
            if len(files) == 1:
                content |= {"EchoTime": case.scan.times_s if len(case.scan.times_s) > 1 else case.scan.times_s[0]}
                del content["EchoNumber"]
            several[str(path.relative_to(case.folder)).split(".")[0]] = content
    facts.write_sidecars(case, several)


def _run(case):
    paths = _scan_files(case)
    case.words.append(("run", []))
    options = {"mag": "--magnitude", "phase": "--phase", "real": "--real", "imag": "--imaginary"}
    for part, files in paths.items():
        if part in options:
            case.option(options[part], *files)
    _facts(case, paths)
    if case.chance(0.85):
        case.option("--mask", *paths["mask"])
    else:
        case.option("--set", "mask.method=robust")
    facts.add_settings(case)
    case.option("--output", _output(case, "out"))
    for name, share in (("--quality-map", 0.05), ("--curve", 0.03), ("--anonymous", 0.05), ("--overwrite", 0.1)):
        if case.chance(share):
            case.option(name)
    if case.chance(0.06):
        case.option("--reference-mask", images.write(case, "region", case.scan.labels == 1))
    if case.once(0.04):
        case.option("--volumes", case.random.choice(("first", "all", "coils", "0")))
        case.damaged("volumes", judged=False)


def _output(case, name):
    """The output, in some cases with the user's own file in place."""
    if case.chance(0.15):
        case.write(f"{name}/notes.txt", "mine")
    if case.chance(0.05):
        case.write(f"{name}/mask.nii.gz", "mine")
        case.damaged("the user's file is in the way")
    return case.folder / name


def _bids(case):
    stem = "sub-01/anat/sub-01_echo-{echo}_part-{part}_MEGRE"
    if case.once(0.2):
        wrong = case.random.choice(("_MEGRE", "_part-{part}", "_echo-{echo}", "sub-01_", "-01", "/anat"))
        right = stem
        stem = stem.replace(wrong, case.random.choice(("", "_T1w", "_run-1", "x", "_acq-a")))
        if "{echo}" not in stem or "{part}" not in stem:
            stem = right
        else:
            case.damaged(f"names: {stem}", judged=False)
    paths = _scan_files(case, stem)
    _sidecars(case, {part: files for part, files in paths.items() if part != "mask"})
    description = {"Name": "study", "BIDSVersion": "1.8.0"}
    what, data = odd_json(description, case.random) if case.once(0.15) else ("", json.dumps(description))
    if what:
        case.damaged(f"description: {what}")
    if case.chance(0.9):
        case.write("dataset_description.json", data)
    case.words.append(("run", []))
    case.option("--bids", case.folder)
    case.option("--mask", *paths["mask"])
    facts.add_settings(case)
    if case.once(0.3):
        case.option("--participant-label", case.random.choice(("01", "sub-01", "02", odd_text(case.random))))
        case.damaged("participant", judged=False)


def _stage(case):
    """A single stage on a field or on the scan."""
    stage = case.random.choice(("background", "invert", "invert", "mask", "unwrap", "field", "curve"))
    if stage in ("mask", "unwrap", "field"):
        return _stage_of_scan(case, stage)
    method = case.random.choice(
        {"background": ("sharp", "pdf"), "invert": ("tkd", "tikhonov"), "curve": ("tikhonov",)}[stage]
    )
    case.words.append((stage, [method]))
    name, truth = ("total", case.scan.total_ppm) if stage == "background" else ("local", case.scan.local_ppm)
    unit, factor = case.random.choice((("ppm", 1), ("hz", 127.7), ("rad_s", 802.6), ("", 1), ("wrong", 127.7)))
    field = truth * np.float32(factor)
    lie = images.lie(case) if case.once(0.4) else None
    case.option(f"--{name}-field", images.write(case, name, field, lie))
    case.option("--mask", images.write(case, "mask", np.asarray(arrays.mask(case))))
    case.judged = case.judged and not lie and "mask inverse" not in case.damages
    if unit == "wrong":
        case.damaged("field in Hz, said to be in nothing")
    elif unit in ("hz", "rad_s"):
        case.option("--field-unit", unit)
        case.option("--field-strength", 3)
    if case.once(0.3):
        case.write(f"{name}.json", {"Units": odd_value(case.random)})
        case.damaged("units in the sidecar", judged=False)
    if stage != "background" and case.chance(0.2):
        case.option(
            "--uncertainty",
            images.write(case, "sigma", 0 * field + np.float32(0.01), images.lie(case) if case.once(0.5) else None),
        )
    case.option(
        "--output", case.folder / ("curve" if stage == "curve" else case.random.choice(("o.nii", "o.nrrd", "o.nii.gz")))
    )


def _stage_of_scan(case, stage):
    method = {"mask": "threshold", "unwrap": "laplacian", "field": "linear_fit"}[stage]
    case.words.append((stage, [method]))
    paths = _scan_files(case)
    for part, option in (("mag", "--magnitude"), ("phase", "--phase"), ("real", "--real"), ("imag", "--imaginary")):
        if part in paths:
            case.option(option, *paths[part])
    _facts(case, paths)
    if stage != "mask":
        case.option("--mask", *paths["mask"])
    case.option("--output", case.folder / "o.nii.gz")


def _other(case):
    what = case.random.choice(("cite", "template", "methods", "maps", "nothing"))
    case.judged = False
    if what == "cite":
        record = {"software": {"QSMLogic": "0.1"}, "settings": {"invert": {"method": "tkd", "threshold": 0.1}}}
        record |= {"scan": {"echo_times_s": [0.004], "field_strength_t": 3.0}, "notes": {}, "warnings": []}
        key = case.random.choice((*record, "x"))
        record[key] = odd_value(case.random) if case.chance(0.7) else record.get(key)
        content = odd_json(record, case.random)[1] if case.chance(0.3) else json.dumps(record).encode()
        content = damaged_bytes(content, case.random)[1] if case.chance(0.3) else content
        case.words.append(("cite", [str(case.write("run.json", content))]))
        return case.damaged(f"record: {key}")
    case.words.append((what, []) if what != "nothing" else (odd_text(case.random), []))
    if what == "template":
        case.option("--voxel-mm", case.random.choice(("8", "0", "-1", "nan", "inf", "1e-300", "1e300", "x", "")))
        case.option("--output", case.folder / "template")
    case.damaged(what)
    return None
