"""Echo times and field strength from the JSON sidecars that lie beside images."""

import json
from pathlib import Path

from ..model.errors import QSMError
from ..model.units import PROTON_MHZ_PER_T

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")


def image_stem(path):
    """The name of an image file without folder and ending."""
    name = Path(path).name
    return next((name[: -len(e)] for e in ENDINGS if name.lower().endswith(e)), Path(name).stem)


def sidecar_path(image_path):
    """The path of the sidecar of an image: same name, ending .json."""
    return Path(image_path).with_name(f"{image_stem(image_path)}.json")


def sidecar(image_path):
    """The content of the sidecar of an image, a dictionary; empty if there is none."""
    path = sidecar_path(image_path)
    return read_json(path) if path.is_file() else {}


def read_json(path):
    """The dictionary in a JSON file; QSMError if the file holds something else."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}. Check the name and the permissions.") from None
    except ValueError as error:
        raise QSMError(f"{path} is not valid JSON: {error}. Fix or remove it.") from None
    if not isinstance(content, dict):
        raise QSMError(f"{path} does not hold a JSON object with fields such as EchoTime. Fix or remove it.")
    return content


def echo_times(magnitude_paths, phase_paths, metadata=sidecar):
    """The echo times (s) of a scan, from the `metadata(path)` of its files; QSMError if they are missing."""
    found = [times for times in (_times(paths, metadata) for paths in (phase_paths, magnitude_paths)) if times]
    if not found:
        raise QSMError(_missing("EchoTime", phase_paths, "--echo-times with one time in seconds for each echo"))
    if any(times != found[0] for times in found):
        raise QSMError(
            f"The sidecars of one kind of image have echo times {found[0]}, those of the other {found[1]}. "
            "Give both lists of files in the same order."
        )
    return found[0]


def field_strength(magnitude_paths, phase_paths, metadata=sidecar):
    """The field strength (T) of a scan, from MagneticFieldStrength or else ImagingFrequency (MHz)."""
    records = [metadata(path) for path in (*phase_paths, *magnitude_paths)]
    for name, per_tesla in (("MagneticFieldStrength", 1.0), ("ImagingFrequency", PROTON_MHZ_PER_T)):
        for record in records:
            if name in record:
                return _number(record[name], name) / per_tesla
    raise QSMError(_missing("MagneticFieldStrength", phase_paths, "--field-strength in tesla"))


def _times(paths, metadata):
    """Echo times of a list of files, where a 4D file may have a list of its own; None unless all are known."""
    times = []
    for path in paths:
        value = metadata(path).get("EchoTime")
        if value is None:
            return None
        times += value if isinstance(value, list) else [value]
    return [_number(t, "EchoTime") for t in times]


def _number(value, name):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise QSMError(f"{name} in a sidecar must be a number, not {value!r}. Fix the sidecar.") from None


def _missing(name, paths, option):
    looked_for = next((s for s in map(sidecar_path, paths) if not s.is_file()), None)
    if looked_for is None:
        return f"{sidecar_path(paths[0])} has no {name}. Add it there, or give {option}."
    return f"{name} is unknown: there is no {looked_for}. Add this sidecar, or give {option}."
