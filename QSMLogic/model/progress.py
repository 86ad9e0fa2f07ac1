"""What a method tells while it works: how far it is, and what it found, for run.json."""


class Progress:
    """Call it with the fraction done, 0 to 1; it may raise Cancelled.

    report: takes the fraction, or None for nobody. notes: what the method wants to be kept with its result, plain
    values by name; `note` and `iteration` add to it.
    """

    def __init__(self, report=None):
        self.report, self.notes = report, {}

    def __call__(self, fraction):
        if self.report:
            self.report(fraction)

    def note(self, **values):
        """Keep plain values (numbers, texts, lists, dictionaries) with the result."""
        self.notes.update(values)

    def part(self, start, end):
        """A Progress for the work between the fractions `start` and `end`; its notes are these notes."""
        part = Progress(lambda fraction: self(start + (end - start) * fraction))
        part.notes = self.notes
        return part

    def iteration(self, done, limit, *, converged=None, name="convergence", **values):
        """Tell of an iteration: the `done`th of at most `limit`; keeps its values (objective, change) as curves.

        converged: whether the method's criterion to stop is met; None where it has none.
        """
        curves = self.notes.setdefault(name, {"iterations": 0, "converged": None})
        curves["iterations"], curves["converged"] = done, None if converged is None else bool(converged)
        for key, value in values.items():
            curves.setdefault(key, []).append(float(f"{value:.6g}"))
        self(done / limit)
