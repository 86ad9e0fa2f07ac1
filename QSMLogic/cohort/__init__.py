"""Many scans: a BIDS App whose work is resumable, with tables and pages for quality and for groups."""
