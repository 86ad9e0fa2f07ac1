"""The work on one scan of a cohort: decide whether it is done, map it, measure it, write all of it at once."""

from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from ..files.atomic import cannot_write, write_text
from ..files.bids_derivatives import derivative_paths, write_derivatives
from ..files.ownership import fingerprint, is_unchanged, read_record
from ..model.errors import QSMError
from ..numerics.process import forget_peak, peak_memory_mb
from ..pipeline.chain import run
from ..pipeline.named_inputs import named, prepared, with_inputs
from ..registry.provenance import checks_of, warnings
from .claim import claimed
from .log import ScanLog
from .record import (
    as_json,
    inputs_of,
    is_complete,
    new_record,
    plan_stamp,
    stamp_of,
    with_content,
    write_failure,
)
from .scan import DONE, ELSEWHERE, FAILED, LOG, OWN_FILES, RECORD, UNCHANGED, Outcome

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
        record = _map(scan, plan, log, inputs, planned)
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


def _map(scan, plan, log, inputs, planned):
    """Map, measure and write a scan. Returns its record."""
    log.add("reading images")
    acquisition, geometry = scan.bids.load(**plan.facts)
    files = {kind: list(images.values()) for kind, images in scan.bids.images.items()}
    acquisition = prepared(acquisition, files, plan.anonymous)
    names = {kind: named(paths, plan.anonymous) for kind, paths in files.items()}
    maps = run(acquisition, None, plan.settings, log.progress, quality=plan.quality_map, curve=plan.curve)
    maps = with_inputs(maps, names, plan.anonymous)
    for warning in warnings(maps.provenance):
        log.add(f"warning: {warning}")
    record = _record_of(scan, plan, maps, inputs, planned) | {"seconds": log.seconds, "memory_mb": peak_memory_mb()}
    log.add("writing")
    finish = partial(_finish, plan, scan.name, record, {LOG: log.text})
    options = {"overwrite": plan.overwrite, "anonymous": plan.anonymous}
    vouched = partial(_vouched, plan, scan.name)
    write_derivatives(scan.bids, maps, geometry, plan.output, **options, finish=finish, vouched=vouched)
    return record


def _record_of(scan, plan, maps, inputs, planned):
    """The record of a scan that is done, without its files."""
    made = maps.provenance
    outputs = scan.bids.outputs(plan.output)
    return new_record(
        scan,
        planned,
        DONE,
        stamp=stamp_of(inputs, planned),
        inputs=inputs,
        maps={entry.name: outputs[entry.name].relative_to(plan.output).as_posix() for entry, _ in maps.items()},
        **{key: made[key] for key in ("scan", "settings", "software")},
        checks=[asdict(check) for check in checks_of(made)],
        warnings=warnings(made),
    )


def _finish(plan, name, record, texts, temporary):
    """Write the folder of a scan beside its maps, the record last. temporary: {path: temporary path} of all files."""
    folder = plan.folder(name)
    for file, content in texts.items():
        path = temporary[folder / file]
        path.write_bytes(content) if isinstance(content, bytes) else write_text(path, content)
    shared = "dataset_description.json"  # of all scans
    written = {path: place for path, place in temporary.items() if path.name != shared}
    record["files"] = {path.relative_to(plan.output).as_posix(): fingerprint(place) for path, place in written.items()}
    write_text(temporary[folder / RECORD], as_json(record))


def _vouched(plan, name):
    """The files of a scan that an earlier start has written and nobody has changed, and those in its own folder."""
    folder = plan.folder(name)
    files = read_record(folder / RECORD).get("files")
    listed = files.items() if isinstance(files, dict) else ()
    ours = {plan.output / Path(file) for file, expected in listed if is_unchanged(plan.output / file, expected)}
    return ours | {folder / file for file in OWN_FILES if (folder / file).is_file()}


def outputs_of(scan, plan):
    """Every file that a scan may write beside its folder."""
    return derivative_paths(scan.bids, plan.output)
