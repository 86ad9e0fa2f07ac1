"""Statistics of a cohort: regions compared between groups and sessions, with covariates."""

from .analysis import StatisticsOptions
from .writing import write_average_maps, write_statistics

__all__ = ["StatisticsOptions", "write_average_maps", "write_statistics"]
