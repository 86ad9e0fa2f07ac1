"""Scans in BIDS folders.

A run is one magnitude and phase pair of MEGRE, GRE, T2starw, bold or epi images, or one of real and imaginary part:
all files of a session folder whose names agree in everything but echo, coil and part. An image without part entity
beside one with part-phase is the magnitude; in older folders, the phase of a bold image has the suffix phase.
A bold or epi file of several volumes is a time series unless its EchoTime is a list; QSM uses the first volume unless
another is asked for, because averaging over time would blur the phase with motion, breathing and drift. The volumes of
other files are looked at: single coils are combined.
"""

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ..model.catalogue import CATALOGUE
from ..model.errors import QSMError
from .bids_names import map_name, parsed
from .headers import is_dicom, volumes_in
from .scans import AUTO, load_acquisition, load_signal
from .sidecar import is_hidden, read_json

SUFFIXES = ("MEGRE", "GRE", "T2starw", "T2star", "bold", "epi")
SERIES = ("bold", "epi")
OLD_PHASE = "phase"  # the suffix of the phase of bold images in older folders
ALL = "all"
PARTS = {"mag": "magnitude", "phase": "phase", "real": "real", "imag": "imaginary"}
DATATYPES = ("anat", "func", "fmap", "perf")
MOST_LOOKED_AT = 200  # files of a folder without participants
MOST_NAMED = 20  # participants in a message


def json_files(folder):
    """The JSON files of a folder, in order."""
    return [file for file in sorted(Path(folder).glob("*.json")) if not is_hidden(file)]


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
        {echo number: path} of "magnitude" and "phase", or of "real" and "imaginary". Of single coils, the keys are
        pairs of echo and coil.
    label : str
        Distinguishes runs with the same stem.
    volume : int or str, optional
        As in load_acquisition; None: the first of bold and epi images, "auto" for others.
    """

    root: Path
    session: Path
    stem: str
    suffix: str
    images: dict
    label: str = ""
    volume: int | str | None = None

    @property
    def name(self):
        return f"{self.stem}_{self.suffix}"

    @property
    def files(self):
        """{kind of image: paths}."""
        return {kind: list(images.values()) for kind, images in self.images.items()}

    def load(self, field_strength_t=None, b0_direction_ijk=None):
        """The run's Acquisition and Geometry, with echo times and field strength from its sidecars."""
        (one, first), (two, second) = self.images.items()
        if first.keys() != second.keys():
            raise QSMError(
                f"{one} has the echoes {_echo_list(first)} and {two} {_echo_list(second)}. Add the missing files."
            )
        if self.is_of_coils:
            first, second = map(_by_coil, (first, second))
        else:
            first, second = ([images[echo] for echo in sorted(images)] for images in (first, second))
        load = load_acquisition if two == "phase" else load_signal
        volume = None if self.is_of_coils or self._has_listed_times() else self._chosen_volume()
        return load(first, second, None, field_strength_t, b0_direction_ijk, volume, self.metadata)

    @property
    def is_of_coils(self):
        """Whether there is one file for each receive coil."""
        return isinstance(next(iter(next(iter(self.images.values())))), tuple)

    def of_volumes(self, choice):
        """The runs to map, by the option --volumes: this one with the volume to use or, for "all", one per volume."""
        if choice != ALL or self.is_of_coils or self._has_listed_times():
            return [replace(self, volume=0 if choice == "first" else choice)] if choice not in (None, ALL) else [self]
        count = volumes_in(files_of(self)[0])
        if count == 1:
            return [self]
        return [replace(self, volume=n, label=f"{self.label}vol{n + 1:03d}") for n in range(count)]

    def _chosen_volume(self):
        return (0 if self.suffix in SERIES else AUTO) if self.volume is None else self.volume

    def _has_listed_times(self):
        return any(isinstance(self.metadata(path).get("EchoTime"), list) for path in files_of(self))

    def metadata(self, path):
        """What the JSON files that apply to an image say of it; files nearer to the image overrule outer ones."""
        merged = {}
        for file in self._sidecars(path, json_files):
            merged |= read_json(file)
        return merged

    def inputs(self, listed=json_files):
        """Every file that the run is read from: images, and the JSON files that apply to them.

        listed: lists the JSON files of a folder.
        """
        listed = cache(listed)
        return list(dict.fromkeys(file for path in files_of(self) for file in (path, *self._sidecars(path, listed))))

    def _sidecars(self, path, listed):
        """The JSON files that apply to an image, those nearer to it after outer ones."""
        entities, suffix = parsed(path)
        for folder in [f for f in reversed(path.parents) if f == self.root or self.root in f.parents]:
            candidates = [(*parsed(file), file) for file in listed(folder) if file.stem.endswith(suffix)]
            for found, of_suffix, file in sorted(candidates, key=lambda c: len(c[0])):
                if of_suffix == suffix and found.items() <= entities.items():
                    yield file

    def outputs(self, output):
        """Where the run's maps go inside the derivatives folder `output`, {name of the map: path}."""
        return {name: self.derivative(output, *entry.bids) for name, entry in CATALOGUE.items()}

    def derivative(self, output, description, suffix, space=""):
        """Where an image of the run goes inside the derivatives folder `output`.

        description, suffix, space: of its name; "" for none. space: a template, if it is not on the grid of the scan.
        """
        stem = f"{self.stem}_space-{space}" if space else self.stem
        name = map_name(stem, self.label + description, suffix)
        return Path(output) / self.session.relative_to(self.root) / "anat" / f"{name}.nii.gz"


def find_runs(root, participants=()):
    """The runs of a BIDS folder, of all participants or of those named (with or without "sub-").

    Images without phase or imaginary part are not runs. Raises QSMError if a participant or any run is
    missing.
    """
    root = Path(root)
    try:
        runs = [run for participant in participants_of(root, participants) for run in runs_of(root, participant)[0]]
    except OSError as error:
        raise QSMError(f"Cannot read {error.filename}: {error.strerror}. Check the link or the permissions.") from None
    if not runs:
        raise QSMError(
            f"No magnitude with phase was found in {root}. QSM needs files such as "
            "sub-01/anat/sub-01_echo-1_part-mag_MEGRE.nii.gz and sub-01_echo-1_part-phase_MEGRE.nii.gz."
        )
    return runs


def participants_of(root, wanted=()):
    """The names of the participants' folders: all, or those wanted (with or without "sub-").

    Links that lead nowhere are among them, for there is to be something. Raises QSMError if one is missing.
    """
    root = Path(root)
    if not root.is_dir():
        raise QSMError(f"There is no folder {root}. Give the folder that holds dataset_description.json and sub-...")
    known = sorted(e.name for e in os.scandir(root) if e.name.startswith("sub-") and (_is_broken(e) or e.is_dir()))
    if not known:
        raise QSMError(_why_no_participants(root))
    chosen = [f"sub-{label.removeprefix('sub-')}" for label in wanted] or known
    if missing := [name for name in chosen if name not in {*known}]:
        there = ", ".join(known[:MOST_NAMED]) + (f" and {len(known) - MOST_NAMED} more" if known[MOST_NAMED:] else "")
        raise QSMError(f"There is no {missing[0]} in {root}. It has {there}.")
    return chosen


def runs_of(root, participant):
    """The runs of a participant, and [(session folder, stem, suffix)] of images without phase or imaginary part.

    Raises OSError if a folder cannot be read.
    """
    runs, incomplete = [], []
    for session in _sessions(root / participant):
        complete, lacking = _runs_of_session(root, session)
        runs += complete
        incomplete += [(session, *names) for names in lacking]
    return runs, incomplete


def _why_no_participants(root):
    if root.name.startswith(("sub-", "ses-")) or root.name in DATATYPES:
        return f"{root} is a part of a BIDS folder. Give the folder above, and --participant-label to choose from it."
    files = [path for _, path in zip(range(MOST_LOOKED_AT), filter(Path.is_file, root.rglob("*")), strict=False)]
    if any(map(is_dicom, files)):
        return (
            f"{root} holds DICOM files and is no BIDS folder. Map them with `run --dicom`, or make a BIDS folder of "
            "them with `dicom --to-bids`."
        )
    return f"{root} is no BIDS folder: it has no participants (sub-...). Give images as --magnitude and --phase."


def _is_broken(entry):
    """Whether an entry of a folder is a link to nothing, or to itself."""
    return entry.is_symlink() and not os.path.exists(entry)


def _sessions(participant):
    """The folders that hold datatype folders: a participant's sessions, or the participant if it has none."""
    with os.scandir(participant) as entries:
        names = [e.name for e in entries if e.name.startswith("ses-") and (_is_broken(e) or e.is_dir())]
    return [participant / name for name in sorted(names)] or [participant]


def _files_in(session):
    """The NIfTI files in the datatype folders of a session, in order."""
    there = {*os.listdir(session)}
    folders = [session / datatype for datatype in DATATYPES if datatype in there and (session / datatype).is_dir()]
    return sorted(folder / name for folder in folders for name in os.listdir(folder) if ".nii" in name)


def _runs_of_session(root, session):
    groups = {}
    for path in _files_in(session):
        entities, suffix = parsed(path)
        if suffix == OLD_PHASE and path.parent.name == "func":
            entities, suffix = entities | {"part": "phase"}, "bold"
        if suffix not in SUFFIXES or is_hidden(path):
            continue
        part, echo, coil = entities.pop("part", "mag"), entities.pop("echo", "1"), entities.pop("coil", None)
        stem = "_".join(f"{key}-{value}" for key, value in entities.items())
        group = groups.setdefault((stem, suffix, coil is not None), {name: {} for name in PARTS.values()})
        if part in PARTS and echo.isdigit():
            group[PARTS[part]][int(echo) if coil is None else (int(echo), coil)] = path
    complete, lacking = {}, []
    for (stem, suffix, _), group in sorted(
        groups.items(), key=lambda group: group[0][2]
    ):  # combined images before those of single coils
        if images := _images(group):
            complete.setdefault((stem, suffix), images)
        else:
            lacking.append((stem, suffix))
    shared = Counter(stem for stem, _ in complete)
    runs = [
        BidsRun(root, session, stem, suffix, images, suffix if shared[stem] > 1 else "")
        for (stem, suffix), images in complete.items()
    ]
    return runs, [names for names in lacking if names not in complete]


def _images(group):
    """The images to map of a group: magnitude and phase, else real and imaginary part, else None."""
    for pair in (("magnitude", "phase"), ("real", "imaginary")):
        if group[pair[1]]:
            return {name: group[name] for name in pair}
    return None


def _by_coil(images):
    """A list of the files of all coils for each echo."""
    echoes = sorted({echo for echo, _ in images})
    return [[images[key] for key in sorted(images) if key[0] == echo] for echo in echoes]


def _echo_list(images):
    names = (f"{key[0]} (coil {key[1]})" if isinstance(key, tuple) else str(key) for key in sorted(images))
    return ", ".join(names) or "none"


def files_of(run):
    """All images of a run."""
    return [path for images in run.images.values() for path in images.values()]
