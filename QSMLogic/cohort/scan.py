"""A scan of a cohort, what is to be done with it, and what has become of it."""

from dataclasses import dataclass, field
from pathlib import Path

from ..atlas.folder import find_atlas
from ..files.bids import BidsRun
from ..files.ownership import fingerprint_of
from ..pipeline.stage_cache import StageCache
from ..registry.settings import Settings
from ..version import __version__

DONE, FAILED = "done", "failed"  # kept in the record of a scan
UNCHANGED, ELSEWHERE = "unchanged", "elsewhere"  # of one start: done before; in work by another one
SCANS, RECORD, REGIONS = "scans", "record.json", "regions.tsv"
MONTAGE, PAGE, LOG = "montage.jpg", "report.html", "log.txt"
GROUP_PAGE, STATISTICS_PAGE = "group.html", "group_statistics.html"  # of all scans, in the output folder
OWN_FILES = (RECORD, REGIONS, "regions.json", MONTAGE, PAGE, LOG)  # of the folder of a scan


@dataclass(frozen=True)
class CohortScan:
    """One scan of a cohort.

    Parameters
    ----------
    name : str
        Its file name without echo and part, such as sub-01_ses-1_MEGRE; no two scans of a cohort share it.
    subject, session, run : str
        Labels without "sub-", "ses-" and "run-"; "" if it has none.
    bids : BidsRun or None
        Its images; None if they cannot be used.
    problem : str
        Why they cannot be used; "" otherwise.
    """

    name: str
    subject: str
    session: str = ""
    run: str = ""
    bids: BidsRun | None = None
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be done with every scan of a cohort; it travels to the workers.

    Parameters
    ----------
    root, output : Path
        The BIDS folder, and that of the derivatives.
    settings : Settings
        Methods and parameters, maps included.
    quality_map, curve, anonymous : bool
        As for `run`.
    atlas : Path or None
        Folder of the atlas that is registered to every scan.
    facts : dict
        What the command line says of every scan: field_strength_t, b0_direction_ijk; left out if it says nothing.
    cache : StageCache or None
        The results of stages that are kept.
    overwrite : bool
        Whether to replace files that no earlier run has written.
    skip_done : bool
        Whether a scan that is done stays so, whatever has changed since.

    Attributes
    ----------
    stamp : str
        A hash of all that decides on the result of a scan besides its inputs.

    Raises
    ------
    QSMError
        If the folder of the atlas holds none.
    """

    root: Path
    output: Path
    settings: Settings = field(default_factory=Settings)
    quality_map: bool = False
    curve: bool = False
    anonymous: bool = False
    atlas: Path | None = None
    facts: dict = field(default_factory=dict)
    cache: StageCache | None = None
    overwrite: bool = False
    skip_done: bool = False
    stamp: str = field(init=False)

    def __post_init__(self):
        facts = {
            "version": __version__,
            "settings": self.settings.to_dict(),
            "options": [self.quality_map, self.curve, self.anonymous, self.facts],
            "atlas": find_atlas(self.atlas).fingerprints() if self.atlas else None,
        }
        object.__setattr__(self, "stamp", fingerprint_of(facts))

    def folder(self, name):
        """Where everything of a scan goes but its maps: record, regions, pictures, page and log."""
        return scan_folder(self.output, name)


@dataclass(frozen=True)
class Outcome:
    """What has become of a scan in one start.

    Parameters
    ----------
    name : str
        Of the scan.
    state : str
        DONE, FAILED, UNCHANGED or ELSEWHERE.
    reason : str
        Of a failure, one sentence for users; "" otherwise.
    seconds, memory_mb : float
        What it took.
    can_change : bool
        Of a failure, whether another attempt may succeed.
    """

    name: str
    state: str
    reason: str = ""
    seconds: float = 0.0
    memory_mb: float = 0.0
    can_change: bool = False


def scan_folder(output, name):
    """The folder of a scan in the derivatives folder `output`."""
    return Path(output) / SCANS / name
