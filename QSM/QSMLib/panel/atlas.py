"""The atlas in the section Regions: its registration to the scan, in a separate process."""

import json

import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..regions.choices import ATLAS
from .process import Process
from .segment_editor import open_segment_editor

FOLDER = "QSM/AtlasFolder"  # in the settings of the application


class Atlas:
    """Registers the chosen atlas; its labels become the regions. regions: the part Regions."""

    def __init__(self, ui, regions):
        self.ui, self.regions, self.request, self._seen = ui, regions, None, ("", ("", ""))
        self.process = Process(self._progress, lambda line: None, self._arrived, self._finish)
        for name, selector in self._selectors().items():
            for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
                selector.connect(signal, lambda node, name=name: self._choose(name, node))
        for edit, choose in ((ui.atlasNamesEdit, self._choose_names), (ui.atlasFolderEdit, self._choose_folder)):
            edit.connect("currentPathChanged(QString)", choose)
            edit.connect("validInputChanged(bool)", choose)  # an emptied field sends only this
        ui.registerButton.connect("clicked()", self._register_or_cancel)
        ui.editRegionsButton.connect("clicked()", self.edit)
        ui.registerBar.setVisible(False)

    @property
    def running(self):
        """Whether a registration is going on."""
        return self.request is not None

    def update(self, state):
        """Show what the parameter node holds, and what is missing."""
        choices = self.regions.choices
        for name, selector in self._selectors().items():
            blocked = selector.blockSignals(True)
            selector.setCurrentNode(getattr(choices, name))
            selector.blockSignals(blocked)
        for edit, path in ((self.ui.atlasNamesEdit, choices.names), (self.ui.atlasFolderEdit, self.folder)):
            if edit.currentPath != path:
                edit.currentPath = path
        self._show_source()
        regions = choices.regions
        self.ui.editRegionsButton.setVisible(bool(regions) and regions.IsA("vtkMRMLSegmentationNode"))
        if not self.running:
            missing = self._missing()
            self.ui.registerButton.enabled = not missing
            self.ui.registerButton.toolTip = missing or _(
                "Register the atlas to the scan; its labels become the regions."
            )

    @property
    def folder(self):
        """The folder of an atlas, which is the same in every scene; empty for template and labels in the scene."""
        return slicer.app.settings().value(FOLDER) or ""

    def register(self):
        """Start the registration."""
        from ..regions import atlas

        request = self._request()
        atlas.check_request(request)
        self.request = request
        self.ui.registerBar.setVisible(True)
        self.ui.registerBar.value = 0
        self.ui.registerButton.text, self.ui.registerButton.toolTip = _("Cancel"), _("Stop at once.")
        self._say(_("Registering the atlas ..."))
        try:
            self.process.start(lambda folder: atlas.prepare(folder, request))
        except OSError as error:
            self._finish(_("Temporary files cannot be written: {reason}. Free some disk space.").format(reason=error))

    def cancel(self):
        """End a registration; the scene stays as it was."""
        if self.running:
            self.process.stop()
            self._finish(_("Canceled."))

    def close(self):
        """The panel goes: end a registration, and leave the widgets alone."""
        self.process.stop()
        self.request = None

    def edit(self):
        """Open the Segment Editor on the regions, over the map."""
        open_segment_editor(self.regions.choices.regions, next(iter(self.regions.maps), None))

    def _selectors(self):
        """{name in RegionChoices: selector}"""
        ui = self.ui
        return {"template": ui.templateSelector, "target": ui.atlasTargetSelector, "labels": ui.atlasLabelsSelector}

    def _request(self):
        from QSMLogic.regions import read_label_names

        from ..regions.atlas import AtlasRequest

        choices, magnitude = self.regions.choices, self.regions.state.magnitude_volume
        if self.folder:
            return AtlasRequest(self._target(), folder=self.folder, magnitude=magnitude)
        names = read_label_names(choices.names)[0] if choices.names else None
        return AtlasRequest(self._target(), choices.template, choices.labels, names)

    def _target(self):
        """The scan's image that was chosen, by default the map."""
        return self.regions.choices.target or self.regions.state.result

    def _missing(self):
        """Why the atlas cannot be registered; empty if it can."""
        choices = self.regions.choices
        if self.folder and self._target():
            return self._known()[1]
        for node, what in (
            (self.folder or choices.template, _("Choose the folder of an atlas, or a template.")),
            (self.folder or choices.labels, _("Choose the labels of the template.")),
            (self._target(), _("Compute a susceptibility map, or choose the image to register to.")),
        ):
            if not node:
                return what
        return ""

    def _known(self):
        """What is shown of the atlas in the folder: its terms and reference; and why it cannot be used."""
        from ..regions.atlas import known_atlas

        if self._seen[0] != self.folder:
            try:
                self._seen = self.folder, (known_atlas(self.folder).about(), "")
            except QSMError as error:
                self._seen = self.folder, ("", str(error))
        return self._seen[1]

    def _show_source(self):
        """Terms and reference of the atlas in the folder, before its first use; or the choices of nodes instead."""
        about = "".join(self._known()) if self.folder and self.regions.choices.source == ATLAS else ""
        self.ui.atlasAboutLabel.text = about
        self.ui.atlasAboutLabel.setVisible(bool(about))
        for widget in ("templateSelector", "atlasLabelsSelector", "atlasNamesEdit"):
            for name in (widget, f"{widget}Label"):
                getattr(self.ui, name).setVisible(not self.folder)

    def _register_or_cancel(self):
        if self.running:
            self.cancel()
            return
        try:
            self.register()
        except QSMError as error:
            self._say(str(error))

    def _progress(self, stage, fraction):
        self.ui.registerBar.value = round(100 * fraction)

    def _arrived(self, folder):
        from ..regions import atlas

        request = self.request
        try:
            node = atlas.add_regions(folder, request)
        except Exception as error:
            self._finish(str(error))
            raise
        self.regions.choose(node)
        self._finish(_quality(node, atlas.QUALITY))

    def _finish(self, message):
        self.request = None
        self.ui.registerBar.setVisible(False)
        self.ui.registerButton.text = _("Register atlas")
        self._say(message)
        self.update(self.regions.state)

    def _choose_names(self):
        self._choose("names", self.ui.atlasNamesEdit.currentPath)

    def _choose_folder(self):
        path = self.ui.atlasFolderEdit.currentPath
        if path != self.folder:
            slicer.app.settings().setValue(FOLDER, path)
            self._seen = "", ("", "")
            self.update(self.regions.state)

    def _choose(self, name, value):
        if not self.regions.state.settling:
            setattr(self.regions.choices, name, value)

    def _say(self, text):
        self.ui.regionsLabel.text = text


def _quality(node, attribute):
    """The quality of the registration, in sentences: what it took, what is to be looked at, and which files changed."""
    quality = json.loads(node.GetAttribute(attribute))
    notes = {name: entry["note"] for name, entry in quality["labels"].items() if entry["note"]}
    text = _(
        "Registered in {seconds:.0f} s. Dice overlap of the brain masks: {overlap:.0f} %. Check the outlines, and "
        "correct them if needed."
    )
    parts = [text.format(seconds=quality["seconds"], overlap=100 * quality["overlap"]), quality.get("changes", "")]
    if notes:
        parts.append(_("To look at: {notes}.").format(notes="; ".join(f"{name} ({notes[name]})" for name in notes)))
    return " ".join(filter(None, parts))
