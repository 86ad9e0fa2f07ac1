"""What is checked of a scan and of its map: a value, a limit, a verdict and a sentence with the remedy."""

from dataclasses import dataclass

OK, DOUBTFUL, REFUSED = "ok", "doubtful", "refused"
VERDICTS = (OK, DOUBTFUL, REFUSED)
PASSED, WARNING, FAILED = "\N{CHECK MARK}", "\N{WARNING SIGN}", "\N{BALLOT X}"


@dataclass(frozen=True)
class Check:
    """One check of a scan, of what is known about it, or of its map.

    Parameters
    ----------
    name : str
        Identifies the check, such as echo_linearity.
    value, limit : float, str or None
        What was found, and from where on it is not right; None if the check has no number.
    verdict : str
        OK; DOUBTFUL, which is a warning; REFUSED, which stops the run.
    sentence : str
        What was found and, unless it is right, the remedy.
    corrected : bool
        Whether the run has corrected what was found, which is then said although the verdict is OK.
    """

    name: str
    value: float | str | None
    limit: float | str | None
    verdict: str
    sentence: str
    corrected: bool = False

    @property
    def is_said(self):
        """Whether users should read the sentence without being asked."""
        return self.corrected or self.verdict != OK

    @property
    def title(self):
        """The name as users see it, such as Echo linearity."""
        return (self.name[:1].upper() + self.name[1:]).replace("_", " ")

    @property
    def mark(self):
        """One character for the verdict."""
        if self.verdict == REFUSED:
            return FAILED
        return WARNING if self.is_said else PASSED

    @property
    def value_text(self):
        return _text(self.value)

    @property
    def limit_text(self):
        return _text(self.limit)


def by_severity(checks):
    """The Checks in the order in which users should read them: refused, doubtful, corrected, and those that passed."""
    return sorted(checks, key=lambda check: (-VERDICTS.index(check.verdict), not check.corrected))


def as_text(checks):
    """The Checks as lines, by severity: mark, title, value and limit, and below the sentence."""
    return "\n".join(_lines(check) for check in by_severity(checks))


def _lines(check):
    numbers = f": {check.value_text} (limit {check.limit_text})" if check.value_text and check.limit_text else ""
    return f"{check.mark} {check.title}{numbers}\n    {check.sentence}"


def _text(value):
    """A number in three digits, a text as it is, "" for None."""
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.3g}"
