"""What live shows: the map in the slice views, and the L-curve with the point of the map. Both leave with it."""

from ..display.live_chart import LiveChart
from ..display.live_map import LiveMap
from .turns import in_turns


class LiveView:
    """Shows the newest map of a session, and its L-curve if that is wanted.

    source: the Echo on whose grid the scan lies. background: the volume below. like: a map whose colors it takes.
    """

    def __init__(self, source, background, like):
        self.map, self.chart = LiveMap(source, background, like), None
        self._wants_curve, self._curve, self._point, self._steps = False, None, None, None

    @property
    def node(self):
        """The volume of the map, None before there is one."""
        return self.map.node

    def show_coarse(self, array, reduction, box=None):
        """Show a coarse map, or one that fills a box of the scan; at once, also in place of a full one under way."""
        self._steps = None
        if box:
            self.map.show_in_box(array, box)
        else:
            self.map.show_at_once(array, reduction)
        self._show_curve()

    def show_full(self, array, then, failed):
        """Show a map at full resolution in turns of the event loop, then call then(), or failed(exception)."""
        steps = self._steps = self.map.show(array)

        def end():
            self._steps = None
            self._show_curve()
            then()

        in_turns(steps, lambda: steps is self._steps, end, failed)

    def has_kept(self):
        """The map has become one of the scene, which is shown now: come back over it."""
        self.map.hand_over_colors()
        self.map.show_anew()

    def move(self, point):
        """The point of the newest map on the L-curve; None of an inversion without one."""
        self._point = point
        if self.chart and point:
            self.chart.move(point)

    def take_curve(self, curve):
        """The L-curve of the session; None if the inversion has none."""
        self._curve = curve
        self._remove_chart()
        self._show_curve()

    def want_curve(self, wanted):
        """Whether the L-curve is to be seen."""
        self._wants_curve = wanted
        self._show_curve()

    def remove(self):
        """Leave nothing behind."""
        self._steps = None
        self._remove_chart()
        self.map.remove()

    def _show_curve(self):
        """Show or hide the chart; it belongs to the map, which may come later."""
        if not (self._wants_curve and self._curve):
            self._remove_chart()
        elif self.node and not self.chart:
            self.chart = LiveChart(self.node, self._curve)
            self.move(self._point)

    def _remove_chart(self):
        chart, self.chart = self.chart, None
        if chart:
            chart.remove()
