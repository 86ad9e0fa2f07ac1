"""The options of the command `bids` for where the work is done."""

from pathlib import Path

from ..cohort.engine.need import largest_need
from ..cohort.engine.options import CLUSTERS, EngineOptions


def add_engine_options(parser):
    """The options for workers, on this machine or a cluster."""
    add = parser.add_argument_group(
        "where to work (several scans at a time need Dask: pip install .[cohort])"
    ).add_argument
    add("--nprocs", type=int, metavar="N", help="cores to use (default: all); with --cluster, those of each job (4)")
    add("--mem-mb", type=float, metavar="MB", help="memory for all scans at a time (default: what is available); with "
        "--cluster, that of each job (default: by the size of the images)")  # fmt: skip
    add("--work-dir", metavar="DIR", help="folder for temporary files, which jobs of a cluster must see, too")
    add("--workers", type=int, metavar="N", help="scans at a time (default: by cores and memory; with --cluster, 1)")
    add("--cluster", choices=CLUSTERS, help="let each worker be a job of this batch system")
    add("--queue", metavar="NAME", help="queue or partition of the jobs")
    add("--account", metavar="NAME", help="account or project of the jobs")
    add("--walltime", metavar="HH:MM:SS", help="time limit of each job, after which another one takes over (12:00:00)")
    add("--job-option", action="append", default=[], metavar="TEXT",
        help="a further line for the job script, such as --job-option=--qos=long; may be repeated")  # fmt: skip
    add("--interface", metavar="NAME", help="network interface by which jobs reach this program, such as ib0")
    add("--scheduler", metavar="ADDRESS", help="use the workers of this Dask scheduler, such as tcp://node1:8786")


def engine_options(arguments, scans):
    """The EngineOptions of the arguments for these scans."""
    return EngineOptions(
        scans=len(scans),
        need_bytes=largest_need(scans),
        nprocs=arguments.nprocs,
        mem_mb=arguments.mem_mb,
        workers=arguments.workers,
        cluster=arguments.cluster or "",
        queue=arguments.queue or "",
        account=arguments.account or "",
        walltime=arguments.walltime or "",
        directives=tuple(arguments.job_option),
        interface=arguments.interface or "",
        scheduler=arguments.scheduler or "",
        folder=Path(arguments.work_dir).absolute() if arguments.work_dir else None,
    )
