"""Content of files, decompressed block by block, so that a file never gets more memory than its header declares."""

import bz2
import zlib

BLOCK = 1 << 18
GZIP = b"\x1f\x8b"
MOST_PER_BYTE = {"raw": 1, "gzip": 1040, "bzip2": 50_000, "text": 1, "hex": 1}  # what a stored byte can expand to


def inflated(file):
    """Yield what a zlib stream, or gzip streams one behind the other, hold; EOFError if the last one is cut short."""
    inflater, waiting = _inflater(), b""
    while True:
        block = inflater.decompress(waiting, BLOCK)
        if block:
            yield block
        waiting = inflater.unconsumed_tail
        if inflater.eof:
            waiting = inflater.unused_data or file.read(BLOCK)
            if not waiting.strip(b"\0"):
                return
            inflater = _inflater()
        elif not block and not waiting:
            waiting = file.read(BLOCK)
            if not waiting:
                raise EOFError


def unzipped(file):
    """Yield what bzip2 streams hold."""
    with bz2.BZ2File(file) as opened:
        yield from plain(opened)


def plain(file):
    """Yield the content of a file."""
    while block := file.read(BLOCK):
        yield block


def first_bytes(path, count):
    """(up to `count` bytes that a file begins with, decompressed if it is gzipped; whether it is)."""
    with path.open("rb") as file:
        is_compressed = file.read(2) == GZIP
        file.seek(0)
        if not is_compressed:
            return file.read(count), False
        content = b""
        for block in inflated(file):
            content += block
            if len(content) >= count:
                break
        return content[:count], True


def _inflater():
    either = zlib.MAX_WBITS | 32
    return zlib.decompressobj(either)
