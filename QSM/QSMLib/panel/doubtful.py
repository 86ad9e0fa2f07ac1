"""The check box that marks the voxels of the map that should not be trusted."""

from slicer.i18n import tr as _

from QSMLogic.model.doubtful import DISTINCT, DOUBTFUL_PPM

from ..display import doubtful

TOOLTIP = (
    "Mark where the map should not be trusted, as streaks may look like lesions there: its uncertainty exceeds {limit} "
    "ppm, and its value is less than {times} times as large."
)


class Doubtful:
    """Acts on State.result."""

    def __init__(self, ui, state):
        self.box, self.state, self._drawn = ui.doubtfulCheckBox, state, None
        self.box.toolTip = _(TOOLTIP).format(limit=f"{DOUBTFUL_PPM:g}", times=f"{DISTINCT:g}")
        self.box.connect("toggled(bool)", self._mark)

    def update(self, state):
        """Show whether voxels are marked; if another map was chosen or computed, its marks take their place, if any."""
        self.state = state
        can = doubtful.can_mark(state.result)
        if doubtful.marked() and not (can and self._drawn == self._version()):
            self._mark(can)
        shown = doubtful.marked() is not None
        blocked = self.box.blockSignals(True)
        self.box.enabled, self.box.checked = can, shown
        self.box.blockSignals(blocked)

    def _mark(self, wanted):
        if wanted and doubtful.can_mark(self.state.result):
            doubtful.mark(self.state.result)
            self._drawn = self._version()
        else:
            doubtful.unmark()

    def _version(self):
        """What changes with the voxels of the map or of its uncertainty."""
        volumes = self.state.result, self.state.result.GetNodeReference(doubtful.UNCERTAINTY_ROLE)
        return [(volume.GetID(), volume.GetImageData().GetMTime()) for volume in volumes]
