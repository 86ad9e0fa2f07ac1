"""What the user says of the workers, and what each of them gets on one machine."""

from dataclasses import dataclass
from pathlib import Path

from ...model.errors import QSMError
from ...pipeline.memory import BASE_BYTES

MB = 1e6
NEAR = 1.3  # memory of a job over the estimate
CLUSTERS = ("slurm", "pbs", "sge", "lsf")
JOB_THREADS = 4
JOB_WALLTIME = "12:00:00"


@dataclass(frozen=True)
class EngineOptions:
    """How many scans are mapped at a time, and where.

    Parameters
    ----------
    scans : int, optional
        How many there are; no more workers are started. None: unknown.
    need_bytes : float
        Estimated memory of the largest scan; 0 if unknown.
    nprocs : int, optional
        Cores to use on one machine, or of each job of a cluster. None: all of the machine, or 4 a job.
    mem_mb : float, optional
        Memory in MB (1e6 bytes) for all workers of one machine, or of each job. None: what is available, or what the
        largest scan needs.
    workers : int, optional
        Scans at a time. None: by cores and memory; of a cluster, 1.
    cluster : str
        "slurm", "pbs", "sge" or "lsf": each worker is a job of its own. "": this machine.
    queue, account, walltime : str
        Of the jobs; "" for those of the cluster, and for 12 hours.
    directives : tuple of str
        Further lines for the job script, without the prefix, such as "--qos=long" for SLURM.
    interface : str
        Network interface between jobs and scheduler, such as "ib0"; "" for the default.
    scheduler : str
        Address of a Dask scheduler that runs already, such as tcp://node1:8786; its workers are used.
    folder : Path, optional
        Where temporary files go; jobs must see it. None: the temporary folder of the system.
    """

    scans: int | None = None
    need_bytes: float = 0.0
    nprocs: int | None = None
    mem_mb: float | None = None
    workers: int | None = None
    cluster: str = ""
    queue: str = ""
    account: str = ""
    walltime: str = ""
    directives: tuple[str, ...] = ()
    interface: str = ""
    scheduler: str = ""
    folder: Path | None = None

    def __post_init__(self):
        if self.cluster and self.cluster not in CLUSTERS:
            raise QSMError(f"There is no cluster {self.cluster!r}. Choose one of {', '.join(CLUSTERS)}.")
        if self.cluster and self.scheduler:
            raise QSMError("--cluster starts a Dask scheduler of its own, --scheduler uses a running one. Omit one.")
        jobs_only = {"queue": self.queue, "account": self.account, "walltime": self.walltime}
        for name, value in jobs_only.items():
            if value and not self.cluster:
                raise QSMError(f"--{name} is for the jobs of a cluster. Add --cluster, or omit --{name}.")
        for name in ("nprocs", "mem_mb", "workers"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise QSMError(f"--{name.replace('_', '-')} must be at least 1.")


@dataclass(frozen=True)
class Share:
    """The number of workers, and the threads and the bytes of memory (None: no limit) that each gets."""

    workers: int
    threads: int
    memory_bytes: float | None


def share_of_machine(options, cores, available_bytes):
    """The Share on one machine with so many cores and so much available memory, None if that is unknown."""
    cores = options.nprocs or cores
    memory = available_bytes if options.mem_mb is None else MB * options.mem_mb
    if options.mem_mb is not None and memory < 2 * BASE_BYTES:
        raise QSMError(f"--mem-mb {options.mem_mb:.0f} is too little: give at least {2 * BASE_BYTES / MB:.0f} MB.")
    workers = options.workers or _workers(options, cores, memory)
    workers = min(workers, options.scans or workers)
    return Share(workers, max(1, cores // workers), memory and max(memory / workers, 2 * BASE_BYTES))


def _workers(options, cores, memory):
    if memory is None:
        return cores
    return max(1, min(cores, int(memory // max(options.need_bytes, BASE_BYTES))))


def share_of_job(options):
    """The Share of the workers of a cluster, each in a job of its own."""
    memory = NEAR * max(options.need_bytes, 2 * BASE_BYTES) if options.mem_mb is None else MB * options.mem_mb
    workers = options.workers or 1
    return Share(min(workers, options.scans or workers), options.nprocs or JOB_THREADS, memory)
