"""What a scan, a field map and the maps of a run are; units, progress and errors."""
