"""The simulated head and its scan, with known susceptibility."""
