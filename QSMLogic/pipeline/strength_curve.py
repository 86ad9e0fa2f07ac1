"""The L-curve of a dipole inversion: misfit and smoothness over a range of its regularization strength."""

import math

import numpy as np

from ..model.errors import QSMError
from ..model.progress import Progress
from ..numerics.gradient import gradient
from ..solvers.dipole_model import DipoleModel
from ..solvers.regularization import field_noise_ppm

VARIED = ("strength", "mu", "threshold", "iterations", "outer_iterations")  # the first that a method has
STEPS = tuple(10 ** (n / 2) for n in range(-3, 4))  # times the chosen value
COLUMNS = ("value", "chosen", "residual_ppm", "gradient_ppm_per_mm", "noise_ppm")


def strength_curve(entry, local, parameters, progress, device=None):
    """Run a dipole inversion at seven values of its regularization strength, centered on the chosen one.

    Each value costs a run of the method.

    Parameters
    ----------
    entry : Method
        Method of the stage "invert".
    local : FieldMap
        Local field.
    parameters : object
        Parameters of the method.
    progress : Progress
    device : Device, optional
        As for Method.run.

    Returns
    -------
    name : str
        Name of the parameter that is varied.
    points : list of dict
        {column: value} of COLUMNS, by rising value: residual_ppm is the root mean square of D x - f in the mask,
        gradient_ppm_per_mm the mean length of the gradient of x in it, and noise_ppm the field's noise, below which a
        residual fits noise.

    Raises
    ------
    QSMError
        If the method takes the total field, whose background x does not explain, or has no regularization strength,
        or if no value gives a map with both a misfit and a gradient.
    """
    if not has_curve(entry):
        raise QSMError(
            f"There is no L-curve for {entry.title}: it takes the total field, or has no regularization strength."
        )
    own = varied(entry)
    name = own.name
    values = {p.name: getattr(parameters, p.name) for p in entry.parameters}
    model, noise_ppm = DipoleModel(local), field_noise_ppm(local)

    def point(value, part, is_chosen):
        recorded = Progress(part)
        changed = entry.make_parameters(values | {name: value})
        x = entry.run(local, parameters=changed, progress=recorded, device=device)
        found = value or recorded.notes.get(name, value)
        return {"value": found, "chosen": is_chosen, **measured(x, local, model), "noise_ppm": noise_ppm}

    share = 1 / len(STEPS)
    middle = point(values[name], progress.part(0, share), True)
    others = _around(middle["value"], own)
    parts = [progress.part(n * share, (n + 1) * share) for n in range(1, len(others) + 1)]
    points = [middle, *(point(value, part, False) for value, part in zip(others, parts, strict=True))]
    progress(1.0)
    if not any(can_be_drawn(p) for p in points):
        raise QSMError(f"There is no L-curve: the maps of {entry.title} are zero, or fit the field exactly.")
    return name, sorted(points, key=lambda p: p["value"])


def has_curve(entry):
    """Whether an inversion explains a local field, and has a parameter that regularizes."""
    return not entry.takes_total_field and varied(entry) is not None


def varied(entry):
    """The parameter that regularizes an inversion; None if it has none."""
    return next((p for name in VARIED for p in entry.parameters if p.name == name), None)


def can_be_drawn(point):
    """Whether a point has a place on logarithmic axes."""
    return point["residual_ppm"] > 0 and point["gradient_ppm_per_mm"] > 0


def _around(chosen, parameter):
    """The other values: STEPS times the chosen one, as far as the parameter may go, each once."""
    kind, low, high = parameter.type, max(parameter.low, parameter.least), parameter.high
    values = {kind(np.clip(round(chosen * s) if kind is int else chosen * s, low, high)) for s in STEPS}
    return sorted(v for v in values if v > 0 and not math.isclose(v, chosen, rel_tol=1e-9))


def measured(x, local, model):
    """How well a map fits the field and how rough it is, in the mask."""
    here = tuple(slice(n) for n in x.shape)
    misfit = (model.field(model.padded(x))[here] - local.ppm)[local.mask]
    slopes = np.sqrt(np.einsum("akji,akji->kji", *2 * [gradient(x, local.grid.spacing_mm)])[local.mask])
    rms = np.sqrt(np.mean(np.square(misfit), dtype=np.float64))
    return {"residual_ppm": float(rms), "gradient_ppm_per_mm": float(slopes.mean(dtype=np.float64))}
