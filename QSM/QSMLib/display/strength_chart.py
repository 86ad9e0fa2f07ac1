"""The L-curve of a run as a plot chart in Slicer."""

from QSMLogic.pipeline.strength_curve import can_be_drawn
from QSMLogic.registry.provenance import strengths_tried

from .charts import Trace, make_chart, remove_chart

STRENGTHS = "QSM.StrengthChart"
VALUES = "residual_ppm", "gradient_ppm_per_mm"  # of a point, along the axes
AXES = "RMS misfit of the field [ppm]", "Mean gradient of the map [ppm/mm]"


def update_strength_chart(volume, provenance):
    """Give a map the chart of the L-curve of its run; returns the chart node.

    provenance: of the run. Without an L-curve there is no chart, as that of an earlier run belongs to another map.
    """
    curve = strengths_tried(provenance)
    if not curve:
        remove_chart(volume, STRENGTHS)
        return None
    return make_strength_chart(volume, curve)


def make_strength_chart(volume, curve, more=(), prepare=None):
    """The chart of an L-curve and of more traces. prepare: as in make_chart."""
    points = [p for p in curve["points"] if can_be_drawn(p)]
    tried, chosen = _series(curve, "tried", points), _series(curve, "chosen", [p for p in points if p["chosen"]])
    noise_ppm = points[0]["noise_ppm"]
    noise = Trace("field noise", (noise_ppm,) * 2, (min(tried.y), max(tried.y)), dashed=True)
    series = [one for one in (tried, chosen, noise, *more) if len(one.x) and min(one.x) > 0]
    title = f"{volume.GetName()}: L-curve of {curve['method']}"
    return make_chart(volume, STRENGTHS, title, series, AXES, log=True, prepare=prepare)


def _series(curve, name, points):
    """Points with the parameter's values as labels; the line goes from weak to strong."""
    return Trace(
        f"{name} {curve['parameter']}",
        *([p[axis] for p in points] for axis in VALUES),
        markers=True,
        line=len(points) > 1,
        labels=tuple(f"{p['value']:.3g}" for p in points),
    )
