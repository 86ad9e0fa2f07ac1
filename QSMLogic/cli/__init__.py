"""The command line: `python -m QSMLogic`."""
