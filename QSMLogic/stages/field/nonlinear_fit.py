"""The total field from a fit to the complex echoes, which wraps and noise do not lead astray (Liu et al. 2013)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.gpu_memory import Need
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...shared.echo_fit import MAX_SCATTER, OFFSET, Echoes, Line
from ...shared.signal_void import FILL_VOIDS

CONVERGED_RAD = 1e-3  # steps of the last echo's phase below this end the fit
PARTS = 4  # between reports of progress


@dataclass(frozen=True)
class NonlinearFitParameters:
    phase_offset: str = OFFSET
    max_scatter: float = MAX_SCATTER
    fill_voids: bool = FILL_VOIDS
    iterations: int = parameter(
        20,
        "Iterations",
        low=1,
        high=1000,
        help="Maximum number of iterations; a voxel that has not converged by then counts as failed.",
    )


@method(
    "field",
    title="Nonlinear fit",
    parameters=NonlinearFitParameters,
    citations=[Citation("Liu et al., Magn Reson Med 2013;69:467-476", "10.1002/mrm.24272")],
    on_gpu=True,
    gpu_need=Need(per_voxel=40, per_echo=32),
)
def nonlinear_fit(acquisition, unwrapped_rad, mask, parameters, progress):
    """Fit magnitude x exp(i (offset + 2 pi frequency x echo time)) to the complex echoes by Gauss-Newton steps.

    acquisition: as it was unwrapped. unwrapped_rad: float32 (echo, k, j, i); where the fit starts, so that multiples of
    2 pi common to all echoes matter but wraps in single echoes do not. mask: bool. Returns a FieldMap in ppm with the
    root sum of squares of the magnitudes and, for more echoes than parameters, the field's standard deviation. Where
    the fit fails, the first echo is used and the uncertainty raised. The offset, free in the paper, is drawn towards
    zero as in linear_fit.
    """
    echoes = Echoes(acquisition, unwrapped_rad, mask)
    progress(0.1)
    precision = echoes.offset_precision(parameters.phase_offset if acquisition.echoes > 1 else "none")
    progress(0.2)
    line, scatter, failed = _fitted(echoes, precision, parameters.iterations, progress)
    if not echoes.has_scatter(precision):
        return echoes.field_map(line, None, None, precision, False)
    failed |= scatter > parameters.max_scatter * echoes.xp.median(scatter)
    return echoes.field_map(line, scatter, failed, precision, parameters.fill_voids)


def _fitted(echoes, precision, iterations, progress):
    """The Line of every voxel, the scatter around it, and whether the fit did not converge."""
    xp, voxels = echoes.xp, echoes.phases_rad.shape[1]
    line, scatter = Line(*xp.empty((3, voxels), np.float32)), xp.empty(voxels, np.float32)
    failed = xp.empty(voxels, bool)

    def work(start, stop):
        part = slice(first + start, first + stop)
        fit, failed[part] = _steps(echoes, part, precision, iterations)
        line.slope[part], line.offset_rad[part], line.variance[part] = fit.slope, fit.offset_rad, fit.variance
        # squared distance of two complex numbers of magnitude one
        scatter[part] = echoes.scatter(2 - 2 * xp.cos(echoes.residuals(fit, part)), precision, part)

    bounds = np.linspace(0, voxels, PARTS + 1).astype(int)
    for number, (first, last) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        for_slabs(work, scatter[first:last])
        progress(0.2 + 0.7 * (number + 1) / PARTS)
    return line, scatter, failed


def _steps(echoes, part, precision, iterations):
    """Gauss-Newton steps from the straight line of the unwrapped phase; the Line and where it still moves.

    The steps cannot overshoot: they minimize a parabola that lies above the cost, as the cosine's curvature is at
    most one. So they need no damping.
    """
    xp, line = echoes.xp, echoes.line(echoes.phases_rad[:, part], precision, part)
    for _ in range(iterations):
        step = echoes.line(xp.sin(echoes.residuals(line, part)), precision, part, line.offset_rad)
        line = Line(line.slope + step.slope, line.offset_rad + step.offset_rad, step.variance)
        moves = xp.abs(step.slope) * echoes.times[-1] > CONVERGED_RAD
        if not moves.any():
            break
    return line, moves
