from helpers.qt_session import _no_errors_in_slots, bids_folder, loaded, packages, scan_files, session  # noqa: F401
