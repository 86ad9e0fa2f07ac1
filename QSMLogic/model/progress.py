"""Progress reports of a method: the fraction done, and its notes for run.json."""


class Progress:
    """Reports the fraction done, 0 to 1, if called with it; the call may raise Cancelled.

    Parameters
    ----------
    report : callable, optional
        Called with the fraction.

    Attributes
    ----------
    notes : dict
        What the method records with its result, plain values by name; `note` and `iteration` add to it.
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
        """Report iteration `done` of at most `limit`; its values (objective, change) are recorded as curves.

        converged: whether the stopping criterion is met; None if there is none.
        """
        curves = self.notes.setdefault(name, {"iterations": 0, "converged": None})
        curves["iterations"], curves["converged"] = done, None if converged is None else bool(converged)
        for key, value in values.items():
            curves.setdefault(key, []).append(float(f"{value:.6g}"))
        self(done / limit)
