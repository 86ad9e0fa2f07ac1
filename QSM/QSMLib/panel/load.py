"""The buttons that bring a scan into the scene."""

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display import views
from ..scan import loading

FILTER = "*.nii *.nii.gz *.nrrd *.mha"


class Load:
    """on_loaded(nodes): called when images have come into the scene."""

    def __init__(self, ui, on_loaded):
        self.ui, self.on_loaded = ui, on_loaded
        menu = self.menu = qt.QMenu(ui.loadButton)
        for text, slot in ((_("Files..."), self.load_files), (_("Folder or BIDS data set..."), self.load_folder)):
            menu.addAction(text).connect("triggered()", slot)
        ui.loadButton.setMenu(menu)

    def load_files(self):
        """Images that the user picks, with their JSON sidecars."""
        filter_ = f"{_('Images')} ({FILTER})"
        paths = qt.QFileDialog.getOpenFileNames(self.ui.loadButton, _("Magnitude and phase images"), "", filter_)
        self._load(lambda: loading.load_paths(paths), paths)

    def load_folder(self):
        """All images of a folder, or the runs of a BIDS data set that the user picks."""
        folder = qt.QFileDialog.getExistingDirectory(self.ui.loadButton, _("Folder with images, or BIDS data set"))
        if not folder:
            return
        try:
            runs = loading.bids_scans(folder)
        except QSMError:
            runs = []
        if len(runs) < 2:
            self._load(lambda: loading.load_paths([folder]), folder)
            return
        picked = Choice(self.ui.loadButton, _("Choose the scans to load:"), [run.name for run in runs]).ask()
        self._load(lambda: [node for n in picked for node in loading.load_bids(runs[n])], picked)

    def _load(self, load, wanted):
        if not wanted:
            return
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


class Choice:
    """A dialog with a list, of which the user picks one or more entries."""

    def __init__(self, parent, title, names):
        self.dialog, self.list = qt.QDialog(parent), qt.QListWidget()
        self.dialog.setWindowTitle(title)
        self.list.selectionMode = qt.QAbstractItemView.ExtendedSelection
        for name in names:
            self.list.addItem(name)
        self.list.setCurrentRow(0)
        buttons = qt.QDialogButtonBox()
        buttons.setStandardButtons(qt.QDialogButtonBox.Ok | qt.QDialogButtonBox.Cancel)
        buttons.connect("accepted()", self.dialog.accept)
        buttons.connect("rejected()", self.dialog.reject)
        layout = qt.QVBoxLayout(self.dialog)
        layout.addWidget(self.list)
        layout.addWidget(buttons)

    def ask(self):
        """The positions of what was picked; empty if the user has canceled."""
        accepted = self.dialog.exec_()
        picked = [n for n in range(self.list.count) if self.list.item(n).isSelected()]
        self.dialog.deleteLater()
        return picked if accepted else []
