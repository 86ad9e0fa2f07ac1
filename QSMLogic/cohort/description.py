"""The folder for the derivatives of a cohort, as a BIDS data set."""

from pathlib import Path

from ..files.atomic import placed_together
from ..files.data_set import DESCRIPTION, MADE_BY, root_files
from ..files.images import write_contents
from ..files.ownership import read_record
from ..model.errors import QSMError
from .record import forget_failure, record_of, recorded_names, written_files


def check_output(root, output) -> None:
    """QSMError if the folder `output` is, or belongs to, data that derivatives must not be mixed with.

    Parameters
    ----------
    root, output : path
        The BIDS data set, and the folder for the derivatives.
    """
    root, output = Path(root).resolve(), Path(output).resolve()
    if output == root:
        raise QSMError("The output folder must not be the BIDS folder itself. Choose derivatives/QSM in it, say.")
    if output.is_relative_to(root) and output.relative_to(root).parts[0].startswith("sub-"):
        raise QSMError(f"{output} lies in the folder of a participant. Choose derivatives/QSM in the BIDS folder, say.")
    about = read_record(output / DESCRIPTION)
    kind = about.get("DatasetType", "derivative" if {MADE_BY, "PipelineDescription"} & about.keys() else "raw")
    if about and kind != "derivative":
        raise QSMError(f"{output} is a BIDS data set of scans, not a folder for derivatives. Choose another folder.")


def prepare_output(root, output, anonymous=False) -> None:
    """Write dataset_description.json, README.md and .bidsignore into the folder for derivatives where they are missing.

    Those that are there stay as they are, also if another process writes them at the same time.

    Parameters
    ----------
    root, output : path
        The BIDS data set, and the folder for the derivatives.
    anonymous : bool
        Whether not to name the data set.

    Raises
    ------
    QSMError
        If the folder cannot be written to.
    """
    if contents := root_files(root, output, anonymous):
        with placed_together(contents, if_missing=contents) as temporary:
            write_contents(temporary, contents, None)


def tidy(output, scans, participants=()) -> list:
    """Forget failures of scans that are not listed any more, as their files have been completed, renamed or removed.

    Parameters
    ----------
    output : path
        The folder for the derivatives.
    scans : list of CohortScan
        All scans of the participants.
    participants : tuple of str
        Those that were listed, without "sub-"; empty for all.

    Returns
    -------
    list of str
        Names of scans that have maps, but are not listed either.
    """
    listed, others = {scan.name for scan in scans}, []
    for name in (name for name in recorded_names(output) if name not in listed):
        record = record_of(output, name)
        if not record or (participants and record.get("subject") not in participants):
            continue
        if written_files(record):
            others.append(name)
        else:
            forget_failure(output, name)
    return others
