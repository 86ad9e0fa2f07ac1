"""The JSON sidecars that lie beside images."""

from pathlib import Path

from ..model.errors import QSMError
from ..model.texts import parsed_json, read_text

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
    content = parsed_json(read_text(path), path)
    if not isinstance(content, dict):
        raise QSMError(f"{path} does not hold a JSON object with fields such as EchoTime. Fix or remove it.")
    return content


def is_hidden(path):
    """Whether a file is none of the data: names with a dot in front, as macOS leaves (._NAME) beside others."""
    return Path(path).name.startswith(".")
