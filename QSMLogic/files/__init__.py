"""Images, sidecars and BIDS data sets, read and written."""
