"""The work on one scan of a cohort: decide whether it is done, map it, measure it, write all of it at once."""

from contextlib import suppress

from ..files.atomic import cannot_write
from ..files.ownership import read_record
from ..model.errors import QSMError
from ..numerics.process import forget_peak, peak_memory_mb
from .claim import claimed
from .log import ScanLog
from .mapping import map_and_write
from .record import inputs_of, is_complete, plan_stamp, stamp_of, with_content, write_failure
from .scan import DONE, ELSEWHERE, FAILED, RECORD, UNCHANGED, Outcome

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
    with suppress(QSMError, OSError):
        write_failure(plan, scan, plan_stamp(plan), reason, log, **facts)
    return Outcome(scan.name, FAILED, reason)


def _claimed(scan, plan, log):
    inputs, planned = {}, plan_stamp(plan)
    try:
        inputs = with_content(inputs_of(scan), plan.root)
        if _is_done(scan, plan, inputs, planned):
            return Outcome(scan.name, UNCHANGED)
        record = map_and_write(scan, plan, log, inputs, planned)
    except Exception as error:
        reason, can_change = _reason(error, scan)
        log.add(reason)
        if can_change and not isinstance(error, MemoryError):
            log.add_error(error)
        fail(scan, plan, reason, log.text, inputs=inputs, seconds=log.seconds, memory_mb=peak_memory_mb())
        return Outcome(scan.name, FAILED, reason, log.seconds, peak_memory_mb() or 0.0, can_change)
    return Outcome(scan.name, DONE, "", record["seconds"], record["memory_mb"] or 0.0)


def _is_done(scan, plan, inputs, planned):
    """Whether the scan has been done with inputs of the same content; files that were only copied or touched count."""
    record = read_record(plan.folder(scan.name) / RECORD)
    return record.get("stamp") == stamp_of(inputs, planned) and is_complete(record, plan.output)


def _reason(error, scan):
    """A sentence for users, and whether another attempt may succeed."""
    if isinstance(error, QSMError):
        return str(error), False
    if isinstance(error, MemoryError):
        return NO_MEMORY, True
    if isinstance(error, OSError):
        where = error.filename or scan.name
        return f"{where}: {error.strerror or error}. Check the file, the permissions and the free space.", True
    return f"Unexpected {type(error).__name__}: {error}. The log has the details; please report it.", True
