"""The errors that a user sees."""


class QSMError(Exception):
    """Bad input. The message names the cause and the remedy and is shown to the user as it is."""


class Cancelled(Exception):
    """Raised from a progress callback to stop a run; nothing is written."""
