"""The echo times of a scan, from the protocol where all images say the same one."""

from ...model.check import DOUBTFUL, OK, Check
from .vendors import vendor_of

UNKNOWN = (
    "The images of several echoes have one echo time, and the files do not say the others. Give --echo-times, in "
    "seconds."
)


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
