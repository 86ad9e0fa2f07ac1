"""Statistics of a cohort: regions compared between groups and sessions, with covariates."""
