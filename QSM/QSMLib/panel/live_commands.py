"""What a live session is asked for: coarse maps while settings change, a full one when they rest; the newest win."""

import qt

from QSMLogic.registry.settings import DEFAULTS

SPACING_MS, REST_MS = 50, 400  # between coarse commands, of which one at most is unanswered; before a full one
COARSE, FULL = "coarse", "full"


class LiveCommands:
    """send(command): passes a command to the session."""

    def __init__(self, send):
        self._send = send
        self._spacing, self._rest = _timer(self._go), _timer(self._has_rested)
        self.forget()

    def forget(self):
        """The session begins or ends."""
        self._spacing.stop()
        self._rest.stop()
        self._wanted = self._unanswered = None
        self._rests, self._count, self._shown, self._asked = False, 0, 0, {}
        self._latest = {COARSE: None, FULL: None}

    def close(self):
        """The panel goes."""
        self.forget()
        self._spacing.disconnect("timeout()", self._go)
        self._rest.disconnect("timeout()", self._has_rested)

    def want(self, choices):
        """The map of these settings is wanted."""
        if choices != self._wanted:
            self._wanted, self._rests = choices, False
            self._rest.start(REST_MS)
            self._go()

    def has_other_numbers(self, choices):
        """Whether these settings have other parameters than those that were wanted last, but the same methods."""
        return choices != self._wanted and _methods(choices) == _methods(self._wanted or {})

    def choices_of(self, answer):
        """The settings of an answer that is newer than those shown, None of others; makes room for the next command."""
        number = answer["update"]
        detail, choices = self._asked.pop(number, (None, None))
        if number == self._unanswered:
            self._unanswered = None
        is_new = choices is not None and number > self._shown
        if is_new and "error" not in answer:
            self._shown = number
        self._go()
        return choices if is_new else None

    def _has_rested(self):
        self._rests = True
        self._go()

    def _go(self):
        """Send what is to be sent now."""
        if self._wanted is None or self._unanswered is not None or self._spacing.active:
            return
        if self._latest[COARSE] != self._wanted:
            self._unanswered = self._ask(COARSE)
            self._spacing.start(SPACING_MS)
        elif self._rests and self._latest[FULL] != self._wanted:
            self._ask(FULL)

    def _ask(self, detail):
        self._count += 1
        self._latest[detail] = self._wanted
        if detail == COARSE:
            self._latest[FULL] = None  # a full map that is being made is given up
        self._asked[self._count] = detail, self._wanted
        self._send({"live": {"update": self._count, "settings": self._wanted, "detail": detail}})
        return self._count


def _methods(choices):
    return {stage: choices.get(stage, {}).get("method", default) for stage, default in DEFAULTS.items()}


def _timer(slot):
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.connect("timeout()", slot)
    return timer
