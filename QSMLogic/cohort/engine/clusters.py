"""The Dask clusters: this machine, the jobs of a batch system, or a scheduler that runs already."""

import importlib.util
import multiprocessing
import os
import signal
import socket
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from ...model.errors import QSMError
from ...numerics.threads import cores, environment, threads
from ...pipeline.memory import computer_memory
from .dask_engine import DaskEngine
from .options import JOB_WALLTIME, share_of_job, share_of_machine
from .python import job_python, search_path, spawned_by_interpreter
from .quiet import quiet
from .temporary import temporary_folder

CONFIG = {
    "distributed.scheduler.allowed-failures": 0,  # who tries a scan again is the cohort's business
    "distributed.scheduler.worker-ttl": None,  # a long computation that holds Python's lock is no dead worker
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,  # a paused worker would never begin the scan that it has
    "distributed.worker.memory.terminate": 0.95,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.deploy.lost-worker-timeout": "60s",  # until then, its nanny has started another one
}
WORKER_VARIABLES = {
    **{f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}": "False" for name in ("TARGET", "SPILL", "PAUSE")},
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
    "DASK_LOGGING__DISTRIBUTED": "critical",
    # the C library keeps freed arrays as it does in other programs; as Dask has it, each array costs page faults
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**26),
}
CONNECT_S, PAGE_S = 30, 5
DASHBOARD_PORT = 8787
WORKER = "Dask Worker process"  # begins the names of processes
ACCOUNT = {"slurm": "account", "pbs": "account", "sge": "project", "lsf": "project"}
TITLES = {"slurm": "SLURM", "pbs": "PBS", "sge": "SGE", "lsf": "LSF"}
DASKS_WALLTIME = "00:30:00"  # the default of dask-jobqueue


@contextmanager
def dask_engine(options, work):
    """The DaskEngine of the options, which ends with the block, and with it all workers that it has started."""
    import dask

    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder(options.folder))
        stack.enter_context(quiet())
        config = CONFIG | {"temporary-directory": str(folder), "qsm.log-folder": str(folder)}
        stack.enter_context(dask.config.set(config))
        with _no_interrupts_for_children():
            start = _of_scheduler if options.scheduler else _of_jobs if options.cluster else _of_machine
            engine = start(options, work, folder, stack)
        stack.callback(engine.close)
        yield engine


def _of_machine(options, work, folder, stack):
    from distributed import Client, LocalCluster

    from .nanny import ReportingNanny

    share = share_of_machine(options, cores(), computer_memory()[0])
    count = min(share.threads, threads())
    stack.enter_context(_environment(environment(count) | WORKER_VARIABLES))
    stack.enter_context(spawned_by_interpreter())
    cluster = _started(
        LocalCluster,
        n_workers=share.workers,
        threads_per_worker=1,
        memory_limit=share.memory_bytes and int(share.memory_bytes),
        worker_class=ReportingNanny,
        preload=["QSMLogic.cohort.engine.worker_start"],
        local_directory=str(folder),
        silence_logs=None,
        host="127.0.0.1",
        scheduler_kwargs=_dashboard("127.0.0.1"),
        dashboard_address=None,
    )
    stack.callback(close_machine, cluster)
    client = stack.enter_context(_client(Client, cluster))
    name = f"{_counted(share.workers, 'worker')} with {_counted(count, 'thread')} each on this machine"
    return DaskEngine(client, work, share.workers, name, _status_page(client), partial(cluster.scale, share.workers))


def _of_jobs(options, work, folder, stack):
    import dask
    import dask_jobqueue
    from distributed import Client

    share, title = share_of_job(options), TITLES[options.cluster]
    given = dask.config.get(f"jobqueue.{options.cluster}")
    walltime = options.walltime or (JOB_WALLTIME if given["walltime"] in (None, DASKS_WALLTIME) else given["walltime"])
    variables = environment(share.threads) | WORKER_VARIABLES | {"PYTHONPATH": search_path()}
    prologue = [f'export {name}="{value}"' for name, value in variables.items()]
    logs = Path(folder) / "jobs"
    cluster = _started(
        getattr(dask_jobqueue, f"{title}Cluster"),
        queue=options.queue or None,
        walltime=walltime,
        cores=share.threads,
        memory=f"{share.memory_bytes:.0f}B",
        processes=1,
        worker_extra_args=[*given["worker-extra-args"], "--nthreads", "1"],
        job_script_prologue=[*given["job-script-prologue"], *prologue],
        job_extra_directives=[*given["job-extra-directives"], *options.directives],
        log_directory=str(logs),
        python=job_python(),
        job_name="qsm",
        silence_logs=None,
        scheduler_options=given["scheduler-options"] | _dashboard(""),
        **({ACCOUNT[options.cluster]: options.account} if options.account else {}),
        **({"interface": options.interface} if options.interface else {}),
    )
    stack.callback(_suppressed, cluster.close)
    _submitted(cluster, share.workers, title)
    client = stack.enter_context(_client(Client, cluster))
    name = f"{_counted(share.workers, 'job')} with {_counted(share.threads, 'thread')} each on {title}"
    renew = partial(cluster.scale, share.workers)
    return DaskEngine(client, work, share.workers, name, _status_page(client), renew, logs)


def _of_scheduler(options, work, folder, stack):
    from distributed import Client

    client = stack.enter_context(_client(Client, options.scheduler))
    there = len(client.nthreads())
    workers = options.workers or max(1, there)
    name = f"{_counted(there, 'worker')} of the Dask scheduler {options.scheduler}"
    return DaskEngine(client, work, min(workers, options.scans or workers), name, _status_page(client))


def _submitted(cluster, count, title):
    """Ask for the jobs; QSMError if the batch system refuses them."""
    try:
        cluster.sync(_scaled, cluster, count)
    except (RuntimeError, OSError, ValueError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        after = lines[lines.index("stderr:") + 1 :] if "stderr:" in lines else lines
        said = " ".join(after) or type(error).__name__
        raise QSMError(f"{title} does not take the jobs: {said}. See --queue, --walltime and --mem-mb.") from None


async def _scaled(cluster, count):
    from distributed.core import Status

    cluster.scale(count)  # begins to submit jobs, and says nothing if that fails
    try:
        await cluster._correct_state()
    except BaseException:
        for job in cluster.workers.values():
            if job.status == Status.created:
                job.status = Status.failed  # otherwise the cluster cannot be closed
        raise


def _started(make, **options):
    """The cluster; QSMError if it cannot be started."""
    try:
        return make(**options)
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        raise QSMError(f"The workers cannot be started: {error}. Use --nprocs 1 to map without them.") from None


def close_machine(cluster):
    """End the workers of this machine at once, whatever they are doing, and then the cluster."""
    import asyncio

    async def close():
        nannies = list(cluster.workers.values())
        await asyncio.gather(*(nanny.close(timeout=0.5) for nanny in nannies), return_exceptions=True)

    _suppressed(cluster.sync, close)
    _suppressed(cluster.close)
    for process in multiprocessing.active_children():  # those that were about to start
        if process.name.startswith(WORKER):
            process.kill()
            process.join(1)


def _suppressed(function, *arguments):
    """Call a function that ends something: what cannot be ended is not there any more."""
    with suppress(Exception):
        function(*arguments)


@contextmanager
def _client(make, to):
    try:
        client = make(to, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise QSMError(f"The Dask scheduler {to} does not answer: {error}. Start it, or omit --scheduler.") from None
    try:
        yield client
    finally:
        _suppressed(client.close, 2)


def _dashboard(host):
    """Options of a scheduler: its status page at the usual port, at another one if that is taken, or none."""
    shown = bool(importlib.util.find_spec("bokeh"))
    port = DASHBOARD_PORT if shown and _is_free(host, DASHBOARD_PORT) else 0
    return {"dashboard": shown, "dashboard_address": f"{host}:{port}"}


def _status_page(client):
    """The address of the scheduler's status page, "" if there is none: it needs bokeh, which Dask does without."""
    with suppress(OSError, ValueError), urlopen(client.dashboard_link, timeout=PAGE_S):
        return client.dashboard_link
    return ""


def _is_free(host, port):
    with socket.socket() as one, suppress(OSError):
        one.bind((host, port))
        return True
    return False


@contextmanager
def _environment(variables):
    """Let processes that start in the block have these variables; Dask's own go with it."""
    former = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


@contextmanager
def _no_interrupts_for_children():
    """Let threads and processes that start in the block ignore Ctrl-C, which then comes to the main thread alone."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _counted(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
