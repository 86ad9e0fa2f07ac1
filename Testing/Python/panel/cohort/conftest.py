from helpers.panel_cohort import cohort, fake, mapped, panel, results  # noqa: F401
