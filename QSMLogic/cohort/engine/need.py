"""The memory that the scans of a cohort need."""

import heapq
from contextlib import suppress

from ...files.headers import read_header
from ...model.errors import QSMError
from ...pipeline.memory import needed_bytes

LOOKED_AT = 20  # of the scans whose files are largest


def largest_need(scans):
    """About the peak memory in bytes of the scan that needs most, from the headers of images; 0.0 if none is readable.

    scans: list of CohortScan.
    """
    largest = heapq.nlargest(LOOKED_AT, (scan for scan in scans if scan.bids), key=_bytes_on_disk)
    return max(map(_need, largest), default=0.0)


def _bytes_on_disk(scan):
    total = 0
    for path in _images(scan):
        with suppress(OSError):
            total += path.stat().st_size
    return total


def _need(scan):
    images = _images(scan)
    with suppress(OSError, QSMError):
        header = read_header(images[0])
        return needed_bytes(header.size, max(len(images), header.volumes))
    return 0.0


def _images(scan):
    """The images of one kind, such as the magnitude."""
    return list(next(iter(scan.bids.images.values()), {}).values())
