"""The echo times of a scan, from the protocol where all images say the same one, and whether they are echoes at all."""

from ...model.check import DOUBTFUL, OK, Check
from .kinds import is_planar
from .vendors import vendor_of

TIME_POINTS = (
    "The {} images of every slice have one echo time and no number of an echo{}: they are taken as time points. If "
    "they are echoes, export them again with their numbers."
)
UNKNOWN = (
    "The images of several echoes have one echo time, and the files do not say the others. Give --echo-times, in "
    "seconds."
)
IN_TIME, PLACE = slice(0, 2), slice(3, None)  # of the parts of Frame.order: numbers in time, place in the series


def as_echoes(stacks, header):
    """(the stacks, checks) of a scan whose images have one echo time and no numbers of echoes.

    What looks like points in time are echoes if the protocol lists as many, in the order of their instances.
    """
    volumes = next(iter(stacks.values()))[0]
    first = [volume[0] for volume in volumes]
    is_single = all(len(echoes) == 1 for echoes in stacks.values())
    if not is_single or len(volumes) == 1 or first[0].echo[1] or len({frame.order[0] for frame in first}) > 1:
        return stacks, ()
    count = len(set(vendor_of(header).echo_times_s(header) or ()))
    if count == len(volumes):
        return {kind: _apart(echoes[0]) for kind, echoes in stacks.items()}, ()
    if count > 1 or not (count or is_planar(header) or len({frame.order[IN_TIME] for frame in first}) > 1):
        sentence = TIME_POINTS.format(len(volumes), f", its protocol {count}" if count > 1 else "")
        return stacks, (Check("time_points", len(volumes), None, DOUBTFUL, sentence),)
    return stacks, ()


def _apart(volumes):
    """The echoes, with one volume each, that were taken for points in time."""
    places = [sorted(frames, key=lambda frame: frame.order[PLACE]) for frames in zip(*volumes, strict=True)]
    return tuple((stack,) for stack in zip(*places, strict=True))


def echo_times_s(times_ms, headers):
    """(the times in seconds, checks) of echoes whose images say `times_ms`; headers: the FrameHeader of each echo.

    Research sequences may write one time into all images: then the times are those of the protocol, if it says them.
    """
    times = tuple(round(time / 1000, 9) for time in times_ms)
    if len(set(times)) == len(times):
        return times, ()
    protocol = vendor_of(headers[0]).echo_times_s(headers[0]) or []
    listed = ", ".join(f"{1000 * time:g}" for time in protocol)
    if len(protocol) == len(times) == len(set(protocol)):
        sentence = f"The images of several echoes have one echo time; those of the protocol were taken: {listed} ms."
        return tuple(sorted(protocol)), (Check("echo_times", listed, None, OK, sentence, corrected=True),)
    return times, (Check("echo_times", None, None, DOUBTFUL, UNKNOWN),)
