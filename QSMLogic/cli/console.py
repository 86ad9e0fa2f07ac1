"""The output of the command line: progress and errors on stderr, the names of written files on stdout."""

import sys


def print_any_character():
    """Let characters that the terminal's encoding lacks, in the name of a file, be printed as \\u043a."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class Console:
    """Progress is one line that is rewritten on a terminal, and one line per stage otherwise."""

    def __init__(self, quiet=False):
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self.shown, self.width = None, 0

    def progress(self, stage, fraction):
        """A progress callback for a run: `stage` is running and `fraction` of the run is done."""
        line = f"[{100 * fraction:3.0f} %] {stage}"
        news = line if self.terminal else stage
        if self.quiet or news == self.shown:
            return
        self.shown = news
        print(
            f"\r{line:<30}" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr, flush=True
        )

    def counted(self, what):
        """A progress callback for work of unknown length: it takes how much has been done."""

        def show(count):
            if self.terminal and not self.quiet:
                self.shown = what
                print(f"\r{count} {what:<30}", end="", file=sys.stderr, flush=True)

        return show

    def line(self, line, otherwise=""):
        """Show a line that the next one replaces on a terminal; elsewhere, print `otherwise` if there is anything."""
        if self.quiet or not (self.terminal or otherwise):
            return
        self.shown = line
        text = f"\r{line:<{self.width}}" if self.terminal else f"{otherwise}\n"
        self.width = max(self.width, len(line))
        print(text, end="", file=sys.stderr, flush=True)

    def wrote(self, paths):
        """Print the names of the files written."""
        self.end_line()
        if not self.quiet:
            print(*paths, sep="\n", flush=True)

    def note(self, sentence):
        """Print what the run has chosen, if anything."""
        if sentence and not self.quiet:
            self.error(sentence)

    def warn(self, warnings):
        """Print warnings about the result."""
        if not self.quiet:
            for warning in warnings:
                self.error(f"warning: {warning}")

    def error(self, message):
        """Print an error in one line."""
        self.end_line()
        print("QSMLogic:", " ".join(str(message).split()), file=sys.stderr, flush=True)

    def end_line(self):
        """End the line with the progress, before other output."""
        if self.terminal and self.shown:
            print(file=sys.stderr)
        self.shown = None
