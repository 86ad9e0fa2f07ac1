"""The exceptions that a user sees."""


class QSMError(Exception):
    """Raised for input that cannot be used; the message names the cause and the remedy, and is shown as it is.

    Examples
    --------
    >>> from QSMLogic import QSMError, Settings
    >>> try:
    ...     Settings({"unwrap": {"method": "skull"}})
    ... except QSMError as error:
    ...     print(error)
    unwrap has no method 'skull'. Its methods are laplacian, romeo.
    """

    is_final = True  # no other device would do better


class RefusedScan(QSMError):
    """Raised for a scan or a map that does not pass a check; `checks` are those that it does not, or hardly, pass."""

    def __init__(self, checks):
        super().__init__(" ".join(check.sentence for check in checks))
        self.checks = checks


class Cancelled(Exception):
    """Raised from a progress callback to stop a run; nothing is written."""

    is_final = True
