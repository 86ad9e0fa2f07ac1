"""The state of the panel in the module's parameter node, so that it is saved with the scene."""

from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY

from ...scan.stored import Stored, flag_property, text_property

MODULE, FILE = "module", "file"  # values of State.source beside the names of presets
OPENED = "Opened"


class CohortState(Stored):
    """Reads and writes a vtkMRMLScriptedModuleNode."""

    root = text_property("Input", "The BIDS folder, or a folder tree of DICOM files.")
    output = text_property("Output", "The folder for maps, tables and pages.")
    work = text_property("WorkFolder", "The folder for the BIDS data set that is made of DICOM files; may be empty.")
    source = text_property("Source", 'Name of a preset ("" for the first), MODULE or FILE.')
    settings_file = text_property("SettingsFile", "The settings if the source is FILE.")
    atlas = text_property("Atlas", "Folder of an atlas; empty for none.")
    keeps = flag_property("KeepOpened", "Whether scans that were opened stay in the scene when another one is.")

    @property
    def maps(self):
        """The maps wanted besides, as the option --maps takes them."""
        return self._text("Maps").split()

    @maps.setter
    def maps(self, names):
        self._set_text("Maps", " ".join(names))

    @property
    def workers(self):
        """Scans at a time; 0 for an automatic number."""
        text = self._text("Workers")
        return int(text) if text.isdigit() else 0

    @workers.setter
    def workers(self, count):
        self._set_text("Workers", str(count))

    @property
    def shown_map(self):
        """The name of the map that is opened, as in the catalogue."""
        name = self._text("Map")
        return name if name in CATALOGUE else SUSCEPTIBILITY

    @shown_map.setter
    def shown_map(self, name):
        self._set_text("Map", name)

    @property
    def opened(self):
        """The nodes of the scan that was opened last."""
        return self._references(OPENED)

    @opened.setter
    def opened(self, nodes):
        self._set_references(OPENED, nodes)
