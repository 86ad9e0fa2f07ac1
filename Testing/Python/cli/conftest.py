from helpers.command_line import cli, scan  # noqa: F401
