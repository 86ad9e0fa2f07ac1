"""What lies in a BIDS data set beside the participants: its description, a README, and what is no part of it."""

import os
from pathlib import Path

from ..model.catalogue import CATALOGUE
from ..model.units import NO_UNIT
from ..version import __version__
from .bids_names import MAP_SUFFIXES
from .ownership import SOFTWARE, read_record

BIDS_VERSION = "1.11.1"
CODE_URL = "https://github.com/SlicerQSM/SlicerQSM"
DESCRIPTION, README, IGNORED = "dataset_description.json", "README.md", ".bidsignore"
ROOT_FILES = (DESCRIPTION, README, IGNORED)
MADE_BY = "GeneratedBy"
CONTAINER, OF_APPTAINER = "QSM_CONTAINER", ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER")  # environment variables
BESIDE_MAPS = ("scans", "group*", "logs", "*.log", ".*")  # with a slash, a folder would not be hidden
README_TEXT = """# Quantitative susceptibility maps

Made by {software} {version} ({url}) from the scans of the data set that dataset_description.json names.

The folder anat of each participant or session holds the maps of each scan, on the grid of its images:

{maps}

The sidecar of each Chimap without desc has the settings, checks and citations of the run (Provenance). \
If the scans were mapped by the command bids, the folder scans holds the record, regions and page of each, and \
group.html joins them. Files that BIDS has no names for are listed in .bidsignore.
"""


def root_files(root, output, anonymous=False):
    """What a folder of derivatives has beside the maps, {path: text or dictionary}, without files that are there.

    Parameters
    ----------
    root, output : path
        The BIDS data set that was mapped, and the folder for the derivatives.
    anonymous : bool
        Whether to leave out where the data set is, and how it is cited.
    """
    output = Path(output)
    contents = {
        output / DESCRIPTION: derivative_description(root, output, anonymous),
        output / README: _readme(),
        output / IGNORED: "".join(f"{pattern}\n" for pattern in ignored()),
    }
    return {path: content for path, content in contents.items() if not os.path.lexists(path)}


def derivative_description(root, output, anonymous=False):
    """The dataset_description.json of a folder of derivatives."""
    content = description("Quantitative susceptibility maps", "derivative")
    if anonymous:
        return content
    doi = read_record(Path(root) / DESCRIPTION).get("DatasetDOI")
    source = {"URL": "bids:raw:"} | ({"DOI": doi} if isinstance(doi, str) else {})
    links = {"raw": Path(os.path.relpath(root, output)).as_posix()}
    return content | {"SourceDatasets": [source], "DatasetLinks": links}


def description(name, kind):
    """The dataset_description.json of a data set that this software writes. kind: raw or derivative."""
    made_by = {"Name": SOFTWARE, "Version": __version__, "CodeURL": CODE_URL} | _container()
    return {"Name": name, "BIDSVersion": BIDS_VERSION, "DatasetType": kind, MADE_BY: [made_by]}


def ignored():
    """The patterns of what BIDS has no names for: folders, pages and tables, and maps whose suffix it lacks."""
    suffixes = dict.fromkeys(entry.bids[1] for entry in CATALOGUE.values())
    return (*BESIDE_MAPS, *(f"*_{suffix}.*" for suffix in suffixes if suffix not in MAP_SUFFIXES))


def _container():
    """{"Container": the image that this runs in}; {} if it runs in none, or in one that does not say its name."""
    name = os.environ.get(CONTAINER)
    kind = "apptainer" if any(map(os.environ.get, OF_APPTAINER)) else "docker"
    return {"Container": {"Type": kind, "Tag": name}} if name else {}


def _readme():
    lines = ["| name | map | unit |", "| --- | --- | --- |"]
    for entry in CATALOGUE.values():
        label, suffix = entry.bids
        name = f"desc-{label}_{suffix}" if label else suffix
        lines.append(f"| {name} | {entry.description} | {'' if entry.unit == NO_UNIT else entry.unit} |")
    return README_TEXT.format(software=SOFTWARE, version=__version__, url=CODE_URL, maps="\n".join(lines))
