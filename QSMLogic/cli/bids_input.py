"""What the command `bids` is given: a BIDS data set, or DICOM files, which are converted to one first."""

from ..cohort.dicom_people import sanitized
from ..cohort.dicom_tree import as_bids, is_dicom_tree
from ..cohort.scan import CohortScan
from ..model.errors import QSMError


def data_set(arguments, root, console):
    """The BIDS folder, and a CohortScan with its problem for each DICOM folder that could not be converted.

    root: the folder given. Raises QSMError if DICOM files are given without a work folder.
    """
    if not is_dicom_tree(root):
        return root, []
    if not arguments.work_dir:
        raise QSMError(f"{root} holds DICOM files. Give --work-dir, a folder in which a BIDS data set is made of them.")
    wanted = [label.removeprefix("sub-") for label in arguments.participant_label or ()]
    made, problems = as_bids(root, arguments.work_dir, console.progress, wanted)
    labels = {name: sanitized(name, "sub") for name, _ in problems}
    return made, [CohortScan(f"sub-{labels[name]}", labels[name], problem=reason) for name, reason in problems]
