"""Whether the phase lies on a line in echo time, and which echoes are to blame if not.

The covariance C of the phase's steps between echoes (see steps.py) is free of noise. The field accounts for what lies
along the echo times, phase offsets for what all echoes have alike; with R the projection on the rest and v the unit
vector of the echo times less their mean, trace(R C) / (v' C v) is the share that neither explains. It was at most
0.011 on 64 simulated scans (1.5 to 7 T, SNR 25 to infinity, 3 to 7 echoes, even and uneven, tilted, thick slices) and
0.013 to 0.030 on measured heads (0.08 after interpolation at an SNR of 25), and 0.05 or more where neighboring echoes
were swapped, which are recognized by the order that fits better.
"""

from itertools import combinations, permutations

import numpy as np

from ...model.check import DOUBTFUL, OK, REFUSED, Check

NAME = "echo_linearity"
DOUBTFUL_FROM, REFUSED_FROM = 0.08, 0.15
DOUBTFUL_IN_FAT = 0.25  # a ball of fat in phase had up to 0.18, but a shell around the body 0.6 to 1
SWAPPED_FROM, MUCH_BETTER = 0.02, 0.25  # another order of the echoes is believed if it leaves so much less
REMEDY = "Check the echo times and the files of each echo, or leave that echo out."
OR_FAT = "Fat in the mask can look like that, too."
OTHERWISE = "Check the echo times and the files of each echo; in fat, choose echoes in which it is in phase."
LEAST_FIELD_RAD = 0.003  # steps of a phase that does not evolve, of which nothing can be said
LEAST_PAIRS = 500
MOST_ORDERED = 7  # echoes of which every order is tried
LEAST_GROWTH, BACKWARD = 0.3, -0.3  # doubtful, and certainly the reverse order


def unexplained(covariance, times):
    """The share of the phase's steps that neither field nor offset explains; None if unknown."""
    times, slope = np.asarray(times, float), _slope(times)
    field_power = slope @ covariance @ slope
    if field_power < LEAST_FIELD_RAD**2 or len(times) < 3:
        return None
    basis, _ = np.linalg.qr(np.stack([np.ones(len(times)), times / times.max()], axis=1))
    return float((np.trace(covariance) - np.trace(basis.T @ covariance @ basis)) / field_power)


def better_order(covariance, fine, times, limit=DOUBTFUL_FROM):
    """The order of the echoes, if another than theirs, in which the phase is much more linear; else None.

    covariance, fine: of the steps, and of their fine part, which tells an order from its reverse. limit: what the right
    order may leave unexplained.
    """
    share = unexplained(covariance, times)
    if share is None or share < SWAPPED_FROM:
        return None
    times = np.asarray(times)
    best = min(_orders(len(times)), key=lambda order: _or_infinite(unexplained(covariance, times[list(order)])))
    if _or_infinite(unexplained(covariance, times[list(best)])) > min(MUCH_BETTER * share, limit):
        return None
    order = tuple(np.argsort(best))
    return order if (growth(fine, times[list(best)]) or 0) >= 0 else order[::-1]


def growth(fine, times):
    """The mean of the echoes' phase over what it would be without phase offsets, in fine structures; None if unknown.

    Offsets have no fine structures: it was 0.83 to 1.03 on 64 simulated and 7 measured scans, and -1.1 to -0.82 if
    their phase was reversed.
    """
    slope = _slope(times)
    power = slope @ fine @ slope
    if power < LEAST_FIELD_RAD**2:
        return None
    return float(fine.mean(axis=0) @ slope / power * (slope @ times) / np.mean(times))


def check_linearity(tissue, fat=False):
    """The Check of a scan whose offsets by slice and by readout have been removed.

    fat: whether there is fat, whose phase is not quite linear; then no order of the echoes is certain.
    """
    limit = DOUBTFUL_IN_FAT if fat else DOUBTFUL_FROM
    times, (covariance, pairs) = tissue.scan.echo_times_s, tissue.covariance
    if pairs < LEAST_PAIRS or len(times) < 2:
        return Check(NAME, None, limit, OK, "There is not enough tissue, or only one echo, to check this.")
    order = better_order(covariance, tissue.fine_covariance[0], times, limit)
    share = unexplained(covariance, times)
    if order:
        names = " ".join(str(echo + 1) for echo in order)
        sentence = (
            "The echoes are in the wrong order: the phase is proportional to echo time only if they are sorted as "
            f"{names}. Sort the files of magnitude and phase, or the echo times."
        )
        return _judged(share, SWAPPED_FROM, REFUSED, sentence, fat)
    if (share or 0) < limit and (reverse := _reverse(tissue)):
        return reverse
    if share is None:
        return Check(NAME, None, limit, OK, "With fewer than three echoes this cannot be checked.")
    if share < limit:
        nearly = "nearly " if share >= DOUBTFUL_FROM else ""
        return Check(NAME, share, limit, OK, f"The phase is {nearly}linear in echo time.")
    blame = _blame(covariance, times)
    if not blame:
        remedy = REMEDY if fat else OTHERWISE
        return _judged(share, limit, DOUBTFUL, f"The phase is not linear in echo time. {remedy}", fat)
    return _judged(share, limit, REFUSED if share >= REFUSED_FROM else DOUBTFUL, f"{blame} {REMEDY}", fat)


def _judged(share, limit, verdict, sentence, fat):
    """A Check that is not OK; with fat, nothing is refused."""
    return Check(NAME, share, limit, DOUBTFUL if fat else verdict, f"{sentence} {OR_FAT}" if fat else sentence)


def _reverse(tissue):
    """A Check if the phase evolves backwards, from the last echo to the first; None otherwise."""
    value = growth(tissue.fine_covariance[0], tissue.scan.echo_times_s)
    if value is None or value > LEAST_GROWTH:
        return None
    return Check(
        "phase_growth",
        value,
        LEAST_GROWTH,
        REFUSED if value < BACKWARD else DOUBTFUL,
        "The phase does not grow from the first to the last echo: the echoes are in the wrong order, or their times "
        "are wrong. Sort the files of magnitude and phase by echo time.",
    )


def _slope(times):
    """The unit vector of the echo times less their mean."""
    slope = np.asarray(times, float) - np.mean(times)
    return slope / np.linalg.norm(slope)


def _blame(covariance, times):
    """Which echo is to blame, in words; "" if it is not a single one."""
    power = np.diag(covariance)
    empty = [n + 1 for n in range(len(times)) if power[n] < 1e-3 * power.max()]
    if empty:
        return f"Echo {empty[0]} has hardly any phase."
    alone = {n + 1: _without(covariance, times, n) for n in range(len(times))} if len(times) > 3 else {}
    limit = min(DOUBTFUL_FROM, MUCH_BETTER * (unexplained(covariance, times) or 0))
    bad = [echo for echo, share in alone.items() if share is not None and share < limit]
    if bad:
        return f"The phase of echo {bad[0]} does not lie on the line through the others."
    return ""


def _without(covariance, times, echo):
    kept = [n for n in range(len(times)) if n != echo]
    return unexplained(covariance[np.ix_(kept, kept)], np.asarray(times)[kept])


def _orders(count):
    """Every order but the reverse ones of those before, which are as linear; of many echoes, the likely ones.

    These are two echoes swapped, and the order of names that were sorted as text (1, 10, 11, 2, ...).
    """
    if count <= MOST_ORDERED:
        yield from (order for order in permutations(range(count)) if order[0] < order[-1])
        return
    yield tuple(sorted(range(count), key=lambda n: str(n + 1)))
    for one, other in combinations(range(count), 2):
        order = list(range(count))
        order[one], order[other] = other, one
        yield tuple(order)


def _or_infinite(share):
    return np.inf if share is None else share
