"""The statistics of a list of values."""

import numpy as np

QUANTILES = {"min": 0.0, "p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95, "max": 1.0}


def statistics(values, weights=None):
    """Mean, sd, sem, and exact quantiles of `values` (float64), as a dictionary; what too few leave undefined is None.

    Without weights, sd is the sample standard deviation (n - 1), sem is sd / sqrt(n), and quantiles interpolate
    linearly between ranks as numpy's do. sem takes the voxels for independent, which neighbours in a map are not
    (regularisation and interpolation smooth it): it is a lower bound of the uncertainty.

    weights: positive, one per value. The mean is weighted; the variance is unbiased for weights that tell
    reliability, sum(w (x - mean)^2) / (W - sum(w^2) / W) with W = sum(w); sem uses the effective number
    W^2 / sum(w^2); a value's rank is the middle of its weight in the sum. Equal weights give the plain statistics.
    """
    keys = ("mean", "sd", "sem", "iqr", *QUANTILES)
    found = dict.fromkeys(keys)
    if values.size == 0:
        return found
    if weights is None:
        mean, variance, number = values.mean(), values.var(ddof=1) if values.size > 1 else None, values.size
        quantiles = np.percentile(values, [100 * q for q in QUANTILES.values()])
    else:
        mean, variance, number = _weighted_moments(values, weights)
        quantiles = _weighted_quantiles(values, weights)
    found |= zip(QUANTILES, map(float, quantiles), strict=True)
    found |= {"mean": float(mean), "iqr": found["q3"] - found["q1"]}
    if variance is not None:
        found |= {"sd": float(np.sqrt(variance)), "sem": float(np.sqrt(variance / number))}
    return found


def _weighted_moments(values, weights):
    total, squares = weights.sum(), np.square(weights).sum()
    mean = (weights * values).sum() / total
    freedom = total - squares / total
    variance = (weights * np.square(values - mean)).sum() / freedom if values.size > 1 and freedom > 0 else None
    return mean, variance, total**2 / squares


def _weighted_quantiles(values, weights):
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    middle = np.cumsum(weights) - weights / 2
    length = middle[-1] - middle[0]
    ranks = (middle - middle[0]) / length if length > 0 else np.zeros_like(middle)
    return np.interp(list(QUANTILES.values()), ranks, values)
