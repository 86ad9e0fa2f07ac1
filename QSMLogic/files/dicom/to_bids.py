"""Scans in DICOM files, written as a BIDS data set that `run --bids` maps."""

import re
from collections import Counter
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from ...version import __version__
from ..atomic import check_writable, placed_together
from ..bids import PARTS
from ..data_set import DESCRIPTION, description
from ..images import write_contents
from ..ownership import SOFTWARE
from ..sidecar import sidecar_path
from .loading import images

PART_OF_KIND = {kind: part for part, kind in PARTS.items()}
TASK = "unknown"
PHASE_UNIT = "rad"


def check_label(label):
    """QSMError unless a text can be the label of a participant or session in BIDS."""
    if not re.fullmatch(r"[A-Za-z0-9]+", label):
        raise QSMError(f"{label!r} cannot be a label in BIDS. Use letters and digits only, such as 01.")


def write_bids(scans, folder, participant, session=None, overwrite=False, progress=None):
    """Write scans into a BIDS folder, all or none.

    Images are MEGRE with an entity echo or, with one echo, T2starw; time series are bold. Of several scans of a kind,
    each has an entity run.

    Parameters
    ----------
    scans : list of DicomScan
    folder : path
        The BIDS folder; if it is new, it gets a dataset_description.json.
    participant, session : str
        Their labels. session: None for no session.
    overwrite : bool
        Whether to replace files.
    progress : callable, optional
        Called as progress("writing BIDS", fraction).

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    QSMError
        If a file is there already or cannot be written, or a scan cannot be read.
    """
    folder, made = Path(folder), Path(folder) / DESCRIPTION
    planned = list(_planned(scans, folder, participant, session))
    outputs = [file for _, _, paths in planned for path in paths for file in (path, sidecar_path(path))]
    check_writable(outputs, overwrite=overwrite)
    with placed_together([made], overwrite=overwrite, if_missing=[made]) as temporary:
        write_contents(temporary, {made: description("Gradient-echo scans", "raw")}, None)
        for done, (scan, kind, paths) in enumerate(planned):
            if progress:
                progress("writing BIDS", done / len(planned))
            write_contents(
                temporary, _contents(scan, kind, paths), scan.geometry, scan.reported.get("RepetitionTime", 1.0)
            )
        if progress:
            progress("writing BIDS", 1.0)
    return list(temporary)


def _planned(scans, folder, participant, session):
    """(scan, kind, the path of each echo) of all kinds of image of all scans."""
    stem = "_".join(f"{key}-{label}" for key, label in (("sub", participant), ("ses", session)) if label)
    place = folder.joinpath(*stem.split("_"))
    suffixes = [_suffix(scan) for scan in scans]
    count, seen = Counter(suffixes), Counter()
    for scan, suffix in zip(scans, suffixes, strict=True):
        seen[suffix] += 1
        task = f"_task-{TASK}" if suffix == "bold" else ""
        run = f"_run-{seen[suffix]}" if count[suffix] > 1 else ""
        for kind, part in ((kind, PART_OF_KIND[kind]) for kind in scan.kinds):
            names = [f"{stem}{task}{run}{echo}_part-{part}_{suffix}.nii.gz" for echo in _echo_entities(scan)]
            yield scan, kind, [place / ("func" if task else "anat") / name for name in names]


def _suffix(scan):
    if scan.volumes > 1:
        return "bold"
    return "MEGRE" if len(scan.echo_times_s) > 1 else "T2starw"


def _echo_entities(scan):
    count = len(scan.echo_times_s)
    return [f"_echo-{n + 1}" for n in range(count)] if count > 1 else [""]


def _contents(scan, kind, paths):
    """{path: array or sidecar} of all echoes of one kind."""
    volumes = [images(scan, kind, volume) for volume in range(scan.volumes)]
    contents = {}
    for echo, (path, time) in enumerate(zip(paths, scan.echo_times_s, strict=True)):
        contents[path] = np.stack([volume[echo] for volume in volumes]) if len(volumes) > 1 else volumes[0][echo]
        contents[sidecar_path(path)] = _record(scan, kind, time)
    return contents


def _record(scan, kind, time):
    record = scan.reported | {"EchoTime": time}
    record |= {"MagneticFieldStrength": scan.field_strength_t} if scan.field_strength_t else {}
    record |= {"Units": PHASE_UNIT} if kind == "phase" else {}
    record |= {"TaskName": TASK} if scan.volumes > 1 else {}
    return record | {"ConversionSoftware": SOFTWARE, "ConversionSoftwareVersion": __version__}
