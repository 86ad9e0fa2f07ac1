"""Records, montages and regions of many scans that were never made, for the tables and the page of a group."""

import io
import json

import numpy as np

from QSMLogic.cohort.scan import MONTAGE, PAGE, RECORD, REGIONS, SCANS, scan_folder
from QSMLogic.regions.columns import COLUMNS
from QSMLogic.regions.table import RegionTable
from QSMLogic.regions.table_files import table_texts

SETTINGS = {"background": {"method": "vsharp", "max_radius_mm": 16.0}, "invert": {"method": "tkd", "threshold": 0.2}}
SOFTWARE = {"QSMLogic": "1.0", "numpy": "2.0"}
REPORTED = {"Manufacturer": "Siemens", "ManufacturersModelName": "Prisma"}


def record(number=1, *, name="", quality=None, scan=None, **facts):
    """The content of record.json of a scan that is done."""
    subject = f"{number:04d}"
    described = {
        "shape_kji": [40, 48, 48],
        "spacing_mm_kji": [2.0, 1.0, 1.0],
        "echo_times_s": [0.005, 0.01, 0.015],
        "field_strength_t": 3.0,
        "reported": REPORTED,
    }
    made = {"name": name or f"sub-{subject}_MEGRE", "subject": subject, "session": "", "run": "", "state": "done"}
    made |= {"reason": "", "quality": quality or {}, "scan": described | (scan or {}), "settings": SETTINGS}
    made |= {"software": SOFTWARE, "warnings": [], "files": {}}
    return made | facts


def failed(number, reason, **facts):
    """The content of record.json of a scan that has failed."""
    kept = ("name", "subject", "session", "run")
    return {key: record(number)[key] for key in kept} | {"state": "failed", "reason": reason} | facts


def write_scan(output, content, files=()):
    """Write a record with files {name: bytes} beside it, which it lists."""
    folder = scan_folder(output, content["name"])
    folder.mkdir(parents=True)
    for name, written in dict(files).items():
        (folder / name).write_bytes(written)
        content = content | {"files": content.get("files", {}) | {f"{SCANS}/{content['name']}/{name}": ""}}
    (folder / RECORD).write_text(json.dumps(content), encoding="utf-8")
    return folder


def region_files(means, map_name="susceptibility", unit="ppm", settings=None):
    """{file name: content} of the regions of a scan. means: {segment: mean}."""
    rows = []
    for segment, mean in means.items():
        row = {column.key: "" if column.is_text else mean for column in COLUMNS}
        rows.append(row | {"segment": segment, "map": map_name, "unit": unit, "voxels": 100})
    texts = table_texts(RegionTable(tuple(rows), settings or {"erosion_mm": 0}), REGIONS)
    return {path.name: text.encode() for path, text in texts.items()}


def random_montage(rng, edge=(480, 160)):
    """A JPEG of about 8 KB with three noisy disks; needs Pillow."""
    from PIL import Image

    x, y = np.meshgrid(np.arange(edge[0]), np.arange(edge[1]))
    picture = np.zeros(edge[::-1])
    for n in range(3):
        away = np.hypot((x - edge[1] * (n + 0.5)) / 60, (y - edge[1] / 2) / rng.uniform(60, 75))
        picture = np.where(away < 1, 110 + 60 * np.sin(x / rng.uniform(5, 30)) * np.cos(y / 9), picture)
    picture = np.where(picture > 0, picture + rng.normal(0, 14, picture.shape), picture)
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=62)
    return file.getvalue()


def write_cohort(output, columns, scans, *, seed=1, montage=None, regions=0):
    """Write `scans` scans with random numbers: 3 % have failed, 10 % come from another scanner, some stand out.

    montage: a function of the random generator that makes the bytes of one; regions: how many there are.
    """
    rng = np.random.default_rng(seed)
    for number in range(1, scans + 1):
        if rng.random() < 0.03:
            write_scan(output, failed(number, "Echo 2 has no phase image. Add it, or leave the scan out."))
            continue
        write_scan(output, _random_record(rng, number, columns), _random_files(rng, montage, regions))


def _random_record(rng, number, columns):
    other = rng.random() < 0.1
    factor = 3.0 if rng.random() < 0.02 else 1.0
    quality = {
        column.key: "positive" if column.is_text else round(factor * float(rng.normal(10 + 2 * other, 1)), 6)
        for column in columns
    }
    scan = {"field_strength_t": 7.0, "reported": REPORTED | {"ManufacturersModelName": "Terra"}} if other else {}
    software = SOFTWARE | ({"numpy": "1.26"} if rng.random() < 0.05 else {})
    said = ["The echo times differ from those of the sidecar. Check them."] if rng.random() < 0.2 else []
    return record(number, quality=quality, scan=scan, software=software, warnings=said)


def _random_files(rng, montage, regions):
    files = {PAGE: b"<p>scan</p>"} | ({MONTAGE: montage(rng)} if montage else {})
    sides = [f"{side} structure {n + 1}" for n in range((regions + 1) // 2) for side in ("Left", "Right")]
    means = {name: float(rng.normal(0.01 * n, 0.01)) for n, name in enumerate(sides[:regions])}
    return files | (region_files(means) if regions else {})
