"""Ways to bring a scan into the scene: the menu of the button Load files, and files that are dropped on the panel."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display import views
from ..scan import loading
from .choice import Choice
from .dicom_search import DicomSearch

FILTER = "*.nii *.nii.gz *.nrrd *.mha *.dcm *.ima"


class Load:
    """run: the part Run. on_loaded(nodes): called when images have come into the scene."""

    def __init__(self, ui, run, on_loaded):
        self.ui, self.on_loaded = ui, on_loaded
        self.dicom = DicomSearch(ui, run, on_loaded)
        menu = self.menu = qt.QMenu(ui.loadButton)
        for text, slot in ((_("Files..."), self.load_files), (_("Folder, DICOM or BIDS..."), self.load_folder)):
            menu.addAction(text).connect("triggered()", slot)
        ui.loadButton.setMenu(menu)

    def load_files(self):
        """Images that the user picks, with their JSON sidecars, or DICOM files."""
        filter_ = f"{_('Images')} ({FILTER});;{_('All files')} (*)"
        self.load(qt.QFileDialog.getOpenFileNames(self.ui.loadButton, _("Magnitude and phase images"), "", filter_))

    def load_folder(self):
        """All images of a folder that the user picks, runs of a BIDS data set, or scans in DICOM files."""
        title = _("Folder with images or DICOM files, or BIDS data set")
        folder = qt.QFileDialog.getExistingDirectory(self.ui.loadButton, title)
        self.load([folder] if folder else [])

    def load(self, paths):
        """Load files and folders: images, or the scans in DICOM files."""
        paths = [Path(path) for path in paths]
        images = [path for path in paths if loading.has_images(path)]
        if images and len(images) < len(paths):
            self.ui.statusLabel.text = _("Load image files and DICOM files one after the other.")
        elif len(paths) == len(images) == 1 and images[0].is_dir():
            self._load_folder(images[0])
        elif images:
            self._load(lambda: loading.load_paths(images))
        elif paths:
            self.dicom.search(paths)

    def _load_folder(self, folder):
        """A folder with images, or a BIDS data set, of which the user picks runs."""
        try:
            runs = loading.bids_scans(folder)
        except QSMError:
            runs = []
        if len(runs) < 2:
            self._load(lambda: loading.load_paths([folder]))
            return
        picked = Choice(self.ui.loadButton, _("Choose the scans to load:"), [run.name for run in runs]).ask()
        if picked:
            self._load(lambda: [node for n in picked for node in loading.load_bids(runs[n])])

    def _load(self, load):
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            nodes = load()
        except QSMError as error:
            self.ui.statusLabel.text = str(error)
        else:
            self.ui.statusLabel.text = ""
            views.show_volume(nodes[0])
            self.on_loaded(nodes)
        finally:
            slicer.app.restoreOverrideCursor()
