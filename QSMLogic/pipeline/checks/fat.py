"""Fat in the mask: whether the echo times are those at which it is in phase with water.

Water and fat are not separated. Where they are out of phase, the chemical shift of fat looks like a field of up to
3.5 ppm. In a phantom with a ball of fat (six peaks, four echoes, preset for the body), the map of the water away from
the fat spread by 0.02 ppm with echoes in phase, by 0.07 where 0.1 ppm of the shift was left, and by 1.4 with echoes
every 1.2 ms at 3 T; the fat itself was off by 0.07, 0.15 and 3.3 ppm, and its edges by up to 0.3, 0.8 and 21 ppm.

References
----------
Bydder et al. (2008), Relaxation effects in the quantification of fat using gradient echo imaging.
https://doi.org/10.1016/j.mri.2007.08.012
Hamilton et al. (2011), In vivo characterization of the liver fat 1H MR spectrum. https://doi.org/10.1002/nbm.1622
"""

import math

from ...model.check import DOUBTFUL, OK, Check
from ...model.units import PROTON_MHZ_PER_T

NAME = "fat"
SHIFT_PPM = (3.4, 3.5)  # of the largest peak of fat, below water
MOST_LEFT_PPM = 0.1  # what the other peaks of fat leave in phase, too


def in_phase_times_ms(field_strength_t):
    """The shortest and the longest echo time at which fat is in phase with water for the first time.

    At 3 T these are 2.24 and 2.30 ms, at 1.5 T 4.47 and 4.61 ms. It is in phase at multiples of them, too.
    """
    return tuple(1000 / (shift * PROTON_MHZ_PER_T * field_strength_t) for shift in reversed(SHIFT_PPM))


def shift_left_ppm(echo_time_s, field_strength_t):
    """The field (ppm) by which fat appears to be off at an echo time, the nearest whole turns of its phase removed."""
    turns_per_ppm = PROTON_MHZ_PER_T * field_strength_t * echo_time_s
    low, high = (shift * turns_per_ppm for shift in SHIFT_PPM)
    if math.floor(high) >= low:
        return 0.0
    return min(low - math.floor(low), math.ceil(high) - high) / turns_per_ppm


def check_fat(scan):
    """The Check of a scan in whose mask fat is to be expected."""
    left = [shift_left_ppm(time, scan.field_strength_t) for time in scan.echo_times_s]
    bad = [n + 1 for n, ppm in enumerate(left) if ppm > MOST_LEFT_PPM]
    first, last = in_phase_times_ms(scan.field_strength_t)
    times = f"at {scan.field_strength_t:.3g} T at multiples of {first:.2f} to {last:.2f} ms"
    if not bad:
        sentence = (
            f"Fat is in phase with water in every echo ({times}). They are not separated: in fat and at its edges, "
            f"the map is off by {MOST_LEFT_PPM} ppm or more even so."
        )
        return Check(NAME, max(left), MOST_LEFT_PPM, OK, sentence)
    return Check(NAME, max(left), MOST_LEFT_PPM, DOUBTFUL, _warning(scan, bad, times))


def _warning(scan, bad, times):
    listed = ", ".join(f"{1000 * scan.echo_times_s[n - 1]:.3g}" for n in bad)
    named = f"echo{'es' if len(bad) > 1 else ''} {', '.join(map(str, bad))} ({listed} ms)"
    leave_out = f"leave out {named.partition(' (')[0]}, " if len(bad) < scan.echoes else ""
    return (
        f"Fat is out of phase with water in {named}: its chemical shift of {SHIFT_PPM[0]} ppm is taken for a field, "
        f"and the map is wrong in fat and around it. Fat is in phase {times}. Choose such echo times, {leave_out}or "
        "exclude fat from the mask."
    )
