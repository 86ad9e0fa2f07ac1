"""What all scans of a cohort are together: tables of quality and regions, outliers, ratings, one page."""
