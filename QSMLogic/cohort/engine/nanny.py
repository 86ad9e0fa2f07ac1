"""A worker's nanny that reports how the worker has ended."""

from distributed import Nanny

from .reasons import ENDED


class ReportingNanny(Nanny):
    """Keeps a worker process, and starts another one if it ends. Its exit status goes to the engine."""

    def _on_worker_exit_sync(self, exitcode):
        if self.status.name == "running":
            self.log_event(ENDED, {"worker": self.worker_address, "exitcode": exitcode})
        super()._on_worker_exit_sync(exitcode)
