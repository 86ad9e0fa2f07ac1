"""The command `bids`: the BIDS App, for cohorts."""

from pathlib import Path

from ..cohort.description import prepare_output
from ..cohort.engine.start import engine_of
from ..cohort.filters import Filters
from ..cohort.listing import scans_of
from ..cohort.one_scan import map_scan
from ..cohort.participant import is_done, run_participants
from ..cohort.record import listed_once, plan_stamp
from ..cohort.scan import Plan
from ..model.errors import QSMError
from .bids_group import run_group
from .bids_input import data_set
from .bids_progress import progress_for
from .commands import read_settings, stage_cache
from .engine_options import engine_options
from .options import QUALITY

PARTICIPANT, GROUP = LEVELS = ("participant", "group")
SOME_FAILED = 1


def bids_command(arguments, console):
    """Map all scans of a BIDS data set (participant), and join their values and pictures (group)."""
    root, output = Path(arguments.bids_dir).absolute(), Path(arguments.output_dir).absolute()
    if output.resolve() == root.resolve():
        raise QSMError("The output folder must not be the BIDS folder itself. Choose derivatives/QSM in it, say.")
    status = 0
    if PARTICIPANT in arguments.level:
        status = _participants(arguments, console, root, output)
    if GROUP in arguments.level and not arguments.dry_run:
        run_group(arguments, console, root, output)
    return status


def _participants(arguments, console, root, output):
    root, unusable = data_set(arguments, root, console)
    plan = _plan(arguments, root, output)
    scans = [*scans_of(root, _filters(arguments, root), arguments.volumes), *unusable]
    if arguments.dry_run:
        return _dry_run(scans, plan, console)
    prepare_output(root, output, arguments.anonymous)
    with engine_of(engine_options(arguments, scans), map_scan) as engine:
        progress = progress_for(arguments, console)
        progress.start(scans, engine)
        options = {"retries": arguments.retries, "stop_on_first_crash": arguments.stop_on_first_crash}
        tally = run_participants(scans, plan, engine, **options, report=progress.scan)
        status = SOME_FAILED if tally.failures else 0
        progress.end(tally, status)
    return status


def _filters(arguments, root):
    labels = arguments.participant_label, arguments.session_label, arguments.run_label
    return Filters.from_options(root, *labels, arguments.bids_filter_file)


def _plan(arguments, root, output):
    facts = {"field_strength_t": arguments.field_strength, "b0_direction_ijk": arguments.b0_direction}
    return Plan(
        root,
        output,
        read_settings(arguments),
        quality_map=QUALITY in arguments.maps,
        curve=arguments.curve,
        anonymous=arguments.anonymous,
        atlas=Path(arguments.atlas).absolute() if arguments.atlas else None,
        facts={name: value for name, value in facts.items() if value is not None},
        cache=stage_cache(arguments),
        overwrite=arguments.overwrite,
        skip_done=arguments.skip_done,
    )


def _dry_run(scans, plan, console):
    """Print what a start would do with each scan."""
    planned, listed = plan_stamp(plan), listed_once(plan.root)
    for scan in scans:
        if scan.problem:
            state = f"cannot be used: {scan.problem}"
        else:
            state = "is done" if is_done(scan, plan, planned, listed) else "is to be mapped"
        console.wrote([f"{scan.name}: {state}"])
    return SOME_FAILED if any(scan.problem for scan in scans) else 0
