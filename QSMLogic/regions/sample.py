"""The voxels of one region in one map, and their exact statistics."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Errors of means over the uncertainty of voxels, measured in boxes of 1 to 4096 voxels and in nuclei of known truth
SHARED = 0.4  # of the variance, by all voxels of a region
ALIKE_VOXELS = 25  # neighbors that share the rest
TOGETHER = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)  # quantiles that are found in one pass; any other takes its own


@dataclass(frozen=True, eq=False)
class Sample:
    """The voxels of one region in one map.

    Its methods are the statistics of the table. Without weights, the variance is the sample variance (n - 1), and
    quantiles interpolate linearly between ranks as numpy's do. With weights, the variance is unbiased for reliability
    weights, sum(w (x - mean)^2) / (W - sum(w^2) / W) with W = sum(w); the effective number of voxels is
    W^2 / sum(w^2); a value's rank is the middle of its weight in the cumulative sum. Equal weights give the plain
    statistics.

    Parameters
    ----------
    values : ndarray
        The values of the included voxels, float64, or float32 if there are millions.
    weights : ndarray, optional
        Positive weights, one per value; None weighs all voxels alike.
    voxel_volume_mm3 : float
        Volume of a voxel.
    excluded : int
        Number of voxels of the region that are not included.
    uncertainty : ndarray, optional
        Standard deviation of each value.
    """

    values: np.ndarray
    weights: np.ndarray | None = None
    voxel_volume_mm3: float = 1.0
    excluded: int = 0
    uncertainty: np.ndarray | None = None

    def voxels(self):
        """The number of voxels; with weights, their sum."""
        return self.values.size if self.weights is None else float(self.weights.sum())

    def volume_mm3(self):
        return self.voxels() * self.voxel_volume_mm3

    def excluded_voxels(self):
        return self.excluded

    def mean(self):
        return self._moments[0]

    def sd(self):
        """The standard deviation; None if there are too few voxels."""
        variance = self._moments[1]
        return None if variance is None else np.sqrt(variance)

    def sem(self):
        """The standard error of the mean, a lower bound: it takes the voxels as independent.

        Neighboring voxels of a map are not, because regularization and interpolation smooth it.
        """
        _, variance, number = self._moments
        return None if variance is None else np.sqrt(variance / number)

    def mean_uncertainty(self):
        """The standard error of the mean from that of the voxels; None if theirs is not known.

        Errors are alike in neighboring voxels, and partly in all of a region, so that it does not fall below
        sqrt(SHARED) of the mean uncertainty of the voxels however many there are.
        """
        if self.uncertainty is None:
            return None
        alike = SHARED + (1 - SHARED) * ALIKE_VOXELS / (ALIKE_VOXELS + self._moments[2] - 1)
        return self.average(self.uncertainty.astype(np.float64)) * np.sqrt(alike)

    def quantile(self, share):
        """The value below which a share (0 to 1) of the voxels lies."""
        return self._together[share] if share in self._together else self._quantiles([share])[0]

    def iqr(self):
        return self.quantile(0.75) - self.quantile(0.25)

    def average(self, terms):
        """The mean of one number per voxel, weighted like the voxels.

        Parameters
        ----------
        terms : ndarray
            One number per value, such as the squared differences from the mean.

        Returns
        -------
        float
        """
        return terms.mean() if self.weights is None else (self.weights * terms).sum() / self.weights.sum()

    @cached_property
    def _moments(self):
        """Mean, variance or None, and the effective number of voxels."""
        values, weights = self.values, self.weights
        if weights is None:
            variance = values.var(ddof=1, dtype=np.float64) if values.size > 1 else None
            return values.mean(dtype=np.float64), variance, values.size
        total, squares, mean = weights.sum(), np.square(weights).sum(), self.average(values)
        freedom = total - squares / total
        known = values.size > 1 and freedom > 0
        variance = (weights * np.square(values - mean)).sum() / freedom if known else None
        return mean, variance, total**2 / squares

    @cached_property
    def _together(self):
        return dict(zip(TOGETHER, self._quantiles(TOGETHER), strict=True))

    def _quantiles(self, shares):
        if self.weights is None:
            return np.percentile(self.values, [100 * share for share in shares])
        order = np.argsort(self.values)
        values, weights = self.values[order], self.weights[order]
        middle = np.cumsum(weights) - weights / 2
        length = middle[-1] - middle[0]
        ranks = (middle - middle[0]) / length if length > 0 else np.zeros_like(middle)
        return np.interp(list(shares), ranks, values)


def quantile(share):
    """The statistic that is a quantile, such as 0.05 for the 5th percentile."""
    return lambda sample: sample.quantile(share)
