"""The scans of a BIDS data set, with a reason for those that cannot be used."""

from pathlib import Path

from ..files.bids import participants_of, runs_of
from ..model.errors import QSMError
from .scan import CohortScan

WITH_PHASE = ("MEGRE", "GRE")  # suffixes of images that are made for QSM: without phase, something is missing
NO_PHASE = (
    "There is a magnitude, but no phase or imaginary part. Convert the phase images of the scanner, too, and name "
    "them part-phase."
)
MISPLACED = (
    "Its files are called {0}_..., but lie in {1}, where names begin with {2}_. Rename them, or move them to their own "
    "folder."
)
UNREADABLE = "Its folder cannot be read: {}. Check the link or the permissions."
NOTHING = (
    "No magnitude with phase was found. QSM needs files such as {0}_echo-1_part-mag_MEGRE.nii.gz and "
    "{0}_echo-1_part-phase_MEGRE.nii.gz in the folder anat."
)


def scans_of(root, filters=None, volumes=None):
    """The scans of a BIDS data set, participant by participant.

    Parameters
    ----------
    root : path-like
        The BIDS folder.
    filters : Filters, optional
        Which participants, sessions and images to use; all if None.
    volumes : str, optional
        Which volumes of time series are mapped, as the option --volumes.

    Yields
    ------
    CohortScan
        What cannot be used has no images, but a problem.

    Raises
    ------
    QSMError
        If the folder is no BIDS folder, or a participant is missing.
    """
    root = Path(root)
    for participant in participants_of(root, filters.participants if filters else ()):
        try:
            runs, incomplete = runs_of(root, participant)
        except OSError as error:
            yield _unusable(participant, UNREADABLE.format(error.strerror or error))
            continue
        lacking = [names for names in incomplete if names[2] in WITH_PHASE]
        for names in [(run.session, run.stem, run.suffix) for run in runs] + lacking:
            if not _is_in_place(root, *names):
                yield _misplaced(root, *names)
        runs_in_place = [run for run in runs if _is_in_place(root, run.session, run.stem)]
        yield from _of_runs([run for run in runs_in_place if filters is None or filters.matches(run)], volumes)
        for session, stem, suffix in lacking:
            wanted = filters is None or filters.matches_names(session, stem, suffix)
            if wanted and _is_in_place(root, session, stem):
                yield _named(f"{stem}_{suffix}", stem, problem=NO_PHASE)
        if not (runs or lacking):
            yield _unusable(participant, NOTHING.format(participant))


def _is_in_place(root, session, stem, suffix=""):
    """Whether names of files have the labels of their folders, so that no other scan is called alike."""
    return f"{stem}_".startswith("_".join((*session.relative_to(root).parts, "")))


def _misplaced(root, session, stem, suffix):
    folder = session.relative_to(root)
    labels = "_".join(folder.parts)
    return _named(f"{labels}_{stem}_{suffix}", labels, problem=MISPLACED.format(stem, folder.as_posix(), labels))


def _of_runs(runs, volumes):
    for run in runs:
        try:
            parts = run.of_volumes(volumes)
        except QSMError as error:
            yield _named(run.name, run.stem, problem=str(error))
            continue
        for part in parts:
            volume = part.label.removeprefix(run.label)
            yield _named("_".join(filter(None, (run.name, volume))), run.stem, part)


def _named(name, stem, run=None, problem=""):
    entities = dict(pair.split("-", 1) for pair in stem.split("_") if "-" in pair)
    labels = (entities.get(key, "") for key in ("sub", "ses", "run"))
    return CohortScan(name, *labels, run, problem)


def _unusable(participant, problem):
    return CohortScan(participant, participant.removeprefix("sub-"), problem=problem)
