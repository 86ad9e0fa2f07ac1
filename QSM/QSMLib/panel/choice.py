"""A dialog in which the user picks entries of a list."""

import qt

ROOM_PX, WIDEST_PX = 40, 800  # beside the texts, for frame and scroll bar; of the list


class Choice:
    """A dialog with a list, of which the user picks one or more entries."""

    def __init__(self, parent, title, names):
        self.dialog, self.list = qt.QDialog(parent), qt.QListWidget()
        self.dialog.setWindowTitle(title)
        self.list.selectionMode = qt.QAbstractItemView.ExtendedSelection
        for name in names:
            self.list.addItem(name)
        self.list.setCurrentRow(0)
        self.list.setMinimumWidth(min(self.list.sizeHintForColumn(0) + ROOM_PX, WIDEST_PX))
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
