"""Map a scan of a cohort, measure it, and write all of it at once."""

from dataclasses import asdict
from functools import partial

from ..files.atomic import check_writable, write_text
from ..files.bids_derivatives import derivative_paths, derivative_placement, write_derivatives
from ..files.data_set import ROOT_FILES
from ..files.ownership import fingerprint, is_unchanged
from ..numerics.process import peak_memory_mb
from ..pipeline.chain import run
from ..pipeline.named_inputs import named, prepared, with_inputs
from ..regions.table_files import table_texts
from ..registry.provenance import checks_of, warnings
from .quality.montage import montage
from .quality.numbers import measured
from .quality.page import scan_page
from .record import as_json, new_record, record_of, stamp_of, written_files
from .regions import scan_regions
from .scan import DONE, LOG, MONTAGE, OWN_FILES, PAGE, RECORD, REGIONS


def map_and_write(scan, plan, log, inputs):
    """Map, measure and write a scan.

    Parameters
    ----------
    scan : CohortScan
    plan : Plan
    log : ScanLog
    inputs : dict
        Files that it is read from, with their content, as the record has them.

    Returns
    -------
    dict
        Its record.

    Raises
    ------
    QSMError, OSError, MemoryError
        If it fails. Nothing is written then.
    """
    folder, vouched = plan.folder(scan.name), partial(_vouched, plan, scan.name)
    outputs = [*derivative_paths(scan.bids, plan.output), *(folder / name for name in OWN_FILES)]
    check_writable(outputs, **derivative_placement(scan.bids, plan.output, plan.overwrite, vouched))
    acquisition, geometry, maps = _mapped(scan, plan, log)
    table, extra = scan_regions(acquisition, maps, geometry, plan.atlas, log.progress)
    log.add("quality")
    said = [*warnings(maps.provenance), *extra.warnings]
    for warning in said:
        log.add(f"warning: {warning}")
    record = _record_of(scan, plan, maps, inputs, log.seconds)
    record |= {"quality": measured(acquisition, maps, geometry), "warnings": said}
    picture = montage(acquisition, maps, geometry)
    page = scan_page(record, acquisition, maps, geometry, table)
    log.add("writing")
    record |= {"seconds": round(log.seconds, 2), "memory_mb": peak_memory_mb()}
    contents = {folder / MONTAGE: picture, folder / PAGE: page, folder / LOG: log.text}
    contents |= table_texts(table, folder / REGIONS)
    finish = partial(_finish, scan, plan, record, extra, contents)
    options = {"overwrite": plan.overwrite, "anonymous": plan.anonymous, "finish": finish, "vouched": vouched}
    write_derivatives(scan.bids, maps, geometry, plan.output, **options)
    return record


def _mapped(scan, plan, log):
    """Acquisition, Geometry and Maps of a scan."""
    log.add("reading images")
    acquisition, geometry = scan.bids.load(**plan.facts)
    acquisition = prepared(acquisition, scan.bids.files, plan.anonymous)
    names = {kind: named(paths, plan.anonymous) for kind, paths in scan.bids.files.items()}
    options = {"quality": plan.quality_map, "curve": plan.curve, "cache": plan.cache}
    maps = run(acquisition, None, plan.settings, log.progress, **options)
    if plan.cache and plan.cache.problem:
        log.add(f"warning: {plan.cache.problem}")
    return acquisition, geometry, with_inputs(maps, names, plan.anonymous)


def _record_of(scan, plan, maps, inputs, seconds):
    """The record of a scan that is done, without its files. seconds: that it has taken so far."""
    made = maps.provenance
    outputs = scan.bids.outputs(plan.output)
    return new_record(
        scan,
        plan,
        DONE,
        seconds=seconds,
        stamp=stamp_of(inputs, plan),
        inputs=inputs,
        maps={entry.name: outputs[entry.name].relative_to(plan.output).as_posix() for entry, _ in maps.items()},
        **{key: made[key] for key in ("scan", "settings", "software")},
        checks=[asdict(check) for check in checks_of(made)],
    )


def _finish(scan, plan, record, extra, contents, temporary):
    """Write what lies beside the maps, the record last. temporary: {path: temporary path} of all files."""
    record["atlas"] = extra.write(temporary, scan.bids, plan.output)
    for path, content in contents.items():
        place = temporary[path]
        place.write_bytes(content) if isinstance(content, bytes) else write_text(place, content)
    own = {path: place for path, place in temporary.items() if path.name not in ROOT_FILES}
    record["files"] = {path.relative_to(plan.output).as_posix(): fingerprint(place) for path, place in own.items()}
    write_text(temporary[plan.folder(scan.name) / RECORD], as_json(record))


def _vouched(plan, name):
    """The files of a scan that an earlier start has written and nobody has changed, and those in its own folder."""
    folder, listed = plan.folder(name), written_files(record_of(plan.output, name))
    ours = {plan.output / file for file, expected in listed.items() if is_unchanged(plan.output / file, expected)}
    return ours | {folder / file for file in OWN_FILES if (folder / file).is_file()}
