"""A SLURM of two nodes on this computer, on loopback and in a temporary folder, for as long as it is needed.

    python Testing/cluster/slurm.py squeue          # runs a command that finds it

Debian has all of it: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge. Neither root nor
other settings are needed; each node has the computer's cores.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
NODES = ("one", "two")
SBIN = "/usr/sbin"
PATIENCE_S = 60
CONFIGURATION = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=5
ReturnToService=2
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=4000
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=4000
PartitionName=main Nodes=one,two Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """The programs of SLURM that are not installed."""
    return [name for name in PROGRAMS if not _found(name)]


@dataclass(frozen=True)
class Slurm:
    """A running SLURM. environment: with it, its commands and what they start find it."""

    folder: Path
    environment: dict
    daemons: dict

    def asked(self, *command):
        """What a command of SLURM prints."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def jobs(self):
        """The numbers of the jobs that wait or run."""
        return self.asked("squeue", "-h", "-o", "%i").split()

    def kill_node(self, name):
        """End a node with all that runs on it, as a power cut does."""
        self.daemons[name].kill()
        marks = {f"SLURM_CONF={self.environment['SLURM_CONF']}".encode(), f"SLURMD_NODENAME={name}".encode()}
        for process in _processes(marks):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def running_slurm():
    """Start the SLURM; when the block ends, so does everything in it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True)))
        environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
        slurm = Slurm(folder, environment, {})
        _write_configuration(folder)
        stack.callback(_stop, slurm)
        munge = {"key-file": "key", "socket": "munge.socket", "pid-file": "munged.pid", "seed-file": "munge.seed"}
        options = [f"--{option}={folder / file}" for option, file in (munge | {"log-file": "munged.log"}).items()]
        slurm.daemons["munged"] = _started(slurm, "munged", "--foreground", "--force", *options)
        _wait(lambda: (folder / "munge.socket").exists(), "munged", folder)
        slurm.daemons["slurmctld"] = _started(slurm, "slurmctld", "-D")
        for node in NODES:
            slurm.daemons[node] = _started(slurm, "slurmd", "-D", "-N", node)
        _wait(lambda: slurm.asked("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == "2", "SLURM", folder)
        yield slurm


def _write_configuration(folder):
    (folder / "state").mkdir()
    for node in NODES:
        (folder / node).mkdir()
    (folder / "key").write_bytes(os.urandom(1024))
    (folder / "key").chmod(0o600)
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in sockets]
    facts = {"host": socket.gethostname().split(".")[0], "user": getpass.getuser(), "folder": folder, "ports": ports}
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**facts))


def _started(slurm, program, *arguments):
    with open(slurm.folder / f"{program}.out", "a") as output:
        command = [_found(program), *arguments]
        return subprocess.Popen(command, env=slurm.environment, stdout=output, stderr=output, start_new_session=True)


def _stop(slurm):
    with suppress(subprocess.CalledProcessError, OSError):
        for job in slurm.jobs():
            slurm.asked("scancel", job)
    for daemon in reversed(slurm.daemons.values()):
        daemon.terminate()
    for daemon in slurm.daemons.values():
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for process in _processes({f"SLURM_CONF={slurm.environment['SLURM_CONF']}".encode()}) - {os.getpid()}:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _processes(marks):
    """The processes whose environment has all these variables, as "name=value"."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if marks <= set((folder / "environ").read_bytes().split(b"\0")):
                found.add(int(folder.name))
    return found


def _wait(condition, what, folder):
    end = time.monotonic() + PATIENCE_S
    while True:
        with suppress(subprocess.CalledProcessError):
            if condition():
                return
        if time.monotonic() > end:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.[lo][ou][gt]"))
            raise RuntimeError(f"{what} does not start.\n{logs}")
        time.sleep(0.2)


def _found(program):
    return shutil.which(program) or shutil.which(program, path=SBIN)


def main(command):
    if lacking := missing():
        raise SystemExit(f"SLURM is not installed: {', '.join(lacking)} is missing. See the top of this file.")
    with running_slurm() as slurm:
        return subprocess.run(command or ["sinfo"], env=slurm.environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
