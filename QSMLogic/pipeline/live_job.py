"""The job of a live session: it waits for commands, and answers each with a map.

Commands are {"live": {"update": n, "settings": choices, "detail": "coarse" or "full"}}, a full one with "quality" and
"curve" as in pipeline.run, and {"end": true}. An update is done to its end, then the last one that waits is taken; a
full one is given up as soon as another command waits. Its news are ready={...} once the local field is there,
curve={...} when there was time for an L-curve, or None if a map has none yet, and for each update the keywords of
LiveJob's answers, or update=n, error=sentence. Progress is told only before it is ready, for the first time or anew.
"""

import queue
import shutil
import time

from ..model.errors import Cancelled, QSMError
from ..registry.settings import DEVICE, Settings
from .chain import run
from .job_files import array_file, write_arrays, write_maps
from .live import LiveSession, region_for

IDLE_S = 0.5  # without a command, after which an L-curve is drawn
KEPT_FILES = 2
COARSE, FULL = "coarse", "full"


def run_live(scan, folder, talk):
    """Answer commands until one asks for the end. scan: what job_files.read_run returns; talk: a Talk."""
    try:
        LiveJob(scan, folder, talk).answer_all()
    except Cancelled:
        if not talk.is_ended:
            raise


class LiveJob:
    """A live session, the commands to it and the files that it writes."""

    def __init__(self, scan, folder, talk):
        self.acquisition, self.mask, settings, options = scan
        self.reference_mask, self.given_maps = options["reference_mask"], options["given_maps"]
        self.device = settings.device
        self.folder, self.talk, self.session, self.curve_key = folder, talk, None, None
        self.files = {COARSE: [], FULL: []}
        self._prepare(settings)

    def answer_all(self):
        """Answer the last command that waits, again and again until the end; draw L-curves in between."""
        while (command := self._last_command()) is None or not command.get("end"):
            if command is None:
                self._draw_curve()
            elif "live" in command:
                self._answer(**command["live"])

    def _prepare(self, settings):
        """Make the session and say so, once a first map has brought everything to where it is used."""
        progress, kept = self.talk.progress, self.talk.begin_kept()
        session = LiveSession(self.acquisition, self.mask, settings, progress, kept, self.reference_mask)
        session.update(settings)
        self.session = session
        self._withdraw_curve()
        ready = {"reduction": list(session.reduction), "settings": settings.choices}
        self.talk.say(ready=ready | {"invert": session.inversion(settings), "automatic": session.automatic(settings)})

    def _last_command(self):
        """The last command that waits, or the end if it is among them; None if none has come for a while."""
        command, commands = None, self.talk.commands
        try:
            # With nothing left to draw, there is nothing to do but wait
            command = commands.get(timeout=None if self._is_drawn else IDLE_S)
            while not command.get("end"):
                command = commands.get_nowait()
        except queue.Empty:
            pass
        return command

    @property
    def _is_drawn(self):
        return self.session.curve_key == self.curve_key

    def _draw_curve(self):
        try:
            curve = self.session.curve(self._unless_commanded)
        except Cancelled:
            return
        self.curve_key = self.session.curve_key
        self.talk.say(curve=curve)

    def _withdraw_curve(self):
        """The point of a new map is not on the curve that was drawn."""
        if self.curve_key is not None:
            self.curve_key = None
            self.talk.say(curve=None)

    def _answer(self, update, settings, detail, **extras):
        try:
            settings = Settings({**settings, DEVICE: self.device})
            if not self.session.covers(settings):
                self._prepare(settings)
            if detail == FULL:
                self._full(update, settings, **extras)
            else:
                self._coarse(update, settings)
        except Cancelled:
            return
        except QSMError as error:
            self.talk.say(update=update, error=str(error))

    def _coarse(self, update, settings):
        began = time.perf_counter()
        made = self.session.update(settings)
        if not self._is_drawn:
            self._withdraw_curve()
        name = f"{COARSE}_{update}"
        write_arrays(self.folder, {name: made.susceptibility_ppm})
        self._keep(COARSE, array_file(self.folder, name))
        seconds, inversion = round(time.perf_counter() - began, 3), self.session.inversion(settings)
        box = made.box and [[part.start, part.stop] for part in made.box]
        news = {"array": name, "box": box, "values": made.values, "point": made.point}
        self.talk.say(update=update, detail=COARSE, seconds=seconds, invert=inversion, **news)

    def _full(self, update, settings, **extras):
        maps = run(
            self.acquisition,
            self.mask,
            settings,
            self._unless_commanded,
            region_for(settings, self.reference_mask),
            given_maps=self.given_maps,
            cache=self.talk.begin_kept(),
            **extras,
        )
        name = f"{FULL}_{update}"
        (self.folder / name).mkdir(exist_ok=True)
        write_maps(self.folder / name, maps)
        self._keep(FULL, self.folder / name)
        self.talk.say(update=update, detail=FULL, folder=name)
        self.session.learn(settings, maps)

    def _unless_commanded(self, *_):
        """Give up if a command waits."""
        if not self.talk.commands.empty():
            raise Cancelled

    def _keep(self, detail, path):
        """Keep the last files of each detail."""
        files = self.files[detail]
        files.append(path)
        while len(files) > KEPT_FILES:
            old = files.pop(0)
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)  # on Windows who reads it holds it
            else:
                old.unlink(missing_ok=True)
