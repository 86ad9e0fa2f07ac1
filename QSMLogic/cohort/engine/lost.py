"""A scan that took its process with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lost:
    """What an engine says of a scan whose process has ended. reason: one sentence for users."""

    reason: str
