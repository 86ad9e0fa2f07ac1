"""The work on one scan of a cohort: decide whether it is done, map it, measure it, write all of it at once."""

import errno
from contextlib import suppress
from pathlib import Path

from ..files.atomic import cannot_write
from ..model.errors import QSMError
from ..numerics.process import forget_peak, peak_memory_mb
from ..pipeline.named_inputs import without_names
from .claim import claimed
from .log import ScanLog
from .mapping import map_and_write
from .record import inputs_of, is_complete, record_of, stamp_of, write_failure, write_inputs
from .scan import DONE, ELSEWHERE, FAILED, UNCHANGED, Outcome

GONE = "{} is a link to a file that is not there. Get its content (with DataLad: datalad get), or remove the link."
UNREADABLE = "Cannot read {}: {}. Check the file and the permissions."
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR)
NO_MEMORY = "There was not enough memory. Give fewer workers (--nprocs) more of it, or crop the images to the head."


def map_scan(scan, plan):
    """Map one scan and write its maps, numbers, pictures and record, unless that is done already.

    Parameters
    ----------
    scan : CohortScan
    plan : Plan

    Returns
    -------
    Outcome
        Failures included: only a bug raises.
    """
    log = ScanLog()
    forget_peak()
    try:
        with claimed(plan.output, scan.name) as mine:
            return _claimed(scan, plan, log) if mine else Outcome(scan.name, ELSEWHERE)
    except OSError as error:
        return Outcome(scan.name, FAILED, cannot_write(error, plan.folder(scan.name)), log.seconds, can_change=True)


def fail(scan, plan, reason, log="", **facts):
    """Record that a scan has failed; where even that cannot be written, it is only returned."""
    recorded, recorded_log = (_unnamed(text, scan, plan) if plan.anonymous else text for text in (reason, log))
    with suppress(QSMError, OSError):
        write_failure(scan, plan, recorded, recorded_log, **facts)
    return Outcome(scan.name, FAILED, reason)


def _claimed(scan, plan, log):
    inputs = {}
    try:
        inputs = inputs_of(scan, plan, content=True)
        if _is_done(scan, plan, inputs):
            return Outcome(scan.name, UNCHANGED)
        record = map_and_write(scan, plan, log, inputs)
    except Exception as error:
        reason, can_change = _reason(error)
        log.add(reason)
        if can_change and not isinstance(error, MemoryError):
            log.add_error(error)
        fail(scan, plan, reason, log.text, inputs=inputs, seconds=log.seconds, memory_mb=peak_memory_mb())
        return Outcome(scan.name, FAILED, reason, log.seconds, peak_memory_mb() or 0.0, can_change)
    return Outcome(scan.name, DONE, "", record["seconds"], record["memory_mb"] or 0.0)


def _is_done(scan, plan, inputs):
    """Whether the scan has been done with inputs of the same content.

    Sizes and times of inputs that were only copied or touched are recorded anew.
    """
    record = record_of(plan.output, scan.name)
    if not is_complete(record, plan.output):
        return False
    is_same = record.get("stamp") == stamp_of(inputs, plan)
    if is_same and record.get("inputs") != inputs:
        with suppress(QSMError):
            write_inputs(plan, record, inputs)
    return is_same or plan.skip_done


def _unnamed(text, scan, plan):
    """Text without the names of the images, and without the place of the BIDS folder."""
    return without_names(text, scan.bids.files if scan.bids else {}).replace(str(plan.root), "BIDS_DIR")


def _reason(error):
    """A sentence for users, and whether another attempt may succeed."""
    if isinstance(error, QSMError):
        return str(error), False
    if isinstance(error, MemoryError):
        return NO_MEMORY, True
    if isinstance(error, OSError):
        return _of_files(error), error.errno not in NOT_THERE
    return f"Unexpected {type(error).__name__}: {error}. The log has the details; please report it.", True


def _of_files(error):
    """The sentence for an OSError."""
    if error.filename and error.errno == errno.ENOENT and Path(error.filename).is_symlink():
        return GONE.format(error.filename)
    if error.errno in NOT_THERE:
        return UNREADABLE.format(error.filename, error.strerror)
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror or error}. Check the file, the permissions and the free space."
