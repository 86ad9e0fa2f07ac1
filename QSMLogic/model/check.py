"""What is checked of a scan and of its map: a value, a limit, a verdict and a sentence with the remedy."""

from dataclasses import dataclass

OK, DOUBTFUL, REFUSED = "ok", "doubtful", "refused"
VERDICTS = (OK, DOUBTFUL, REFUSED)


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
