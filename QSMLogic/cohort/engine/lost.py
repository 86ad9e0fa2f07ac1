"""A scan that took its process with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lost:
    """What an engine says of a scan whose process has ended, or whose work has met a bug.

    reason: one sentence for users.
    """

    reason: str


def unexpected(error):
    """The sentence for an exception that no work on a scan is to raise."""
    return f"Unexpected {type(error).__name__}: {error}. Please report it."
