"""Scans in BIDS folders, and maps as BIDS derivatives.

A run is one magnitude and phase pair of MEGRE, GRE, T2starw, bold or epi images, or one of real and imaginary part:
all files of a session folder whose names agree in everything but echo and part. An image without part entity beside
one with part-phase is the magnitude.
A file of several volumes is a time series unless its EchoTime is a list; QSM uses the first volume, because averaging
over time would blur the phase with motion, breathing and drift.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.errors import QSMError
from ..model.units import NO_UNIT
from ..version import __version__
from .images import write_files
from .scans import load_acquisition, load_signal
from .sidecar import echo_times, field_strength, image_stem, read_json

SUFFIXES = ("MEGRE", "GRE", "T2starw", "bold", "epi")
PARTS = {"mag": "magnitude", "phase": "phase", "real": "real", "imag": "imaginary"}
DATATYPES = ("anat", "func", "fmap", "perf")


@dataclass(frozen=True)
class BidsRun:
    """A scan in a BIDS folder.

    Parameters
    ----------
    root, session : Path
        The BIDS folder, and the folder of the participant or session.
    stem, suffix : str
        Entities without echo and part, such as sub-01, and suffix of the images.
    images : dict
        {echo number: path} of "magnitude" and "phase", or of "real" and "imaginary".
    label : str
        Distinguishes runs with the same stem.
    """

    root: Path
    session: Path
    stem: str
    suffix: str
    images: dict
    label: str = ""

    @property
    def name(self):
        return f"{self.stem}_{self.suffix}"

    def load(self, field_strength_t=None, b0_direction_ijk=None):
        """The run's Acquisition and Geometry, with echo times and field strength from its sidecars."""
        (one, first), (two, second) = self.images.items()
        if first.keys() != second.keys():
            raise QSMError(
                f"{one} has the echoes {_echo_list(first)} and {two} {_echo_list(second)}. Add the missing files."
            )
        first, second = ([images[echo] for echo in sorted(images)] for images in (first, second))
        times = echo_times(first, second, self.metadata)
        if field_strength_t is None:
            field_strength_t = field_strength(first, second, self.metadata)
        volume = 0 if len(times) == len(second) else None
        load = load_acquisition if two == "phase" else load_signal
        return load(first, second, times, field_strength_t, b0_direction_ijk, volume=volume)

    def metadata(self, path):
        """What the JSON files that apply to an image say of it; files nearer to the image overrule outer ones."""
        entities, suffix = _parsed(path)
        merged = {}
        for folder in [f for f in reversed(path.parents) if f == self.root or self.root in f.parents]:
            candidates = [(*_parsed(file), file) for file in sorted(folder.glob(f"*{suffix}.json"))]
            for found, of_suffix, file in sorted(candidates, key=lambda c: len(c[0])):
                if of_suffix == suffix and found.items() <= entities.items():
                    merged |= read_json(file)
        return merged

    def outputs(self, output):
        """Where the run's maps go inside the derivatives folder `output`, {name of the map: path}."""
        return {name: self._output(Path(output), *entry.bids) for name, entry in CATALOGUE.items()}

    def _output(self, output, description, suffix):
        label = f"_desc-{self.label}{description}" if self.label + description else ""
        return output / self.session.relative_to(self.root) / "anat" / f"{self.stem}{label}_{suffix}.nii.gz"


def find_runs(root, participants=()):
    """The runs of a BIDS folder, of all participants or of those named (with or without "sub-").

    Images without phase or imaginary part are not runs. Raises QSMError if a participant or any run is
    missing.
    """
    root = Path(root)
    known = sorted(folder.name for folder in root.glob("sub-*") if folder.is_dir())
    wanted = [f"sub-{p.removeprefix('sub-')}" for p in participants] or known
    for participant in wanted:
        if participant not in known:
            raise QSMError(f"There is no {participant} in {root}. It has {', '.join(known) or 'no participants'}.")
    runs = [run for p in wanted for session in _sessions(root / p) for run in _runs_of_session(root, session)]
    if not runs:
        raise QSMError(
            f"No magnitude with phase was found in {root}. QSM needs files such as "
            "sub-01/anat/sub-01_echo-1_part-mag_MEGRE.nii.gz and sub-01_echo-1_part-phase_MEGRE.nii.gz."
        )
    return runs


def write_derivatives(run, maps, geometry, output):
    """Write the Maps of a run with their sidecars into the derivatives folder `output`. Returns the paths."""
    contents = {}
    paths = run.outputs(output)
    for entry, array in maps.items():
        path = paths[entry.name]
        contents[path] = array
        contents[path.with_name(f"{image_stem(path)}.json")] = _sidecar(run, entry, maps.provenance)
    description = Path(output) / "dataset_description.json"
    if not description.exists():
        contents[description] = _dataset_description(run.root, output)
    return write_files(contents, geometry)


def _sessions(participant):
    """The folders that hold datatype folders: a participant's sessions, or the participant if it has none."""
    return sorted(folder for folder in participant.glob("ses-*") if folder.is_dir()) or [participant]


def _runs_of_session(root, session):
    groups = {}
    for path in sorted(p for datatype in DATATYPES for p in (session / datatype).glob("*.nii*")):
        entities, suffix = _parsed(path)
        if suffix not in SUFFIXES:
            continue
        part, echo = entities.pop("part", "mag"), entities.pop("echo", "1")
        stem = "_".join(f"{key}-{value}" for key, value in entities.items())
        group = groups.setdefault((stem, suffix), {name: {} for name in PARTS.values()})
        if part in PARTS and echo.isdigit():
            group[PARTS[part]][int(echo)] = path
    complete = {key: images for key, group in groups.items() if (images := _images(group))}
    shared = Counter(stem for stem, _ in complete)
    return [
        BidsRun(root, session, stem, suffix, images, suffix if shared[stem] > 1 else "")
        for (stem, suffix), images in complete.items()
    ]


def _images(group):
    """The images to map of a group: magnitude and phase, else real and imaginary part, else None."""
    for pair in (("magnitude", "phase"), ("real", "imaginary")):
        if group[pair[1]]:
            return {name: group[name] for name in pair}
    return None


def _parsed(path):
    """The entities {key: value} and the suffix in a file's name."""
    *pairs, suffix = image_stem(path).split("_")
    return dict(pair.split("-", 1) for pair in pairs if "-" in pair), suffix


def _echo_list(images):
    return ", ".join(map(str, sorted(images))) or "none"


def _files(run):
    return [path for images in run.images.values() for path in images.values()]


def _sidecar(run, entry, provenance):
    sources = [path.relative_to(run.root).as_posix() for path in _files(run)]
    content = {"Description": entry.description, "Sources": [f"bids:raw:{source}" for source in sources]}
    if run.suffix in ("bold", "epi"):
        content["SourceVolume"] = 0
    if entry.unit != NO_UNIT:
        content["Units"] = entry.unit
    if entry.is_mask:
        content["Type"] = "ROI"
    return content | ({"Provenance": provenance} if entry.name == SUSCEPTIBILITY else {})


def _dataset_description(root, output):
    return {
        "Name": "Quantitative susceptibility maps",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "QSMLogic", "Version": __version__}],
        "DatasetLinks": {"raw": Path(os.path.relpath(root, output)).as_posix()},
    }
