"""Live: the map in the views follows the settings while they change."""

from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.model.given_maps import GIVEN_MAPS
from QSMLogic.pipeline import job_files
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import LIVE, step_title

from ..scan.request import read_scan
from .live_commands import LiveCommands
from .live_view import LiveView
from .process import Process
from .scan_key import image_key, region_key, scan_key
from .turns import in_turns

UNFOLDED = ("background", "invert")
CHANGED = "Live has ended, as the scan, its mask or another input has changed."


class Live:
    """A job that maps the chosen scan anew for every change of settings, shown by nodes that leave with it.

    run: the Run, which it ends and which ends it. methods: the Methods, whose sliders it shows. look: the Look, which
    acts on the live map meanwhile. resting: parts that rest meanwhile.
    """

    def __init__(self, ui, state, run, methods, look, resting):
        self.ui, self.state, self.run, self.methods, self.look, self.resting = ui, state, run, methods, look, resting
        service = run.process.service
        self.process = Process(self._progress, run.log, self._done, self.end, self._hear, service)
        self.commands = LiveCommands(self.process.send)
        self.view = self._scan = self._key = self._reduction = self._full = self._keeping = self._chosen = None
        self._automatic, self._is_paused = {}, False
        ui.liveButton.connect("clicked()", self._clicked)
        ui.keepButton.connect("clicked()", self.keep)
        ui.keepButton.setVisible(False)

    @property
    def is_on(self):
        return self._key is not None

    def update(self, state):
        """Ask for the map of what the state holds; live ends if that is another scan."""
        self.state = state
        if self.is_on and not self._has_same_input():
            self.end(_(CHANGED))
        elif self._reduction:
            self._want()
        self._show_buttons()

    def follows(self, state):
        """Whether only numbers of the settings have changed, which the live map follows at once."""
        if not (self._reduction and self.commands.has_other_numbers(state.choices)):
            return False
        self._want()
        self._show_buttons()
        return True

    def begin(self):
        """Start the job for the chosen scan."""
        request = self.state.request()
        scan = self._scan = read_scan(request)
        self._key, self._reduction = self._input(), None
        self._chosen, self._automatic = None, {}
        self.view = LiveView(scan.source, self.state.magnitude_volume, self.state.result)
        for part in self.resting:
            part.pause()
        self.run.log(_("Live"))
        self.run.say(_("Preparing the live map ..."))
        self.ui.progressBar.setVisible(True)
        self.ui.progressBar.value = 0
        self.commands.forget()
        self.process.start(lambda folder: self.run.write(folder, scan, request, task="live"))
        self._show_buttons()

    def keep(self):
        """Put the full map into the scene, as Apply does, and go on."""
        if not self._has_same_input():
            self.end(_(CHANGED))
            return
        steps = self._keeping = self.run.bring(self.process.folder / self._full[1], self._scan, self.state.request())
        in_turns(steps, lambda: steps is self._keeping, self._kept, self._failed)
        self._show_buttons()

    def end(self, message=""):
        """End the job; the scene is as it was, and the settings stay."""
        if not self.is_on:
            return
        self._let_go()
        for stage in LIVE:
            self.methods.stages[stage].slide(None)
        self.ui.progressBar.setVisible(False)
        if message:
            self.run.say(message)
        for part in self.resting:
            part.resume()
        self._show_buttons()
        self.look.update(self.state)

    def pause(self):
        """A run begins."""
        self.end()
        self._is_paused = True
        self._show_buttons()

    def resume(self):
        """A run has ended."""
        self._is_paused = False
        self._show_buttons()

    def close(self):
        """The panel goes, and maybe its widgets."""
        self._let_go()
        self.commands.close()

    def _clicked(self):
        if not self.ui.liveButton.checked:
            self.end(_("Live has ended."))
            return
        try:
            self.begin()
        except (QSMError, OSError) as error:
            self.end()
            self.run.say(str(error))
            self._show_buttons()

    def _let_go(self):
        self.process.stop()
        self.commands.forget()
        view, self.view = self.view, None
        self._key = self._reduction = self._full = self._keeping = self._scan = None
        self.look.live = None
        if view:
            view.remove()

    def _input(self):
        """What a session is of. A reference region counts if it is used."""
        state = self.state
        region = region_key((state.reference, state.reference_segment)) if state.refers_to_region else None
        return scan_key(state, ()), [image_key(state.given_map(name)) for name in GIVEN_MAPS], region

    def _has_same_input(self):
        *images, region = self._input()
        return images[0] is not None and images == [*self._key[:2]] and region in (None, self._key[2])

    def _want(self):
        self.view.want_curve(self.state.curve)
        self.commands.want(self.state.choices, self.run.extras(self.state.output, self.state))

    def _progress(self, stage, fraction):
        """The session is being prepared, for the first time or for other fields."""
        self.ui.progressBar.setVisible(True)
        self.ui.progressBar.value = round(100 * fraction)
        self.ui.statusLabel.text = f"{_(step_title(stage))} ..."

    def _done(self, folder):
        self.end(_("Live has ended."))

    def _failed(self, error):
        self.end(str(error))
        raise error

    def _hear(self, news):
        if "ready" in news:
            self._begin_sliding(news["ready"])
        elif "update" in news:
            self.ui.progressBar.setVisible(False)
            choices = self.commands.choices_of(news)
            if choices is not None:
                self._show_answer(news, choices)
        elif "curve" in news:
            self.view.take_curve(news["curve"])

    def _begin_sliding(self, ready):
        is_first, self._reduction = not self._reduction, tuple(ready["reduction"])
        self.ui.progressBar.setVisible(False)
        if is_first:
            self.ui.methodButton.collapsed = self.ui.stagesBox.collapsed = False
            for stage in UNFOLDED:
                self.methods.stages[stage].unfold.checked = True
            self.run.say(_("Live: move a slider."))
        self._chosen = ready["invert"]
        self._mark(ready["automatic"], ready["settings"])
        self._want()

    def _mark(self, found, choices):
        """Show the sliders with the values {"stage.parameter": value} of settings that leave them automatic."""
        for name, value in found.items():
            stage, _dot, parameter = name.partition(".")
            choice = choices.get(stage, {})
            if not choice.get(parameter):
                self._automatic[stage, choice.get("method", DEFAULTS[stage]), parameter] = value
        for stage in LIVE:
            row = self.methods.stages[stage]
            key = stage, row.menu.currentData
            row.slide({name: v for (*method, name), v in self._automatic.items() if (*method,) == key}, self._chosen)

    def _show_answer(self, news, choices):
        if "error" in news:
            self.run.say(news["error"])
        elif news["detail"] == "full":
            maps = job_files.read_maps(self.process.folder / news["folder"])
            full, self._full = (self.commands.wanted, news["folder"]), None
            self.view.show_full(maps.susceptibility_ppm, lambda: self._has_full(full), self._failed)
        else:
            array = job_files.read_array(self.process.folder, news["array"])
            self.view.show_coarse(array, self._reduction, news["box"])
            self.view.move(news["point"])
            self._chosen = news["invert"]
            self._mark(news["values"], choices)
            said = _("Live: estimate in {seconds:.2g} s.") if news["box"] else _("Live: coarse map in {seconds:.2g} s.")
            self._after_map(said.format(seconds=news["seconds"]))
        self._show_buttons()

    def _has_full(self, full):
        self._full = full
        self._after_map(_("Live: map at full resolution."))
        self._show_buttons()

    def _after_map(self, text):
        self.ui.statusLabel.text = text
        if self.look.live is not self.view.node:
            self.look.live = self.view.node
            self.look.update(self.state)

    def _kept(self):
        self._keeping = None
        self.view.has_kept()
        self.run.on_result()
        self.run.say(_("Kept {map}.").format(map=self.state.result.GetName()))
        self._show_buttons()

    def _show_buttons(self):
        ui, is_full = self.ui, bool(self._full) and self._full[0] == self.commands.wanted
        ui.liveButton.checked = self.is_on
        ui.liveButton.enabled = self.is_on or not (self.run.missing or self._is_paused)
        ui.liveButton.toolTip = self.run.missing or _(
            "Let the map in the views follow the settings while you change them."
        )
        ui.keepButton.setVisible(self.is_on)
        ui.keepButton.enabled = is_full and self._keeping is None
        ui.keepButton.toolTip = (
            _("Put this map into the scene, as Apply does.") if is_full else _("Wait for the map at full resolution.")
        )
