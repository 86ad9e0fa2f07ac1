"""Scans that stand out of those with the same scanner, protocol and settings."""

from dataclasses import dataclass

import numpy as np

from ...model.texts import is_plain_number

LEAST_PEERS = 10
MOST_DEVIATIONS = 3.5  # modified z score of Iglewicz and Hoaglin 1993
SD_PER_MAD, SD_PER_MEAN_DEVIATION = 1.4826, 1.2533  # of a normal distribution
SMALLEST_SPREAD = 1e-6  # of the median: less is rounding
LOW, HIGH, BOTH = "low", "high", "both"
EVERYBODY = "all scans"
RULE = (
    f"An outlier lies more than {MOST_DEVIATIONS} robust standard deviations (1.4826 times the median absolute "
    "deviation) from the median of the scans with the same scanner, protocol and settings, on the side that is "
    f"suspicious. If these are fewer than {LEAST_PEERS}, all scans are compared; of fewer than {LEAST_PEERS} scans, "
    "none is an outlier. Failed and excluded scans are not counted."
)


@dataclass(frozen=True)
class Limits:
    """Where a number is usual: median, and the lowest and highest usual value; None if that side is not suspicious."""

    median: float
    low: float | None
    high: float | None

    def side(self, value):
        """LOW or HIGH if a value is an outlier, "" otherwise."""
        if not is_plain_number(value):
            return ""
        if self.low is not None and value < self.low:
            return LOW
        return HIGH if self.high is not None and value > self.high else ""


def limits_of(values, suspicious=BOTH):
    """The Limits of numbers by the median and the median absolute deviation.

    If more than half of the numbers are the same, their mean absolute deviation takes its place.

    Parameters
    ----------
    values : sequence of float
        The numbers of comparable scans.
    suspicious : str
        LOW, HIGH, BOTH, or "" for neither.

    Returns
    -------
    Limits or None
        None for fewer than LEAST_PEERS numbers.

    References
    ----------
    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers. ASQC Quality Press.
    """
    values = np.asarray(values, float)
    if values.size < LEAST_PEERS:
        return None
    median = float(np.median(values))
    away = np.abs(values - median)
    spread = SD_PER_MAD * np.median(away) or SD_PER_MEAN_DEVIATION * np.mean(away)
    reach = MOST_DEVIATIONS * max(float(spread), SMALLEST_SPREAD * abs(median))
    low = median - reach if suspicious in (LOW, BOTH) else None
    return Limits(median, low, median + reach if suspicious in (HIGH, BOTH) else None)


@dataclass(frozen=True)
class Peers:
    """Scans that are compared with each other.

    Parameters
    ----------
    label : str
        What they have in common.
    count : int
        How many they are, without excluded ones.
    limits : tuple
        Limits of each column; None if it has none.
    """

    label: str
    count: int
    limits: tuple

    def outliers(self, row):
        """{number of the column: LOW or HIGH} of a ScanRow."""
        pairs = enumerate(zip(self.limits, row.values, strict=True))
        sides = {n: limits.side(value) for n, (limits, value) in pairs if limits}
        return {n: side for n, side in sides.items() if side}


def peers_of_rows(rows, columns, excluded=()):
    """The Peers that each ScanRow is compared with.

    Parameters
    ----------
    rows : sequence of ScanRow
        All scans.
    columns : sequence
        The columns of their values.
    excluded : collection of str
        Names of scans that do not count.

    Returns
    -------
    dict
        {`ScanRow.peers`: Peers}; few scans that are alike have the Peers of all scans.
    """
    counted = [row for row in rows if row.is_done and row.name not in excluded]
    alike = {row.peers: [] for row in rows if row.is_done}
    for row in counted:
        alike[row.peers].append(row)
    everybody = _peers(EVERYBODY, counted, columns)
    large = {label: _peers(label, of, columns) for label, of in alike.items() if len(of) >= LEAST_PEERS}
    return {label: large.get(label, everybody) for label in alike}


def _peers(label, rows, columns):
    numbers = ([v for row in rows if is_plain_number(v := row.values[n])] for n in range(len(columns)))
    limits = (limits_of(of, c.suspicious) for of, c in zip(numbers, columns, strict=True))
    return Peers(label, len(rows), tuple(limits))
