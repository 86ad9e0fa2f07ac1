"""Where the scans of a cohort are mapped: in this process, or by the workers of a Dask cluster."""
