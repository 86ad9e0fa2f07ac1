"""Siemens: processing of XA images in a private ImageType, echo times of the protocol in its text (ASCCONV).

Phase is 12 bits for 2 pi, with or without rescaling to -4096 to 4094. Its sign for positive susceptibility is
positive: the sign evidence of an XA30 head is 0.07, that of two E11 phantoms 0.08.
"""

from contextlib import suppress

from .vendor import Vendor

TYPE_CREATOR, TYPE_GROUP, TYPE_ELEMENT = "SIEMENS MR SDI 02", 0x0021, 0x75
COILS = (("SIEMENS MR HEADER", 0x0051, 0x0F), ("SIEMENS MR SDI 02", 0x0021, 0x4F))
PROTOCOLS = (("SIEMENS CSA HEADER", 0x0029, 0x20), ("SIEMENS MR SDS 01", 0x0021, 0x19))
BEGIN, END = b"### ASCCONV BEGIN", b"### ASCCONV END"
US = 1e-6  # in seconds


def protocol_of(header):
    """{name: value} of the protocol text; {} if there is none."""
    for place in PROTOCOLS:
        content = header.private(*place)
        if isinstance(content, bytes) and (start := content.find(BEGIN)) >= 0:
            lines = content[start : content.find(END, start)].decode("latin-1").splitlines()
            pairs = [line.split("=", 1) for line in lines[1:] if "=" in line]
            return {name.strip(): _value(text) for name, text in pairs}
    return {}


def coil_of(header):
    """The name of the receive coil's elements, or of one of them; None if it is not said."""
    return next((name for place in COILS if isinstance(name := header.private(*place), str)), None)


def _processing(header):
    words = header.private(TYPE_CREATOR, TYPE_GROUP, TYPE_ELEMENT)
    return None if words is None or isinstance(words, str | bytes) else words[3:]


def _echo_times_s(header):
    """The times alTE of the protocol (in microseconds), as many as it has contrasts."""
    protocol = protocol_of(header)
    count = protocol.get("lContrasts")
    times = [protocol.get(f"alTE[{n}]") for n in range(count if isinstance(count, int) else 0)]
    return [time * US for time in times if isinstance(time, int)] or None


def _value(text):
    """A number of the protocol, or a text."""
    text = text.strip().strip('"')
    for convert in (int, lambda digits: int(digits, 16), float):
        with suppress(ValueError):
            return convert(text)
    return text


SIEMENS = Vendor("Siemens", ("SIEMENS",), processing=_processing, coil=coil_of, echo_times_s=_echo_times_s)
