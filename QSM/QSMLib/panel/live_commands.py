"""What a live session is asked for: coarse maps while settings change, a full one when they rest; the newest win."""

import qt

from QSMLogic.registry.settings import DEFAULTS

SPACING_MS, REST_MS = 50, 400  # between coarse commands, of which one at most is unanswered; before a full one
COARSE, FULL = "coarse", "full"


class LiveCommands:
    """send(command): passes a command to the session.

    wanted: the settings and the extras of the map that is wanted, or None.
    """

    def __init__(self, send):
        self._send = send
        self._spacing, self._rest = _timer(self._go), _timer(self._has_rested)
        self.forget()

    def forget(self):
        """The session begins or ends."""
        self._spacing.stop()
        self._rest.stop()
        self.wanted = self._unanswered = None
        self._rests, self._count, self._asked = False, 0, {}
        self._latest = {COARSE: None, FULL: None}

    def close(self):
        """The panel goes."""
        self.forget()
        self._spacing.disconnect("timeout()", self._go)
        self._rest.disconnect("timeout()", self._has_rested)

    def want(self, choices, extras):
        """The map of these settings is wanted. extras: what a full one has besides, keywords of pipeline.run."""
        if (choices, extras) != self.wanted:
            self.wanted, self._rests = (choices, extras), False
            self._rest.start(REST_MS)
            self._go()

    def has_other_numbers(self, choices):
        """Whether these settings have other parameters than those that were wanted last, but the same methods."""
        last = self.wanted[0] if self.wanted else {}
        return choices != last and _methods(choices) == _methods(last)

    def choices_of(self, answer):
        """The settings of an answer; None if nobody asked, or of a full map that is not wanted any more.

        Makes room for the next command.
        """
        number = answer["update"]
        detail, asked = self._asked.pop(number, (None, None))
        if number == self._unanswered:
            self._unanswered = None
        self._go()
        return asked[0] if asked and (detail == COARSE or asked == self.wanted) else None

    def _has_rested(self):
        self._rests = True
        self._go()

    def _go(self):
        """Send what is to be sent now."""
        if self.wanted is None or self._unanswered is not None or self._spacing.active:
            return
        choices, extras = self.wanted
        if self._latest[COARSE] != choices:
            self._latest[COARSE], self._latest[FULL] = choices, None  # a full map that is being made is given up
            self._unanswered = self._ask(COARSE)
            self._spacing.start(SPACING_MS)
        elif self._rests and self._latest[FULL] != self.wanted:
            self._latest[FULL] = self.wanted
            self._ask(FULL, **extras)

    def _ask(self, detail, **extras):
        self._count += 1
        self._asked[self._count] = detail, self.wanted
        self._send({"live": {"update": self._count, "settings": self.wanted[0], "detail": detail, **extras}})
        return self._count


def _methods(choices):
    return {stage: choices.get(stage, {}).get("method", default) for stage, default in DEFAULTS.items()}


def _timer(slot):
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.connect("timeout()", slot)
    return timer
