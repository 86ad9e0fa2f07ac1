"""Run the computation: Apply, Preview, Cancel, progress, log, and the transfer of the result."""

import time

import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.pipeline import job_files
from QSMLogic.pipeline.preview import preview_reduction
from QSMLogic.registry.provenance import choice_made, warnings
from QSMLogic.registry.stages import step_title

from ..display import views
from ..display.charts import show_chart
from ..display.strength_chart import update_strength_chart
from ..scan import sample
from ..scan.outputs import wants_quality, write_map
from ..scan.request import check_scan, read_scan
from .process import Process
from .turns import in_turns

SAMPLE_VOXEL_MM = 1.5


class Run:
    """Runs the pipeline in a separate process. The scene changes only when a result is available.

    on_result(): called when a map or a scan has arrived in the scene. resting: parts that rest meanwhile.
    service: the Service with the process.
    """

    def __init__(self, ui, state, on_result, resting, service):
        self.ui, self.state, self.on_result, self.resting = ui, state, on_result, resting
        self.process = Process(self._progress, self.log, self._arrived, self._finish, service=service)
        self._arrive = self._steps = self._began = self._then = None
        self.missing = ""
        ui.applyButton.connect("clicked()", self._apply_or_cancel)
        ui.previewButton.connect("clicked()", lambda: self._try(self.preview))
        ui.logButton.connect("toggled(bool)", ui.logText.setVisible)
        ui.sampleButton.connect("clicked()", self.load_sample)
        ui.logText.setVisible(False)
        ui.progressBar.setVisible(False)

    @property
    def running(self):
        """Whether a process is at work, or its result is just coming into the scene."""
        return self._arrive is not None

    def update(self, state):
        """Enable what can work, and let tooltips say what is missing if it cannot."""
        self.state = state
        if self.running:
            return
        missing = self.missing = _missing(state)
        for button in (self.ui.applyButton, self.ui.previewButton):
            button.enabled = not missing
        self.ui.applyButton.toolTip = missing or _("Compute the susceptibility map.")
        self.ui.previewButton.toolTip = missing or _(
            "Compute a map at reduced resolution in a few seconds, to try settings."
        )

    def apply(self):
        """Map the scan at full resolution into the chosen output."""
        request = self.state.request()
        scan = read_scan(request)
        what = _("Computing the susceptibility map")
        self.start(lambda folder: self.write(folder, scan, request), lambda f: self.bring(f, scan, request), what)

    def bring(self, folder, scan, request):
        """Bring the maps of a run into the scene: a generator that must be run to its end."""
        maps, output = self._read_maps(folder), request.output_volume
        yield
        volume = write_map(maps, scan.source, _present(output), scan.names, request.intermediate)
        yield
        with slicer.util.NodeModify(self.state.node):
            self.state.result = volume
            if self.state.output is _present(output):  # nothing else was chosen meanwhile
                self.state.output = volume
        yield
        _show(volume, scan)
        yield
        chart = update_strength_chart(volume, maps.provenance)
        if chart:
            show_chart(chart)
        yield

    def preview(self):
        """Map the scan on coarse voxels into a volume of its own."""
        request = self.state.request()
        scan = read_scan(request)
        reduction = preview_reduction(scan.grid.shape, scan.grid.spacing_mm)

        def arrive(folder):
            maps = self._read_maps(folder)
            yield
            volume = write_map(maps, scan.source, self.state.preview, scan.names, reduction=reduction)
            yield
            with slicer.util.NodeModify(self.state.node):
                self.state.preview = self.state.result = volume
            yield
            _show(volume, scan)
            yield

        self.start(lambda folder: self.write(folder, scan, request, reduction), arrive, _("Computing a preview"))

    @staticmethod
    def write(folder, scan, request, reduction=None, task="run"):
        """Write what a job needs of a SceneScan and its Request: a generator that must be run to its end."""
        images = scan.images("magnitude"), scan.images("phase")
        options = {} if reduction else Run.extras(request.output_volume, request)
        options |= {"reference_mask": scan.reference, "given_maps": scan.given_maps, "task": task}
        return job_files.write_run(folder, *images, scan.facts, scan.mask, request.settings, reduction, **options)

    @staticmethod
    def extras(output, wishes):
        """What a run into the output volume has besides the map; wishes: the State, or its Request."""
        return {"quality": wants_quality(output, wishes.intermediate), "curve": wishes.curve}

    def load_sample(self):
        """Simulate the scan of a head, put it into the scene and choose it."""

        def arrive(folder):
            magnitude, phase = sample.add_scan(folder)[:2]
            yield
            self.state.choose_scan(list(zip(magnitude, phase, strict=True)))
            yield
            views.show_volume(magnitude[0])
            yield

        self.start(_simulation, arrive, _("Simulating a scan"))

    def start(self, prepare, arrive, what, then=None):
        """Begin a job in the process.

        prepare(folder), arrive(folder): generators that write its input and bring its result into the scene, step by
        step; the folder is gone after the first step of the latter. what: the job, in words. then(): called at its end.
        """
        self._arrive, self._then, self._began = arrive, then, time.monotonic()
        for part in self.resting:
            part.pause()
        self.ui.logText.clear()
        self.ui.progressBar.setVisible(True)
        self.ui.progressBar.value = 0
        self.ui.applyButton.text, self.ui.applyButton.enabled = _("Cancel"), True
        self.ui.applyButton.toolTip = _("Stop at once; the scene is not changed.")
        for button in (self.ui.previewButton, self.ui.sampleButton):
            button.enabled = False
        self.say(what + " ...")
        try:
            self.process.start(prepare)
        except OSError as error:
            self._finish(_("Temporary files cannot be written: {reason}. Free some disk space.").format(reason=error))

    def say(self, message):
        """Show a message, and keep it in the log."""
        self.ui.statusLabel.text = message
        self.log(message)

    def log(self, line):
        """Add a line to the log."""
        self.ui.logText.appendPlainText(line)

    def cancel(self):
        """End a run at once; the scene stays as it was."""
        if self.running:
            self.process.stop()
            self._finish(_("Canceled."))

    def close(self):
        """The panel goes: end a run, or what brings its result into the scene, and leave the widgets alone."""
        self.process.stop()
        self._arrive = self._steps = self._then = None

    def forget(self):
        """The scene closes: end a run, or forget how the last one ended."""
        if self.running:
            self.cancel()
        else:
            self.ui.statusLabel.text = ""

    def _apply_or_cancel(self):
        if self.running:
            self.cancel()
        else:
            self._try(self.apply)

    def _try(self, begin):
        try:
            begin()
        except QSMError as error:
            self.say(str(error))

    def _progress(self, stage, fraction):
        self.ui.progressBar.value = round(100 * fraction)
        title = _(step_title(stage))
        if not self.ui.statusLabel.text.startswith(title):
            self.log(f"{time.monotonic() - self._began:6.1f} s  {title}")
        self.ui.statusLabel.text = f"{title} ..."

    def _read_maps(self, folder):
        """The maps of a run; what it chose and warns of goes to the log."""
        maps = job_files.read_maps(folder)
        if choice_made(maps.provenance):
            self.log(choice_made(maps.provenance))
        for warning in warnings(maps.provenance):
            self.log(_("Warning: {text}").format(text=warning))
        return maps

    def _arrived(self, folder):
        """Bring the result into the scene step by step, each in a turn of its own: the event loop must not stand still.

        The first step is taken at once, as the folder is gone afterwards.
        """
        self.ui.applyButton.enabled = False  # too late to cancel
        steps = self._steps = self._arrive(folder)
        in_turns(steps, lambda: steps is self._steps, self._done, self._not_arrived)

    def _done(self):
        then = self._then
        self._end(_("Done in {seconds:.1f} s.").format(seconds=time.monotonic() - self._began))
        self.on_result()
        if then:
            then()

    def _not_arrived(self, error):
        self._finish(str(error))
        raise error

    def _finish(self, message):
        self._end(message)
        self.update(self.state)

    def _end(self, message):
        self._arrive = self._steps = self._then = None
        self.ui.progressBar.setVisible(False)
        self.ui.applyButton.text = _("Apply")
        self.ui.sampleButton.enabled = True
        self.say(message)
        for part in self.resting:
            part.resume()


def _show(volume, scan):
    holder = scan.source.holder
    background = holder if holder.IsA("vtkMRMLVolumeNode") else scan.source.volume
    views.show_result(volume, _present(background))


def _simulation(folder):
    job_files.write_simulation(folder, SAMPLE_VOXEL_MM)
    yield


def _missing(state):
    """Why the run cannot start; empty if it can."""
    try:
        check_scan(state.request())
    except QSMError as error:
        return str(error)
    return ""


def _present(node):
    """The node, if it has not left the scene meanwhile."""
    return node if node and slicer.mrmlScene.IsNodePresent(node) else None
