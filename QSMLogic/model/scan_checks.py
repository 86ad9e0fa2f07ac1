"""Checks of echo times and field strength, which find values in another unit."""

import math

import numpy as np

from .errors import QSMError

LOWEST_T, SHORTEST_S = 1e-3, 1e-6


def checked_echo_times(times, magnitude_echoes, phase_echoes):
    """Return echo times in seconds as a tuple; raises QSMError if they are invalid or do not match the images."""
    times = _seconds(times)
    if magnitude_echoes != phase_echoes:
        raise QSMError(
            f"Number of magnitude images: {magnitude_echoes}, of phase images: {phase_echoes}; they must match. "
            "Choose magnitude and phase of the same scan."
        )
    if len(times) != phase_echoes:
        raise QSMError(f"Number of echo times: {len(times)}, of echoes: {phase_echoes}. Give one echo time per echo.")
    return times


def in_seconds(times):
    """Echo times as a tuple of numbers; QSMError if they are none."""
    try:
        return tuple(float(t) for t in np.atleast_1d(times))
    except (TypeError, ValueError):
        raise QSMError(f"Echo times must be numbers in seconds, such as (0.004, 0.012), not {times!r}.") from None


def _seconds(times):
    times = in_seconds(times)
    if not all(math.isfinite(t) and t > 0 for t in times):
        raise QSMError(f"Echo times must be positive numbers in seconds, not {times}.")
    if list(times) != sorted(set(times)):
        raise QSMError(f"Echo times must increase from echo to echo, but they are {times}. Sort the echoes.")
    if max(times) < 1e-4 or min(times) < SHORTEST_S:
        raise QSMError(
            f"Echo times of {' '.join(f'{t:g}' for t in times)} s are too short for a gradient echo: "
            "check their unit. The panel takes milliseconds; the console and the command line take seconds."
        )
    if max(times) > 0.5:
        unit, per_second = ("milliseconds", 1e3) if max(times) <= 500 else ("microseconds", 1e6)
        fixed = " ".join(f"{t / per_second:g}" for t in times)
        raise QSMError(
            f"Echo times of {' '.join(f'{t:g}' for t in times)} s are too long for a gradient echo: "
            f"they appear to be in {unit}. Give them in seconds: {fixed} (in the panel, in ms)."
        )
    return times


def checked_field_strength(strength):
    """Return the field strength in tesla; raises QSMError if it is invalid."""
    try:
        strength = float(strength)
    except (TypeError, ValueError):
        raise QSMError(f"The field strength must be a number in tesla, not {strength!r}.") from None
    if not math.isfinite(strength) or strength <= 0:
        raise QSMError(f"The field strength must be a positive number in tesla, not {strength}.")
    if strength < LOWEST_T:
        raise QSMError(f"A field strength of {strength:g} T is too low for any scanner. Give it in tesla.")
    if strength >= 1000:
        unit, per_tesla = ("gauss", 1e4) if strength < 1e6 else ("hertz", 42.577e6)
        raise QSMError(
            f"A field strength of {strength:g} T is impossible: it appears to be in {unit}. "
            f"Give it in tesla: {strength / per_tesla:.4g}."
        )
    if strength > 30:
        raise QSMError(
            f"A field strength of {strength:g} T is impossible. Give it in tesla (frequency in MHz / 42.577)."
        )
    return strength
