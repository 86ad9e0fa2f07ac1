"""The total field from a weighted straight line through the phases of the echoes."""

from dataclasses import dataclass

from ...numerics.gpu_memory import Need
from ...registry.method import Citation, method
from ...shared.echo_fit import MAX_SCATTER, OFFSET, Echoes
from ...shared.signal_void import FILL_VOIDS


@dataclass(frozen=True)
class LinearFitParameters:
    phase_offset: str = OFFSET
    max_scatter: float = MAX_SCATTER
    fill_voids: bool = FILL_VOIDS


@method(
    "field",
    title="Weighted linear fit",
    parameters=LinearFitParameters,
    citations=[
        Citation("de Rochefort et al., Magn Reson Med 2008;60:1003-1009", "10.1002/mrm.21710"),
    ],
    on_gpu=True,
    gpu_need=Need(per_voxel=40, per_echo=32),
)
def linear_fit(acquisition, unwrapped_rad, mask, parameters, progress):
    """Fit phase = offset + 2 pi frequency x echo time to the unwrapped echoes, weighted by squared magnitude.

    acquisition: as it was unwrapped. unwrapped_rad: float32 (echo, k, j, i). mask: bool. Returns a FieldMap in ppm with
    the root sum of squares of the magnitudes and, for more echoes than parameters, the field's standard deviation. The
    paper's offset is free; drawn towards zero according to its spread in the data, it does no harm after an offset
    removal: the median error on a realistic head fell by an eighth.
    """
    echoes = Echoes(acquisition, unwrapped_rad, mask)
    progress(0.2)
    precision = echoes.offset_precision(parameters.phase_offset if acquisition.echoes > 1 else "none")
    progress(0.5)
    line, scatter, failed = echoes.line(echoes.phases_rad, precision), None, None
    progress(0.7)
    if echoes.has_scatter(precision):
        scatter = echoes.scatter(echoes.xp.square(echoes.residuals(line)), precision)
        failed = scatter > parameters.max_scatter * echoes.xp.median(scatter)
    progress(0.9)
    return echoes.field_map(line, scatter, failed, precision, parameters.fill_voids)
