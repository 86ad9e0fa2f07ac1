"""Siemens: processing of XA images in a private ImageType, echo times of the protocol in its text (ASCCONV).

Phase is 12 bits for 2 pi, with or without rescaling to -4096 to 4094. Its sign for positive susceptibility is
positive: the sign evidence of an XA30 head is 0.07, that of two E11 phantoms 0.08.
"""

import re

from .vendor import Vendor

TYPE_CREATOR, TYPE_GROUP, TYPE_ELEMENT = "SIEMENS MR SDI 02", 0x0021, 0x75
COILS = (("SIEMENS MR HEADER", 0x0051, 0x0F), ("SIEMENS MR SDI 02", 0x0021, 0x4F))
PROTOCOLS = (("SIEMENS CSA HEADER", 0x0029, 0x20), ("SIEMENS MR SDS 01", 0x0021, 0x19))
CONTRASTS, TIME = re.compile(rb"^lContrasts\s*=\s*(\d+)", re.M), re.compile(rb"^alTE\[(\d+)\]\s*=\s*(\d+)", re.M)


def _processing(header):
    words = header.private(TYPE_CREATOR, TYPE_GROUP, TYPE_ELEMENT)
    return None if words is None or isinstance(words, str | bytes) else words[3:]


def _coil(header):
    return next((name for place in COILS if isinstance(name := header.private(*place), str)), None)


def _echo_times_s(header):
    """The times alTE of the protocol (in microseconds), as many as it has contrasts."""
    for creator, group, element in PROTOCOLS:
        text = header.private(creator, group, element)
        if isinstance(text, bytes) and (count := CONTRASTS.search(text)):
            times = {int(number): int(time) * 1e-6 for number, time in TIME.findall(text)}
            return [times[n] for n in range(int(count[1])) if n in times]
    return None


SIEMENS = Vendor("Siemens", ("SIEMENS",), processing=_processing, coil=_coil, echo_times_s=_echo_times_s)
