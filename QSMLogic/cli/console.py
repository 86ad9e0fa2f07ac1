"""What the command line shows: progress and complaints on stderr, the names of written files on stdout."""

import sys


class Console:
    """Progress is one line that is rewritten on a terminal, and a line for each stage elsewhere."""

    def __init__(self, quiet=False):
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self.shown = None

    def progress(self, stage, fraction):
        """To be passed to a run: `stage` is at work and `fraction` of the whole is done."""
        line = f"[{100 * fraction:3.0f} %] {stage}"
        news = line if self.terminal else stage
        if self.quiet or news == self.shown:
            return
        self.shown = news
        print(
            f"\r{line:<30}" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr, flush=True
        )

    def wrote(self, paths):
        """Name the files that are now there."""
        self._end_line()
        if not self.quiet:
            print(*paths, sep="\n", flush=True)

    def tell(self, sentence):
        """Say what the run found out, if anything."""
        if sentence and not self.quiet:
            self.complain(sentence)

    def warn(self, warnings):
        """Say what the result is to be doubted for."""
        if not self.quiet:
            for warning in warnings:
                self.complain(f"warning: {warning}")

    def complain(self, message):
        """Say in one line what went wrong."""
        self._end_line()
        print("QSMLogic:", " ".join(str(message).split()), file=sys.stderr, flush=True)

    def _end_line(self):
        if self.terminal and self.shown:
            print(file=sys.stderr)
        self.shown = None
