"""What the files of a vendor say in their own way."""

from collections.abc import Callable
from dataclasses import dataclass

from ..values import standard_values


def nothing(header):
    """What the files of most vendors say beyond the standard."""
    return None


@dataclass(frozen=True)
class Vendor:
    """How to read what is specific of a vendor's files; each function takes a FrameHeader.

    Parameters
    ----------
    name : str
    words : tuple of str
        One of them is in the manufacturer, in capitals.
    kind : callable
        The kind of an image, or None if the standard attributes say it.
    processing : callable
        Words for how an image was processed beyond those in its ImageType, or None.
    coil : callable
        The name of the receive coil or of its single element, or None.
    echo_times_s : callable
        The times of all echoes of the protocol, or None.
    values : callable
        The Values of an image; it takes the kind, too.
    """

    name: str
    words: tuple
    kind: Callable = nothing
    processing: Callable = nothing
    coil: Callable = nothing
    echo_times_s: Callable = nothing
    values: Callable = standard_values
