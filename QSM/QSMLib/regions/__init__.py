"""Statistics of maps in regions of the scene."""
