"""Damages of the scan's arrays, before they are written.

Each changes the Case and returns what it did. Where a reader of the files could not know, it is `free`: the map may
be another one without a warning. Everything else has to be corrected, warned of or refused, or must not matter.
"""

import numpy as np


def _echo(case):
    return case.random.randrange(len(case.scan.phase))


def swapped_phase(case):
    case.scan.phase[[0, 2]] = case.scan.phase[[2, 0]]


def swapped_echoes(case):
    for images in (case.scan.phase, case.scan.magnitude):
        images[[0, 1]] = images[[1, 0]]


def constant_echo(case):
    case.scan.phase[_echo(case)] = case.random.choice((0, 1, np.pi, np.nan, np.inf))


def empty_magnitude(case):
    case.scan.magnitude[_echo(case)] = case.random.choice((0, np.nan))


def copied_echo(case):
    first, second = case.random.sample(range(3), 2)
    case.scan.phase[first] = case.scan.phase[second]


def noise_instead(case):
    echoes = slice(None) if case.chance(0.5) else _echo(case)
    shape = case.scan.phase[echoes].shape
    case.scan.phase[echoes] = case.noise.uniform(-np.pi, np.pi, shape)


def nan_block(case):
    images = case.random.choice((case.scan.phase, case.scan.magnitude))
    size, at = case.random.choice((1, 2, 6)), [case.random.randrange(20) for _ in range(3)]
    images[(_echo(case), *(slice(n, n + size) for n in at))] = case.random.choice((np.nan, np.inf, -np.inf))


def nan_outside(case):
    case.scan.phase[:, ~case.scan.mask] = np.nan


def bipolar(case):
    axis = case.random.randrange(3)
    ramp = np.linspace(-1, 1, case.scan.mask.shape[axis]) * case.random.choice((0.3, 1, 3, 10))
    sign = np.reshape((1, -1, 1), (3, 1, 1, 1))
    _add(case, sign * ramp.reshape([-1 if n == axis else 1 for n in range(3)]))


def half_turns_of_slices(case):
    axis = case.random.choice((0, 0, 1, 2))
    turned = [case.random.randrange(2) for _ in range(case.scan.mask.shape[axis])]
    _add(case, np.pi * np.reshape(turned, [-1 if n == axis else 1 for n in range(3)]))


def half_turn_of_an_echo(case):
    case.scan.phase[_echo(case)] = np.angle(-np.exp(1j * case.scan.phase[_echo(case)]))


def steps_of_slices(case):
    _add(case, case.noise.uniform(-np.pi, np.pi, (case.scan.mask.shape[0], 1, 1)))


def reversed_echo(case):
    case.scan.phase[_echo(case)] *= -1


def _reversed_phase(case):
    case.scan.phase *= -1


def flipped_echo(case):
    echo = _echo(case)
    case.scan.phase[echo] = np.flip(case.scan.phase[echo], case.random.randrange(3))


def _shifted_echo(case):
    echo, axis = _echo(case), case.random.randrange(3)
    case.scan.phase[echo] = np.roll(case.scan.phase[echo], case.random.choice((-6, -2, -1, 1, 2)), axis)


def scaled_phase(case):
    one = case.random.choice((4096, 4095, 2048, 1000, 180, 1, 0.5, 1e-3, 32768))
    offset = case.random.choice((0, 0, np.pi, 1))
    phase = (case.scan.phase + offset) / np.pi * one
    case.scan.phase = phase.round() if one > 100 and case.chance(0.7) else phase


def scaled_echo(case):
    case.scan.phase[_echo(case)] *= case.random.choice((0.5, 2, 10, 1e-6, 4096 / np.pi))


def outliers(case):
    images = case.random.choice((case.scan.phase, case.scan.magnitude))
    for _ in range(case.random.choice((1, 1, 3, 30))):
        at = tuple(case.random.randrange(n) for n in images.shape)
        images[at] = case.random.choice((1e6, -1e6, 1e30, 1e38, -4096, 100))


def scaled_magnitude(case):
    case.scan.magnitude *= case.random.choice((1e-30, 1e-10, 1e-3, 1e10, 1e30))


def magnitude_with_offset(case):
    case.scan.magnitude += case.random.choice((-20, 5, 50))


def unwrapped_phase(case):
    turns = 2 * np.pi * np.round(case.noise.normal(0, 1, (1, *case.scan.mask.shape)))
    case.scan.phase = case.scan.phase + turns if case.chance(0.5) else np.unwrap(case.scan.phase, axis=0)


def filtered_phase(case):
    from scipy.ndimage import uniform_filter

    for echo, phase in enumerate(case.scan.phase):
        signal = np.exp(1j * phase)
        smooth = uniform_filter(signal.real, 5) + 1j * uniform_filter(signal.imag, 5)
        case.scan.phase[echo] = np.angle(signal * smooth.conj())


def one_echo(case):
    echo = _echo(case)
    for name in ("magnitude", "phase"):
        setattr(case.scan, name, getattr(case.scan, name)[echo : echo + 1])
    case.scan.times_s = [case.scan.times_s[echo]]


def flipped_bits(case):
    images = case.random.choice((case.scan.phase, case.scan.magnitude))
    bits = images.view(np.uint32).reshape(-1)
    for _ in range(case.random.choice((1, 10, 100))):
        bits[case.random.randrange(bits.size)] ^= np.uint32(1 << case.random.randrange(32))


def _add(case, angle):
    case.scan.phase = np.angle(np.exp(1j * (case.scan.phase + angle)))


JUDGED = (
    *(
        swapped_phase,
        swapped_echoes,
        constant_echo,
        empty_magnitude,
        copied_echo,
        noise_instead,
        nan_block,
        nan_outside,
    ),
    *(bipolar, half_turns_of_slices, half_turn_of_an_echo, steps_of_slices, reversed_echo, flipped_echo),
    *(scaled_phase, scaled_phase, scaled_echo, outliers, scaled_magnitude, magnitude_with_offset, unwrapped_phase),
    *(flipped_bits, filtered_phase, one_echo),
)
# nobody can know of a reversed sign, or of the phase of the first echo lying some voxels beside the others
FREE = (_reversed_phase, _shifted_echo)


def damage(case):
    function = case.random.choice((*JUDGED, *JUDGED, *FREE))
    with np.errstate(all="ignore"):
        function(case)
        case.scan.phase = case.scan.phase.astype(np.float32)
    case.damaged(function.__name__.strip("_").replace("_", " "), function not in FREE)


def mask(case):
    """The mask as an array to be written, odd in some cases."""
    inside = case.scan.mask
    outside = 1.0 * ~inside
    border = np.zeros_like(inside)
    border[:, :4] = True
    one = np.zeros_like(inside)
    one[tuple(n // 2 for n in inside.shape)] = True
    ways = {  # values, whether the map has to be right
        **{"255": (255 * inside, True), "soft": (0.9 * inside, True), "float": (1.0 * inside, True)},
        **{"labels": (inside * (1 + case.scan.labels), True), "NaN outside": (np.where(inside, 1, np.nan), True)},
        **{"negative outside": (np.where(inside, 1, -1000), True), "tiny": (1e-20 * inside, True)},
        **{"inverse": (outside, True), "empty": (0 * inside, True), "everything": (inside | True, False)},
        **{"one voxel": (one, False), "border": (border, False), "NaN": (np.where(inside, np.nan, 0), False)},
        **{
            "negative": (-1.0 * inside, False),
            "huge": (1e30 * inside, True),
            "noise": (outside * 1e-6 + inside, False),
        },
        **{
            "shifted": (np.roll(inside, 5, 1), False),
            "shape": (inside[:-1], False),
            "cut": (inside[1:-1, :, 2:], False),
        },
    }
    if not case.once(0.3):
        return inside
    what = case.random.choice(list(ways))
    array, judged = ways[what]
    case.damaged(f"mask {what}", judged)
    return array
