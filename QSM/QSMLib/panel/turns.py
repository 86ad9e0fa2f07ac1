"""Split work over turns of Qt's event loop, so that it is never blocked for long."""

import qt

TURN_MS = 2  # a timer of 0 ms fires in the same turn


def in_turns(steps, is_wanted, on_end, on_error):
    """Take the steps of a generator, the first at once and each other in a later turn of the event loop.

    is_wanted(): asked before each step; if it is false, the generator is closed and nothing else happens.
    on_end() is called in the turn of the last step, on_error(exception) if a step fails.
    """
    timer = qt.QTimer()  # of our own: Slicer keeps those of QTimer.singleShot, with all that they hold, until it ends
    timer.setSingleShot(True)

    def turn():
        try:
            goes_on = _take_step(steps, is_wanted, on_end, on_error)
        except Exception:
            end()
            raise
        if goes_on:
            timer.start(TURN_MS)
        else:
            end()

    def end():
        timer.disconnect("timeout()", turn)
        timer.deleteLater()

    timer.connect("timeout()", turn)
    turn()


def _take_step(steps, is_wanted, on_end, on_error):
    """Whether there may be another step."""
    if not is_wanted():
        steps.close()
        return False
    try:
        next(steps)
    except StopIteration:
        on_end()
        return False
    except Exception as error:
        on_error(error)
        return False
    return True
