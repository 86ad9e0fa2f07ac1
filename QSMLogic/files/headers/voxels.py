"""The voxels that a header declares: all of them, and nothing else."""

import zlib

import numpy as np

from ...model.errors import QSMError
from .header import damaged
from .streams import MOST_PER_BYTE, inflated, plain, unzipped

CHANGED = "its compressed voxels are cut short or changed"
MOST_PER_VALUE = 64  # bytes of a value that is written as text
MOST_PADDING = 4095  # bytes that may follow the voxels, as some programs fill up their last block


def read_voxels(header):
    """The stored values of an image, an array with the sizes of the header from last to first.

    Raises QSMError if the file holds fewer or more values than its header declares, or is damaged.
    """
    try:
        available = header.data.stat().st_size - header.start
        _check_available(header, available)
        values = _raw(header, available) if header.encoding == "raw" else _decoded(header)
        return values.reshape(header.sizes[::-1])
    except (EOFError, zlib.error):
        raise damaged(header.data, CHANGED) from None
    except (MemoryError, OverflowError):
        raise QSMError(
            f"{header.path} declares {header.length / 2**30:.3g} GiB of voxels, more than there is memory. Check its "
            "size, or use a computer with more memory."
        ) from None
    except OSError as error:
        if error.errno is None:  # so says bz2
            raise damaged(header.data, CHANGED) from None
        raise QSMError(f"Cannot read {header.data}: {error.strerror}.") from None


def _check_available(header, available):
    """QSMError if the file cannot hold what the header declares, before any memory is taken for it."""
    least = {"text": 2 * header.count - 1, "hex": 2 * header.length}.get(header.encoding, header.length + header.skip)
    if header.stored is not None and header.stored != available:
        raise damaged(header.path, f"{available} bytes of compressed voxels follow instead of {header.stored}")
    if least > available * MOST_PER_BYTE[header.encoding]:
        raise _too_short(header)
    if header.encoding in ("text", "hex") and available > MOST_PER_VALUE * header.count + MOST_PADDING:
        raise _too_long(header)


def _raw(header, available):
    if available - header.skip > _longest(header):
        raise _too_long(header)
    return np.fromfile(header.data, header.dtype, header.count, offset=header.start + header.skip)


def _decoded(header):
    with header.data.open("rb") as file:
        file.seek(header.start)
        if header.encoding in ("text", "hex"):
            return _from_text(header, b"".join(plain(file)))
        return _filled(header, {"gzip": inflated, "bzip2": unzipped}[header.encoding](file))


def _filled(header, blocks):
    """The values that `blocks` hold after those to skip."""
    content = np.empty(header.length, np.uint8)
    at = -header.skip
    for block in blocks:
        part = np.frombuffer(block, np.uint8)[max(-at, 0) : max(header.length - at, 0)]
        content[max(at, 0) : max(at, 0) + len(part)] = part
        at += len(block)
        if at > _longest(header):
            raise _too_long(header)
    if at < header.length:
        raise _too_short(header)
    return content.view(header.dtype)


def _from_text(header, text):
    try:
        if header.encoding == "hex":
            values = np.frombuffer(bytearray.fromhex(text.decode("ascii")), header.dtype)
        else:
            values = np.array(text.split(), np.float64).astype(header.dtype)
    except ValueError:
        raise damaged(header.data, "it has other text where its voxels should be") from None
    if len(values) != header.count:
        raise (_too_short if len(values) < header.count else _too_long)(header)
    return values


def _longest(header):
    """Bytes of voxels and padding, which is less than a slice."""
    a_slice = header.size[0] * header.size[1] * header.dtype.itemsize
    return header.length + min(MOST_PADDING, a_slice - 1)


def _too_short(header):
    return damaged(header.data, f"it holds less than the {_text(header)} that its header declares")


def _too_long(header):
    return damaged(header.data, f"it holds more than the {_text(header)} that its header declares")


def _text(header):
    return f"{' x '.join(map(str, header.sizes))} values of {8 * header.dtype.itemsize} bits"
