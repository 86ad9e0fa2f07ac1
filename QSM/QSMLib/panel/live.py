"""Live: the map in the views follows the settings while they change."""

import numpy as np
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.model.given_maps import GIVEN_MAPS
from QSMLogic.pipeline import job_files
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import step_title

from ..display.live_chart import LiveChart
from ..display.live_map import LiveMap
from ..scan.request import read_scan
from .live_commands import LiveCommands
from .process import Process
from .scan_key import scan_key
from .turns import in_turns

SLIDING = ("passes", "background", "invert", "reference")  # stages with sliders
UNFOLDED = ("background", "invert")


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
        self.map = self.chart = self._scan = self._key = self._reduction = None
        self._full = self._steps = self._curve = self._point = None
        self._choices = self._chosen = None
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
            self.end(_("Live has ended, as the scan or its mask has changed."))
        elif self._reduction:
            self.commands.want(state.choices)
        self._show_buttons()

    def follows(self, state):
        """Whether only numbers of the settings have changed, which the live map follows at once."""
        if not (self._reduction and self.commands.has_other_numbers(state.choices)):
            return False
        self.commands.want(state.choices)
        self._show_buttons()
        return True

    def begin(self):
        """Start the job for the chosen scan."""
        request = self.state.request()
        scan = self._scan = read_scan(request)
        self._key, self._reduction = self._input(), None
        self._choices, self._chosen, self._automatic = self.state.choices, None, {}
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
        request = self.state.request()
        self._go(self.run.bring(self.process.folder / self._full[1], self._scan, request), self._kept)

    def end(self, message=""):
        """End the job; the scene is as it was, and the settings stay."""
        if not self.is_on:
            return
        self._let_go()
        for stage in SLIDING:
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
        self._key = self._reduction = self._full = self._steps = self._scan = self._curve = self._point = None
        self.look.live = None
        if self.chart:
            self.chart.remove()
        if self.map:
            self.map.remove()
        self.map = self.chart = None

    def _input(self):
        """What a session is of. A reference region counts if it is used."""
        state = self.state
        key, region = scan_key(state, ()), (state.reference, state.reference_segment)
        return key, [state.given_map(name) for name in GIVEN_MAPS], region if state.refers_to_region else None

    def _has_same_input(self):
        *images, region = self._input()
        return images[0] is not None and images == [*self._key[:2]] and region in (None, self._key[2])

    def _progress(self, stage, fraction):
        if not self._reduction:
            self.ui.progressBar.value = round(100 * fraction)
            self.ui.statusLabel.text = f"{_(step_title(stage))} ..."

    def _done(self, folder):
        self.end(_("Live has ended."))

    def _hear(self, news):
        if "ready" in news:
            self._begin_sliding(news["ready"])
        elif "update" in news:
            choices = self.commands.choices_of(news)
            if choices is not None:
                self._show_answer(news, choices)
        if news.get("curve"):
            self._show_curve(news["curve"])

    def _begin_sliding(self, ready):
        is_first, self._reduction = not self._reduction, tuple(ready["reduction"])
        if is_first:
            self.ui.progressBar.setVisible(False)
            self.ui.methodButton.collapsed = self.ui.stagesBox.collapsed = False
            for stage in UNFOLDED:
                self.methods.stages[stage].unfold.checked = True
            self.run.say(_("Live: move a slider."))
        self._chosen = ready.get("invert")
        self._mark(ready["automatic"], self._choices)
        if ready.get("curve"):
            self._show_curve(ready["curve"])
        self.commands.want(self.state.choices)

    def _mark(self, found, choices):
        """Show the sliders with the values {"stage.parameter": value} of settings that leave them automatic."""
        for name, value in found.items():
            stage, _dot, parameter = name.partition(".")
            choice = choices.get(stage, {})
            if not choice.get(parameter):
                self._automatic[stage, choice.get("method", DEFAULTS[stage]), parameter] = value
        for stage in SLIDING:
            row = self.methods.stages[stage]
            key = stage, row.menu.currentData
            row.slide({name: v for (*method, name), v in self._automatic.items() if (*method,) == key}, self._chosen)

    def _show_answer(self, news, choices):
        if "error" in news:
            self.run.say(news["error"])
        elif news["detail"] == "full":
            maps = job_files.read_maps(self.process.folder / news["folder"])
            shown = news["folder"], choices
            self._go(self._shown_map().show(maps.susceptibility_ppm), lambda: self._has_full(*shown))
        else:
            array = np.load(self.process.folder / news["file"])
            self._shown_map().show_at_once(array, self._reduction)
            self._after_map(_("Live: coarse map in {seconds:.2g} s.").format(seconds=news["seconds"]))
        self._mark(news.get("values") or {}, choices)
        if news.get("point"):
            self._point = news["point"]
            if self.chart:
                self.chart.move(self._point)
        self._show_buttons()

    def _has_full(self, folder, choices):
        self._full = choices, folder
        self._after_map(_("Live: map at full resolution."))
        self._show_buttons()

    def _after_map(self, text):
        self.ui.statusLabel.text = text
        if self.look.live is not self.map.node:
            self.look.live = self.map.node
            self.look.update(self.state)
        if self._curve and not self.chart:
            self._show_curve(self._curve)

    def _shown_map(self):
        if not self.map:
            self.map = LiveMap(self._scan.source, self.state.magnitude_volume, self.state.result)
        return self.map

    def _show_curve(self, curve):
        """Show the L-curve if it is wanted; it belongs to the map, which may come later."""
        self._curve = curve
        if not (self.state.curve and self.map and self.map.node):
            return
        if self.chart:
            self.chart.remove()
        self.chart = LiveChart(self.map.node, curve)
        if self._point:
            self.chart.move(self._point)

    def _kept(self):
        self.map.hand_over_colors()
        self.map.show_anew()
        self.run.say(_("Kept {map}.").format(map=self.state.result.GetName()))
        self._show_buttons()

    def _go(self, steps, then):
        """Take steps in turns of the event loop, unless live ends or others take their place."""
        self._steps = steps

        def end():
            self._steps = None
            then()

        in_turns(steps, lambda: steps is self._steps, end, lambda error: self.end(str(error)))

    def _show_buttons(self):
        ui, is_full = self.ui, bool(self._full) and self._full[0] == self.state.choices
        ui.liveButton.checked = self.is_on
        ui.liveButton.enabled = self.is_on or not (self.run.missing or self._is_paused)
        ui.liveButton.toolTip = self.run.missing or _(
            "Let the map in the views follow the settings while you change them."
        )
        ui.keepButton.setVisible(self.is_on)
        ui.keepButton.enabled = is_full and self._steps is None
        ui.keepButton.toolTip = (
            _("Put this map into the scene, as Apply does.") if is_full else _("Wait for the map at full resolution.")
        )
