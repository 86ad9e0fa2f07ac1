"""Widgets that hide what they contain."""

from PySide6 import QtCore, QtWidgets

_EXPLICIT = QtCore.Qt.WidgetAttribute.WA_WState_ExplicitShowHide
_HIDDEN = QtCore.Qt.WidgetAttribute.WA_WState_Hidden


class HidesContents:
    """Hides and shows the children. One that its owner hides or shows meanwhile is so after the next showing."""

    _contents_hidden = False
    _at_work = False
    _unwanted = frozenset()  # children that their owner has hidden

    def hide_contents(self, hidden):
        self._contents_hidden = hidden
        self._arrange()

    def event(self, event):
        kinds = QtCore.QEvent.Type
        if event.type() in (kinds.Polish, kinds.Show, kinds.ChildPolished) and self._contents_hidden:
            self._arrange()
        return super().event(event)

    def eventFilter(self, child, event):
        kinds = QtCore.QEvent.Type
        if not self._at_work and event.type() in (kinds.ShowToParent, kinds.HideToParent):
            self._unwanted = (
                self._unwanted - {child} if event.type() == kinds.ShowToParent else self._unwanted | {child}
            )
            self._arrange()
        return False

    def _arrange(self):
        self._at_work = True
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget) and not child.isWindow():
                self._arrange_child(child)
        self._at_work = False

    def _arrange_child(self, child):
        child.removeEventFilter(self)
        if child.testAttribute(_EXPLICIT) and child.testAttribute(_HIDDEN) and child not in self._unwanted:
            self._unwanted = self._unwanted | {child}
        child.setVisible(not self._contents_hidden and child not in self._unwanted)
        if child not in self._unwanted:
            child.setAttribute(_EXPLICIT, False)  # hidden by us, not by its owner
        child.installEventFilter(self)
