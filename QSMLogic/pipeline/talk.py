"""What a job tells the process that asked for it, and what it is told while it works."""

import queue

from ..model.errors import Cancelled


class Talk:
    """The news of a job, and the commands to it.

    Parameters
    ----------
    tell : callable, optional
        Called with each of the news, a dict.
    kept : KeptResults, optional
        What earlier jobs have kept; each run gets it from `begin_kept`, as `cache`.

    Attributes
    ----------
    commands : queue.SimpleQueue
        The commands to the job, dicts, which another thread puts there by `hear`.
    is_ended : bool
        Whether the job was asked to end: its progress then raises Cancelled.
    """

    def __init__(self, tell=None, kept=None):
        self.tell, self.kept = tell, kept
        self.commands, self.is_ended, self._said = queue.SimpleQueue(), False, None

    def begin_kept(self):
        """What earlier jobs have kept, for a new run; None if nothing is."""
        return self.kept and self.kept.begin()

    def say(self, **news):
        """Tell news of any kind: names and plain values."""
        if self.tell:
            self.tell(news)

    def progress(self, stage, fraction):
        """Tell how far the job is, at most a hundred times a stage; raises Cancelled if the job was asked to end."""
        if self.is_ended:
            raise Cancelled
        news = (stage, round(fraction, 2))
        if news != self._said:
            self._said = news
            self.say(stage=stage, fraction=news[1])

    def hear(self, command):
        """Take a command to the job; {"end": true} asks it to end."""
        self.is_ended = self.is_ended or bool(command.get("end"))
        self.commands.put(command)
