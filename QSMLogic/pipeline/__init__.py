"""The chain of stages, its preview, its L-curve and the process that runs it."""
