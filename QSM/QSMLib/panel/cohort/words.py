"""How values are written in the panel."""

from slicer.i18n import tr as _


def duration(seconds):
    """A duration in the unit that fits."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return _("{number} s").format(number=round(seconds))
    if minutes < 120:
        return _("{number} min").format(number=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def scans(count):
    """So many scans."""
    return _("1 scan") if count == 1 else _("{count} scans").format(count=count)


def rounded(value):
    """A number with three digits, or as many as stand before the point; what is no number as it is."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)
