"""The folder for the derivatives of a cohort, as a BIDS data set."""

from ..files.atomic import placed_together
from ..files.data_set import root_files
from ..files.images import write_contents


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
