"""What a dipole inversion yields over a range of its strength: how well it fits, how rough it is, what was chosen."""

import math

import numpy as np

from .dipole import DipoleModel
from .errors import QSMError
from .gradient import gradient
from .progress import Progress
from .regions.svg import COLOURS, INK, Figure, spread
from .regularisation import field_noise_ppm

VARIED = ("strength", "mu", "threshold", "iterations", "outer_iterations")  # the first that a method has
STEPS = tuple(10 ** (n / 2) for n in range(-3, 4))  # times the chosen value
COLUMNS = ("value", "chosen", "residual_ppm", "gradient_ppm_per_mm", "noise_ppm")


def strength_curve(entry, local, parameters, progress):
    """Run a dipole inversion at seven values of its regularising parameter, the chosen one in the middle.

    entry: Method of the stage "invert". local: FieldMap of the local field. parameters: of the method. progress:
    Progress. Returns the parameter's name and a list of dictionaries with COLUMNS, by rising value: residual_ppm is
    the root mean square of D x - f in the mask, gradient_ppm_per_mm the mean length of the gradient of x in it,
    noise_ppm the field's noise, below which a residual fits noise. Each value costs a run of the method.
    Raises QSMError for a method that takes the total field, whose background x does not explain, and for one that
    has nothing of the kind to vary.
    """
    if not has_curve(entry):
        raise QSMError(f"There is no curve for {entry.title}: it takes the total field, or has no strength to vary.")
    own = _varied(entry)
    name = own.name
    values = {p.name: getattr(parameters, p.name) for p in entry.parameters}
    model, noise_ppm = DipoleModel(local), field_noise_ppm(local)

    def point(value, part, is_chosen):
        told = Progress(part)
        x = entry.run(local, parameters=entry.make_parameters(values | {name: value}), progress=told)
        found = value or told.notes.get(name, value)
        return {"value": found, "chosen": is_chosen, **_measured(x, local, model), "noise_ppm": noise_ppm}

    share = 1 / len(STEPS)
    middle = point(values[name], progress.part(0, share), True)
    others = _around(middle["value"], own)
    parts = [progress.part(n * share, (n + 1) * share) for n in range(1, len(others) + 1)]
    points = [middle, *(point(value, part, False) for value, part in zip(others, parts, strict=True))]
    progress(1.0)
    return name, sorted(points, key=lambda p: p["value"])


def has_curve(entry):
    """Whether an inversion explains a local field, and has a parameter that regularises."""
    return not entry.takes_total_field and _varied(entry) is not None


def _varied(entry):
    return next((p for name in VARIED for p in entry.parameters if p.name == name), None)


def curve_table(points):
    """The points as tab-separated text."""
    lines = ["\t".join(COLUMNS)]
    for point in points:
        lines.append("\t".join("yes" * x if isinstance(x, bool) else f"{x:.6g}" for x in map(point.get, COLUMNS)))
    return "\n".join(lines) + "\n"


def curve_plot(title, name, points):
    """The L-curve: roughness over misfit on logarithmic axes, with the noise and the chosen value marked. SVG text."""
    places = [(math.log10(p["residual_ppm"]), math.log10(p["gradient_ppm_per_mm"]), p) for p in points if _drawn(p)]
    if not places:
        raise QSMError(f"There is nothing to plot: the maps of {title} are zero, or fit the field without any misfit.")
    noise = [math.log10(p["noise_ppm"]) for p in points[:1] if p["noise_ppm"] > 0]
    figure = Figure(spread([x for x, _, _ in places] + noise, 0.15), spread([y for _, y, _ in places], 0.15))
    figure.line([(x, y) for x, y, _ in places], "#888888")
    for x, y, point in places:
        told = f"{name} {point['value']:.3g}"
        figure.dot(x, y, COLOURS[1 if point["chosen"] else 0], 6.5 if point["chosen"] else 4.5, told)
        figure.text(x, y, f"{point['value']:.3g}", dx=9, dy=-6, size=11)
    for at in noise:
        figure.line([(at, figure.y[0]), (at, figure.y[1])], INK, 1.2, "6 4")
    key = f"labels: {name} · orange: chosen · dashed: noise of the field"
    figure.words(figure.width - figure.right, 40, key, anchor="end", size=11)
    labels = "misfit of the field, root mean square (ppm)", "mean gradient of the map (ppm/mm)"
    figure.axes(f"{title}: fit and smoothness", *labels, *(_powers(axis) for axis in (figure.x, figure.y)))
    return figure.svg()


def _around(chosen, parameter):
    """The other values: STEPS times the chosen one, as far as the parameter may go, each once."""
    kind = parameter.type
    values = {
        kind(np.clip(round(chosen * s) if kind is int else chosen * s, parameter.low, parameter.high)) for s in STEPS
    }
    return sorted(v for v in values if v > 0 and not math.isclose(v, chosen, rel_tol=1e-9))


def _measured(x, local, model):
    """How well a map fits the field and how rough it is, in the mask."""
    here = tuple(slice(n) for n in x.shape)
    misfit = (model.field(model.padded(x))[here] - local.ppm)[local.mask]
    slopes = np.sqrt(np.einsum("akji,akji->kji", *2 * [gradient(x, local.grid.spacing_mm)])[local.mask])
    rms = np.sqrt(np.mean(np.square(misfit), dtype=np.float64))
    return {"residual_ppm": float(rms), "gradient_ppm_per_mm": float(slopes.mean(dtype=np.float64))}


def _drawn(point):
    return point["residual_ppm"] > 0 and point["gradient_ppm_per_mm"] > 0


def _powers(axis):
    """{position: words} on an axis of logarithms: 1, 2 and 5 times powers of ten; of a wide axis, the powers."""
    powers = range(math.floor(axis[0]), math.ceil(axis[1]) + 1)
    steps = (1, 2, 5) if axis[1] - axis[0] < 2.5 else (1,)
    values = [step * 10.0**power for power in powers for step in steps]
    return {math.log10(v): f"{v:.4g}" for v in values if axis[0] <= math.log10(v) <= axis[1]}
