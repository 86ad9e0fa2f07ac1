from helpers.qt_session import _no_errors_in_slots, session  # noqa: F401
