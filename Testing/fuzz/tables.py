"""Inputs of `statistics`: maps, labels, their names, studies and records."""

import json

import numpy as np

from . import images
from .odd import damaged_bytes, odd_json, odd_text, odd_value

NAMES = {1: "ball one", 2: "ball two"}
STUDY = "study.csv"


def statistics_case(case):
    case.words.append(("statistics", []))
    image = case.scan.susceptibility_ppm + case.noise.normal(0, 0.005, case.scan.mask.shape)
    lies = [images.lie(case) if case.once(0.15) else None for _ in range(2)]
    case.option("--map", images.write(case, "chi", image.astype(np.float32), lies[0]))
    case.judged = not any(lies)  # an image alone, without others to compare it with
    case.option("--labels", images.write(case, "labels", _labels(case), lies[1]))
    if case.chance(0.7):
        case.option("--label-names", _names(case))
    case.option("--output", case.folder / case.random.choice(("roi.csv", "roi.tsv")))
    for name, values, share in (
        *(("--report", [case.folder / "report.html"], 0.2), ("--plots", [case.folder / "plots"], 0.2)),
        *(("--reference", [case.random.choice(("ball one", odd_text(case.random)))], 0.15),),
        *(("--erode-mm", [case.random.choice(("1", odd_text(case.random)))], 0.15), ("--unit", ["ppb"], 0.1)),
        *(("--asymmetry", [case.folder / "asymmetry.csv"], 0.1), ("--map-unit", ["ppb"], 0.03)),
        *(("--histogram", [case.random.choice(("ball two", "x"))], 0.05), ("--partial-volume", ["weights"], 0.1)),
        ("--mask", [images.write(case, "mask", case.scan.mask)], 0.3),
    ):
        if case.chance(share):
            case.option(name, *values)
            if name not in ("--report", "--plots", "--mask", "--unit"):
                case.damaged(name, judged=False)
            case.judged = case.judged and name != "--unit"
    if case.chance(0.3):
        _study(case)
    if case.chance(0.2):
        _record(case)


def _first_scan(case):
    image, labels = case.scan.susceptibility_ppm, case.scan.labels
    files = [case.write(name, images.nifti_file(array)) for name, array in (("a.nii", image), ("b.nii", labels))]
    return ["--map", str(files[0]), "--labels", str(files[1]), "--output", str(case.folder / "first.csv"), "--quiet"]


def _labels(case):
    labels = case.scan.labels
    if not case.once(0.3):
        return labels
    ways = {
        **{
            "float": labels * 1.0,
            "half": labels * 0.5,
            "negative": -1 * labels.astype(np.int16),
            "NaN": labels * np.nan,
        },
        **{
            "empty": 0 * labels,
            "huge": labels.astype(np.float32) * 1e9,
            "noise": case.noise.normal(0, 1, labels.shape),
        },
        **{"NaN outside": np.where(labels, labels, np.nan), "shape": labels[1:], "int": labels * np.int32(1000000)},
        "many": np.arange(labels.size, dtype=np.int32).reshape(labels.shape) % 200,
    }
    what = case.random.choice(list(ways))
    case.damaged(f"labels {what}", judged=what in ("float", "NaN outside", "int"))
    return ways[what]


def _names(case):
    """A file of label names in one of the forms, odd in half of the cases."""
    forms = {
        "names.json": json.dumps(NAMES),
        "names.tsv": "index\tname\n1\tball one\n2\tball two\n",
        "names.csv": "label,region\n1,ball one\n2,ball two\n",
        "names.txt": "# comment\n0 Clear 0 0 0 0\n1 ball_one 255 0 0 0\n2 ball_two 0 255 0 0\n",
        "names.ctbl": "# Color\n1 ball_one 255 0 0 255\n2 ball_two 0 255 0 255\n",
    }
    name = case.random.choice(list(forms))
    content = forms[name].encode()
    way = case.random.randrange(8) if case.once(0.6) else None
    if way in (0, 1, 2):
        what, content = damaged_bytes(content, case.random)
        case.damaged(f"{name}: {what}", judged=False)
    elif way == 3:
        content = forms[name].replace(case.random.choice(("ball one", "2", "1", "name", "\n")), odd_text(case.random))
        case.damaged(f"{name}: odd text", judged=False)
    elif way in (4, 5):
        content = b"\xef\xbb\xbf" + content if case.chance(0.5) else forms[name].encode("utf-16")
        case.damaged(f"{name}: encoding")
    return case.write(name, content)


def _study(case):
    """Add the scan to a study, which is made by an odd hand in most cases."""
    case.option("--study", case.folder / STUDY)
    case.option("--subject", case.random.choice(("01", "=1+1", odd_text(case.random) or "x")))
    if case.chance(0.5):
        case.option("--time", case.random.choice(("34", "2020-01-01", odd_text(case.random) or "x")))
    if case.chance(0.7):
        case.first_words = ["statistics", *_first_scan(case), "--study", str(case.folder / STUDY), "--subject", "02"]
        case.spoilt = case.random.choice((STUDY, STUDY, "study.json", None))
    if case.chance(0.6):
        case.option("--overwrite")
    case.damaged("study", judged=False)


def _record(case):
    record = {"software": {"QSMLogic": "0.1"}, "settings": {"invert": {"method": "tkd"}}, "scan": {}, "notes": {}}
    record[case.random.choice((*record, "warnings"))] = odd_value(case.random)
    content = odd_json(record, case.random)[1] if case.chance(0.3) else record
    case.option("--record", case.write("record.json", content))
    case.damaged("record", judged=False)
