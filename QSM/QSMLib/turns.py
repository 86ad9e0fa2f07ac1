"""Work in turns of Qt's event loop, so that it never stands still for long."""

import qt

TURN_MS = 2  # what is due after 0 ms is done in the same turn


def in_turns(steps, is_wanted, on_end, on_error):
    """Take the steps of a generator, the first at once and each other in a later turn of the event loop.

    is_wanted(): asked before each step; where it is not so any more, nothing else happens. on_end() is called in the
    turn of the last step, on_error(exception) where a step fails.
    """
    if not is_wanted():
        return
    try:
        next(steps)
    except StopIteration:
        on_end()
    except Exception as error:
        on_error(error)
    else:
        qt.QTimer.singleShot(TURN_MS, lambda: in_turns(steps, is_wanted, on_end, on_error))
