"""What a DICOM file says of one of its frames."""

from functools import cache

from .libraries import pydicom

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
TIME_DIGITS = 6  # of ms


class FrameHeader:
    """The attributes of one frame, looked up where the frame itself, all frames, and the file have them, in this order.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The header of a file.
    number : int, optional
        The frame of an enhanced image, from 0 on; None for a classic image.
    """

    def __init__(self, dataset, number=None):
        self.dataset, self.number = dataset, number
        groups = [dataset[name].value for name in (SHARED, PER_FRAME) if name in dataset]
        chosen = [group[min(place, len(group) - 1)] for group, place in zip(groups, (0, number or 0), strict=False)]
        parts = [part for group in reversed(chosen) for part in _macros(group)] + [dataset]
        self._parts = [(part, part.keys()) for part in parts]

    def get(self, keyword, default=None):
        """The value of an attribute, by its keyword; `default` if it is missing or empty."""
        return self._value(_tag(keyword), default)

    def private(self, creator, group, element, default=None):
        """The value of a private attribute: creator "Philips MR Imaging DD 001", group 0x2005, element 0x70."""
        for part, tags in self._parts:
            blocks = [tag for tag in tags if tag >> 8 == group << 8 and part[tag].value == creator]
            for block in blocks:
                tag = group << 16 | (block & 0xFF) << 8 | element
                if tag in tags and part[tag].value not in (None, ""):
                    return part[tag].value
        return default

    def alone(self):
        """This header without the other frames of its file, which take memory."""
        tags = set(self.dataset.keys()) - {_tag(PER_FRAME)}
        kept = pydicom().Dataset({tag: self.dataset.get_item(tag) for tag in tags})
        kept.set_original_encoding(*self.dataset.original_encoding, self.dataset.original_character_set)
        setattr(kept, PER_FRAME, [self.dataset[PER_FRAME].value[self.number]])
        return FrameHeader(kept, 0)

    def _value(self, tag, default):
        for part, tags in self._parts:
            if tag in tags and part[tag].value not in (None, ""):
                return part[tag].value
        return default


def echo_time_ms(header):
    """The echo time of a frame; 0 if there is none."""
    return round(float(header.get("EffectiveEchoTime") or header.get("EchoTime") or 0), TIME_DIGITS)


def whole_number(value):
    """A number of a header; 0 if there is none. Of several, the first."""
    try:
        return int(value if isinstance(value, str | int | float) else value[0])
    except (TypeError, ValueError, IndexError):
        return 0


@cache
def _tag(keyword):
    return pydicom().datadict.tag_for_keyword(keyword)


def _macros(group):
    """The datasets in the functional groups of a frame, each of which is a sequence with one item."""
    for element in group:
        if element.VR == "SQ" and len(element.value):
            yield from element.value
