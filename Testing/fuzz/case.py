"""One numbered input: the files in its folder, the command line, and what was damaged."""

import json
import random
from pathlib import Path

import numpy as np

from .scan import right_scan


class Case:
    """What the damages change; everything random in it comes from its number.

    Attributes
    ----------
    random, noise
        The generators of Python and numpy.
    seed, scan : int, Scan
        Of the right scan, and its arrays, from which the files are written.
    words : list of (str, list of str)
        The command line: the command with its words first, then each option with its values.
    damages : list of str
        What was done.
    first_words : list of str
        The command line of an undamaged command that goes before.
    spoilt : str or None
        The file of that command that is damaged thereafter.
    judged : bool
        Whether a map that comes without a warning has to be that of the right scan.
    """

    def __init__(self, number, folder):
        self.number, self.folder = number, Path(folder)
        self.random, self.noise = random.Random(number), np.random.default_rng(number)
        self.seed = self.random.randrange(6)
        self.scan = right_scan(self.seed)
        self.words, self.damages, self.judged = [], [], True
        self.first_words, self.spoilt = [], None

    def chance(self, share):
        return self.random.random() < share

    def once(self, share):
        """Like chance, and seldom if there is damage already: of many, only the first would be noticed."""
        return self.chance(share / 5 if self.damages else share)

    def damaged(self, what, judged=True):
        self.damages.append(what)
        self.judged = self.judged and judged

    def write(self, name, content):
        """Write bytes, text, or anything else as JSON; returns the path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return path

    def option(self, name, *values):
        self.words.append((name, [str(value) for value in values]))

    def values(self, name):
        """The values of an option; empty if it is not given."""
        return next((values for word, values in self.words if word == name), [])

    @property
    def arguments(self):
        return [word for name, values in self.words for word in (name, *values)]
