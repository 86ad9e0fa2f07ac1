"""The process that runs jobs (QSMLogic.pipeline.service); it may stay between them, warm for the next one."""

from pathlib import Path

import qt

import QSMLogic

from .child import Child

# no quotes, no backslashes: the line passes through Slicer's launcher on every platform
CODE = "import sys; sys.path.insert(0, sys.argv[1]); from QSMLogic.pipeline.service import serve; serve()"
IDLE_MS = 300_000  # before a warm process ends and gives its memory back
GRACE_MS = 1000  # for a job that is asked to end
TRIES = 2  # of passing a job, as a warm process may have died unnoticed


class Service:
    """Passes jobs to one process, which is started when there is none. Several parts of the panel may share it.

    idle_ms: how long the process stays without a job; 0: it ends with its last job, and at once if one is to end.

    The owner of a job has hear(news), log(line), lost() for the end of the process before that of the job, and
    not_started(reason).
    """

    def __init__(self, idle_ms=0):
        self.idle_ms, self._child, self._jobs, self._last = idle_ms, None, {}, None
        self._idle, self._grace = _timer(self.stop), _timer(self._end_by_force)

    @property
    def pid(self):
        """The number of the process, once it is known; None if there is none."""
        return self._child.pid if self._child else None

    def begin(self, folder, owner):
        """Pass the job in a folder to the process, which does it after those that it has."""
        self._idle.stop()
        self._jobs[str(folder)] = _Job(owner)
        self._pass(str(folder))

    def send(self, folder, command):
        """Send a command to the job in a folder."""
        if self._child and str(folder) in self._jobs:
            self._child.send(command | {"to": str(folder)})

    def end(self, folder, then):
        """End a job of which the owner wants to hear no more; then() is called when its folder is free."""
        job = self._jobs.get(str(folder))
        if job is None:
            then()
            return
        job.owner, job.then = None, then
        if self.idle_ms:
            self.send(folder, {"end": True})
            self._grace.start(GRACE_MS)
        else:
            self.stop()

    def stop(self):
        """End the process at once, with every process that belongs to it; its jobs are lost."""
        self._idle.stop()
        self._grace.stop()
        jobs, self._jobs, self._last = self._jobs, {}, None
        self._end_child()
        for job in jobs.values():
            job.lose()

    def close(self):
        """The panel goes."""
        self.stop()
        for timer, slot in ((self._idle, self.stop), (self._grace, self._end_by_force)):
            timer.disconnect("timeout()", slot)

    def _pass(self, folder):
        child = self._child
        if child is None:
            child = self._child = Child(self._hear, self._log, self._ended, self._not_started)
            child.start(["-c", CODE, Path(QSMLogic.__file__).parents[1]])
        if folder in self._jobs:  # the process could be started
            self._jobs[folder].tries += 1
            child.send({"job": folder})

    def _hear(self, news):
        job = self._jobs.get(news.get("job"))
        if job is None:
            return
        job.has_begun, self._last = True, job.owner
        is_over = "done" in news or ("error" in news and "update" not in news)
        if is_over:
            del self._jobs[news["job"]]
            self._rest()
        if job.owner:
            job.owner.hear(news)
        elif is_over:
            job.then()

    def _rest(self):
        """After the last job."""
        if not self._jobs and self.idle_ms:
            self._idle.start(self.idle_ms)
        elif not self._jobs:
            self._end_child()

    def _log(self, line):
        if self._last:
            self._last.log(line)

    def _ended(self, status):
        """Jobs that it has not begun go to another process: a warm one may have died before."""
        self._child = None
        jobs, self._jobs = self._jobs, {}
        again = {folder: job for folder, job in jobs.items() if job.can_be_passed_again}
        self._jobs |= again
        for folder in again:
            self._pass(folder)
        for folder in jobs.keys() - again.keys():
            jobs[folder].lose()

    def _not_started(self, reason):
        self._child = None
        jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            job.lose(reason)

    def _end_by_force(self):
        """End the process if the job at work, the first, is not wanted any more; one that waits goes on waiting."""
        unwanted = [job.owner is None for job in self._jobs.values()]
        if unwanted[:1] == [True]:
            self._end_child()
            self._ended(None)
        elif any(unwanted):
            self._grace.start(GRACE_MS)

    def _end_child(self):
        child, self._child = self._child, None
        if child:
            child.end()


class _Job:
    """owner: None if nobody wants to hear of the job; then() is called at its end."""

    def __init__(self, owner):
        self.owner, self.then, self.has_begun, self.tries = owner, None, False, 0

    @property
    def can_be_passed_again(self):
        return self.owner and not self.has_begun and self.tries < TRIES

    def lose(self, reason=None):
        """The process has ended, or could not be started, for a reason."""
        if self.owner is None:
            self.then()
        elif reason is None:
            self.owner.lost()
        else:
            self.owner.not_started(reason)


def _timer(slot):
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.connect("timeout()", slot)
    return timer
