"""Files and folders that are dropped on the panel."""

from contextlib import suppress

import qt

ENTER, MOVE, DROP = (getattr(qt.QEvent, name) for name in ("DragEnter", "DragMove", "Drop"))


class Drop(qt.QObject):
    """Accepts files from outside on a widget. on_paths(paths): called after the drop."""

    def __init__(self, widget, on_paths):
        super().__init__()
        self.widget, self.on_paths = widget, on_paths
        widget.acceptDrops = True
        widget.installEventFilter(self)

    def close(self):
        """The panel goes, perhaps after its widget, which then has let go of the filter."""
        with suppress(RuntimeError, ValueError):  # of PySide and PythonQt
            self.widget.removeEventFilter(self)

    def eventFilter(self, watched, event):
        """What Qt asks before the widget gets an event: whether that is done with."""
        kind = event.type()
        if kind not in (ENTER, MOVE, DROP):
            return False
        paths = _paths(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == DROP:
            qt.QTimer.singleShot(0, lambda: self.on_paths(paths))  # the program that they come from waits for the end
        return True


def _paths(data):
    """The local files and folders in a QMimeData."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
