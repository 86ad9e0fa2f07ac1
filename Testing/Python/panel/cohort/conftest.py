from helpers.panel_cohort import cohort, fake, panel  # noqa: F401
