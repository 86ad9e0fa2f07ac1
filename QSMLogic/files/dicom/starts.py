"""When acquisitions began, and whether two images are of the same one."""

SAME_START_S = 2  # the first images of two series of one acquisition may be of different echoes


def start_together(one, other):
    """Whether two DICOM times, or dates and times, are so close that one acquisition began then."""
    times = [_seconds(text) for text in (one, other)]
    return None not in times and abs(times[0] - times[1]) <= SAME_START_S


def _seconds(text):
    """The time of day; None if there is none."""
    whole, _, part = text.split("+")[0].split("-")[0].partition(".")
    try:
        hours, minutes, seconds = (int(whole[-6:][n : n + 2]) for n in (0, 2, 4))
        return 3600 * hours + 60 * minutes + seconds + float(f"0.{part or 0}")
    except ValueError:
        return None
