"""Scans in BIDS folders, and maps as BIDS derivatives.

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
from functools import partial
from pathlib import Path

from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.errors import QSMError
from ..model.units import NO_UNIT
from ..version import __version__
from .atomic import placed_together
from .headers import is_dicom, volumes_in
from .images import write_contents
from .ownership import SOFTWARE, fingerprint, is_unchanged, read_record
from .scans import AUTO, load_acquisition, load_signal
from .sidecar import image_stem, is_hidden, read_json, sidecar_path

SUFFIXES = ("MEGRE", "GRE", "T2starw", "T2star", "bold", "epi")
SERIES = ("bold", "epi")
OLD_PHASE = "phase"  # the suffix of the phase of bold images in older folders
ALL = "all"
PARTS = {"mag": "magnitude", "phase": "phase", "real": "real", "imag": "imaginary"}
MADE_BY = "GeneratedBy"
DATATYPES = ("anat", "func", "fmap", "perf")
MOST_LOOKED_AT = 200  # files of a folder without participants


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
        count = volumes_in(_files(self)[0])
        if count == 1:
            return [self]
        return [replace(self, volume=n, label=f"{self.label}vol{n + 1:03d}") for n in range(count)]

    def _chosen_volume(self):
        return (0 if self.suffix in SERIES else AUTO) if self.volume is None else self.volume

    def _has_listed_times(self):
        return any(isinstance(self.metadata(path).get("EchoTime"), list) for path in _files(self))

    def metadata(self, path):
        """What the JSON files that apply to an image say of it; files nearer to the image overrule outer ones."""
        entities, suffix = _parsed(path)
        merged = {}
        for folder in [f for f in reversed(path.parents) if f == self.root or self.root in f.parents]:
            files = [file for file in sorted(folder.glob(f"*{suffix}.json")) if not is_hidden(file)]
            candidates = [(*_parsed(file), file) for file in files]
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
    if not root.is_dir():
        raise QSMError(f"There is no folder {root}. Give the folder that holds dataset_description.json and sub-...")
    known = sorted(folder.name for folder in root.glob("sub-*") if folder.is_dir())
    if not known:
        raise QSMError(_why_no_participants(root))
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


def write_derivatives(run, maps, geometry, output, overwrite=False, anonymous=False):
    """Write the Maps of a run with their sidecars into the derivatives folder `output`. Returns the paths.

    Maps of an earlier run on the same scan that this one does not make are removed. overwrite: replace other files,
    too. anonymous: do not name the images that the maps were made from.
    """
    paths, description = run.outputs(output), Path(output) / "dataset_description.json"
    images = {paths[entry.name]: array for entry, array in maps.items()}
    placement = derivative_placement(run, output, overwrite)
    with placed_together(images, **placement, if_missing=[description]) as temporary:
        write_contents(temporary, images, geometry)
        if not description.exists():
            write_contents(temporary, {description: _dataset_description(run.root, output, anonymous)}, None)
        for entry, _ in maps.items():
            path = paths[entry.name]
            content = _sidecar(run, entry, maps.provenance, anonymous)
            content[MADE_BY] = {"Name": SOFTWARE, "Version": __version__, "SHA256": fingerprint(temporary[path])}
            write_contents(temporary, {sidecar_path(path): content}, None)
    return list(temporary)


def derivative_placement(run, output, overwrite=False):
    """The options of `placed_together` and `check_writable` for the derivatives of a run."""
    paths = list(run.outputs(output).values())
    return {"overwrite": overwrite, "vouched": partial(_vouched, paths), "whole": paths[0].parent}


def derivative_paths(run, output):
    """Every file that `write_derivatives` may write of a run."""
    return [file for path in run.outputs(output).values() for file in (path, sidecar_path(path))]


def _vouched(paths):
    """The images that a sidecar vouches for, and these sidecars."""
    vouched = set()
    for path in paths:
        made_by = read_record(sidecar_path(path)).get(MADE_BY)
        if isinstance(made_by, dict) and made_by.get("Name") == SOFTWARE:
            vouched |= {sidecar_path(path), *([path] if is_unchanged(path, made_by.get("SHA256")) else [])}
    return vouched


def _sessions(participant):
    """The folders that hold datatype folders: a participant's sessions, or the participant if it has none."""
    return sorted(folder for folder in participant.glob("ses-*") if folder.is_dir()) or [participant]


def _runs_of_session(root, session):
    groups = {}
    for path in sorted(p for datatype in DATATYPES for p in (session / datatype).glob("*.nii*")):
        entities, suffix = _parsed(path)
        if suffix == OLD_PHASE and path.parent.name == "func":
            entities, suffix = entities | {"part": "phase"}, "bold"
        if suffix not in SUFFIXES or is_hidden(path):
            continue
        part, echo, coil = entities.pop("part", "mag"), entities.pop("echo", "1"), entities.pop("coil", None)
        stem = "_".join(f"{key}-{value}" for key, value in entities.items())
        group = groups.setdefault((stem, suffix, coil is not None), {name: {} for name in PARTS.values()})
        if part in PARTS and echo.isdigit():
            group[PARTS[part]][int(echo) if coil is None else (int(echo), coil)] = path
    complete = {}
    for (stem, suffix, _), group in sorted(
        groups.items(), key=lambda group: group[0][2]
    ):  # combined images before those of single coils
        if images := _images(group):
            complete.setdefault((stem, suffix), images)
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


def _by_coil(images):
    """A list of the files of all coils for each echo."""
    echoes = sorted({echo for echo, _ in images})
    return [[images[key] for key in sorted(images) if key[0] == echo] for echo in echoes]


def _echo_list(images):
    names = (f"{key[0]} (coil {key[1]})" if isinstance(key, tuple) else str(key) for key in sorted(images))
    return ", ".join(names) or "none"


def _files(run):
    return [path for images in run.images.values() for path in images.values()]


def _sidecar(run, entry, provenance, anonymous):
    sources = [] if anonymous else [path.relative_to(run.root).as_posix() for path in _files(run)]
    content = {"Description": entry.description}
    content |= {"Sources": [f"bids:raw:{source}" for source in sources]} if sources else {}
    if isinstance(run.volume, int) or run.suffix in SERIES:
        content["SourceVolume"] = run.volume if isinstance(run.volume, int) else 0
    if entry.unit != NO_UNIT:
        content["Units"] = entry.unit
    if entry.is_mask:
        content["Type"] = "ROI"
    return content | ({"Provenance": provenance} if entry.name == SUSCEPTIBILITY else {})


def _dataset_description(root, output, anonymous):
    links = {} if anonymous else {"DatasetLinks": {"raw": Path(os.path.relpath(root, output)).as_posix()}}
    description = {
        "Name": "Quantitative susceptibility maps",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        MADE_BY: [{"Name": SOFTWARE, "Version": __version__}],
    }
    return description | links
