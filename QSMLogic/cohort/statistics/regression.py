"""Ordinary least squares with tests of contrasts, effect sizes, and residuals that stand out."""

from dataclasses import dataclass

import numpy as np

from ...numerics.lazy import special, stats
from .design import ANY, CHANGED, DIFFERENCE, SLOPE

LEVEL = 0.05
INFLUENTIAL = 1.0  # Cook's distance, as in R. D. Cook and S. Weisberg, Residuals and Influence in Regression, 1982


@dataclass(frozen=True)
class Fit:
    """A linear model fitted to the values of a region.

    Attributes
    ----------
    design : Design
    values, coefficients, residuals : numpy.ndarray
    leverage : numpy.ndarray
        Diagonal of the hat matrix.
    inverse : numpy.ndarray
        (X'X)^-1.
    sigma : float
        Residual standard deviation.
    """

    design: object
    values: np.ndarray
    coefficients: np.ndarray
    residuals: np.ndarray
    leverage: np.ndarray
    inverse: np.ndarray
    sigma: float

    @property
    def freedom(self):
        return self.design.freedom

    def outliers(self):
        """Places of units whose externally studentized residual is beyond chance in so many units (Bonferroni).

        References
        ----------
        R. D. Cook and S. Weisberg, Residuals and Influence in Regression, Chapman and Hall, 1982.
        """
        return np.flatnonzero(self._outlier_p() * len(self.values) < LEVEL)

    def influential(self):
        """Places of units that the coefficients depend on: Cook's distance above 1."""
        room = np.maximum(1 - self.leverage, 1e-9)
        distance = self.residuals**2 / (self.design.matrix.shape[1] * self.sigma**2) * self.leverage / room**2
        return np.flatnonzero((distance > INFLUENTIAL) & (self.leverage < 1 - 1e-9))

    def _outlier_p(self):
        room = np.maximum(1 - self.leverage, 1e-9)
        internal = self.residuals / (self.sigma * np.sqrt(room))
        left = np.maximum(self.freedom - internal**2, np.finfo(float).tiny)
        external = internal * np.sqrt((self.freedom - 1) / left)
        return two_sided(external, self.freedom - 1)


@dataclass(frozen=True)
class Result:
    """The test of a contrast; what does not apply is None.

    Attributes
    ----------
    estimate, standard_error, low, high : float or None
        The contrast with its 95 % confidence interval, in the unit of the map (per unit of a numeric covariate).
    t, f, p : float or None
        t of a single contrast, F of several together, and the two-sided p.
    cohen_d, hedges_g : float or None
        Of differences and changes: over the residual standard deviation; g corrects the bias of small samples.
    partial_r : float or None
        Partial correlation of a single contrast; sqrt of the partial R^2 of several.
    standardized : float or None
        Of slopes: in standard deviations of the values per standard deviation of the covariate.
    """

    estimate: float | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    t: float | None = None
    f: float | None = None
    p: float | None = None
    cohen_d: float | None = None
    hedges_g: float | None = None
    partial_r: float | None = None
    standardized: float | None = None


def fitted(design, values):
    """The Fit of values (one for each row of the design)."""
    matrix = design.matrix
    q, r = np.linalg.qr(matrix)
    coefficients = np.linalg.solve(r, q.T @ values)
    residuals = values - matrix @ coefficients
    inverse_root = np.linalg.inv(r)
    sigma = float(np.sqrt(residuals @ residuals / design.freedom))
    leverage = np.einsum("ij,ij->i", q, q)
    return Fit(design, values, coefficients, residuals, leverage, inverse_root @ inverse_root.T, sigma)


def result_of(fit, contrast):
    """The Result of a Contrast.

    References
    ----------
    L. V. Hedges, Distribution theory for Glass's estimator of effect size, J Educ Stat 1981;6:107-128
    (doi:10.3102/10769986006002107), for the correction of d.
    """
    estimates = contrast.matrix @ fit.coefficients
    spread = contrast.matrix @ fit.inverse @ contrast.matrix.T
    if contrast.kind == ANY:
        return _together(fit, estimates, spread)
    estimate, error = float(estimates[0]), fit.sigma * float(np.sqrt(spread[0, 0]))
    t = estimate / error
    reach = limit_of_t(fit.freedom) * error
    d = estimate / fit.sigma if contrast.kind in (DIFFERENCE, CHANGED) else None
    return Result(
        estimate,
        error,
        estimate - reach,
        estimate + reach,
        t,
        p=float(two_sided(t, fit.freedom)),
        cohen_d=d,
        hedges_g=None if d is None else d * correction(fit.freedom),
        partial_r=float(t / np.sqrt(t**2 + fit.freedom)),
        standardized=_standardized(fit, contrast, estimate) if contrast.kind == SLOPE else None,
    )


def two_sided(t, freedom):
    """The two-sided p of Student's t."""
    return 2 * special.stdtr(freedom, -np.abs(t))


def limit_of_t(freedom):
    """Standard errors of which a 95 % confidence interval reaches to either side."""
    return float(special.stdtrit(freedom, 1 - LEVEL / 2))


def correction(freedom):
    """By which Cohen's d is multiplied for Hedges' g, exactly."""
    logarithm = special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)
    return float(np.exp(logarithm) / np.sqrt(freedom / 2))


def false_discovery(p_values):
    """Benjamini and Hochberg's q of p values, of which None is left out.

    References
    ----------
    Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J R Stat Soc B 1995;57:289-300
    (doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    tested_ones = [p for p in p_values if p is not None]
    adjusted = iter(stats.false_discovery_control(tested_ones) if tested_ones else ())
    return [None if p is None else float(next(adjusted)) for p in p_values]


def _together(fit, estimates, spread):
    rows = len(estimates)
    f = float(estimates @ np.linalg.solve(spread, estimates) / rows / fit.sigma**2)
    share = rows * f / (rows * f + fit.freedom)
    return Result(f=f, p=float(special.fdtrc(rows, fit.freedom, f)), partial_r=float(np.sqrt(share)))


def _standardized(fit, contrast, slope):
    column = fit.design.matrix @ contrast.matrix[0]
    return float(slope * column.std() / fit.values.std())
