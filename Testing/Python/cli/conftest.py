from helpers.command_line import cli, refused, run_refused, scan  # noqa: F401
