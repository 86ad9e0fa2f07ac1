"""What runs the work on scans: one process after the other, or Dask on one machine or a cluster."""
