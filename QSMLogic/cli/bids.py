"""The command `bids`: the BIDS App, for cohorts."""

from pathlib import Path

from ..cohort.description import check_output, prepare_output, tidy
from ..cohort.engine.serial import SerialEngine
from ..cohort.engine.start import engine_of
from ..cohort.filters import Filters
from ..cohort.listing import scans_of
from ..cohort.one_scan import map_scan
from ..cohort.participant import run_participants, settle
from ..cohort.scan import Plan
from ..model.errors import QSMError
from .bids_group import run_group
from .bids_input import data_set
from .bids_progress import JsonConsole, progress_for
from .commands import read_settings, stage_cache
from .engine_options import engine_options
from .options import QUALITY

PARTICIPANT, GROUP = LEVELS = ("participant", "group")
SOME_FAILED = 1
NONE_CHOSEN = "None of the scans in {} is chosen. Check --session-label, --run-label and --bids-filter-file."


def bids_command(arguments, console):
    """Map all scans of a BIDS data set (participant), and join their values and pictures (group)."""
    root, output = Path(arguments.bids_dir).absolute(), Path(arguments.output_dir).absolute()
    check_output(root, output)
    console = JsonConsole(console.quiet) if arguments.json_lines else console
    status = 0
    if PARTICIPANT in arguments.level:
        status = _participants(arguments, console, root, output)
    if GROUP in arguments.level and not arguments.dry_run:
        run_group(arguments, console, root, output)
    return status


def _participants(arguments, console, root, output):
    if arguments.retries < 0:
        raise QSMError("--retries must be 0 or more.")
    root, unusable = data_set(arguments, root, console)
    plan, progress = _plan(arguments, root, output), progress_for(arguments, console)
    scans, filters = _listed(arguments, root, unusable, console)
    settled = settle(scans, plan, console.counted("scans compared with their records"))
    if arguments.dry_run:
        progress.planned(scans, settled)
        return SOME_FAILED if any(scan.problem for scan in scans) else 0
    todo = [scan for scan in scans if scan.name not in settled]
    wanted = engine_options(arguments, todo)
    prepare_output(root, output, arguments.anonymous)
    others = [] if filters.wanted else tidy(output, scans, filters.participants)
    with engine_of(wanted, map_scan) if todo else SerialEngine(map_scan) as engine:
        progress.start(scans, engine)
        options = {"retries": arguments.retries, "stop_on_first_crash": arguments.stop_on_first_crash}
        tally = run_participants(scans, plan, engine, settled, **options, report=progress.scan)
        status = SOME_FAILED if tally.failures else 0
        progress.end(tally, status, others)
    return status


def _listed(arguments, root, unusable, console):
    """The scans of the data set that the arguments choose, and the Filters by which they are chosen.

    unusable: CohortScans of what could not be made a part of the data set.
    """
    scans, show, filters = [], console.counted("scans found"), _filters(arguments, root)
    for scan in scans_of(root, filters, arguments.volumes):
        scans.append(scan)
        show(len(scans))
    scans += unusable
    if not scans:
        raise QSMError(NONE_CHOSEN.format(root))
    return scans, filters


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
        cache=None if arguments.dry_run else stage_cache(arguments),
        overwrite=arguments.overwrite,
        skip_done=arguments.skip_done,
    )
