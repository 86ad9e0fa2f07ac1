"""Which methods there are, with which parameters, and which of them a run uses."""
