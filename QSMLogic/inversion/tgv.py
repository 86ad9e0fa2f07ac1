"""TGV: susceptibility from the total field in a single step (Langkammer et al. 2015)."""

from dataclasses import dataclass

import numpy as np

from ..convolution import filtered
from ..dipole import DipoleModel
from ..fft import irfftn, rfftn
from ..fidelity import squares
from ..kernels import laplacian_kernel
from ..method import Citation, find, method, parameter
from ..parallel import for_slabs
from ..reliability import squared_weight
from ..total_generalized_variation import GeneralisedVariationAdmm

HARMONICITY_MM4 = 1000.0  # how strongly the background is held harmonic in the mask; ten times less changes little


@dataclass(frozen=True)
class TgvParameters:
    strength: float = parameter(
        2e-4,
        "Strength",
        unit="ppm mm",
        low=1e-7,
        high=1,
        help="Weight of the total generalised variation. Higher takes away noise and streaks, then fine structures.",
    )
    reach_mm: float = parameter(
        3.0,
        "Reach of slopes",
        unit="mm",
        low=0.01,
        high=1000,
        help="What a change of slope costs. Low lets the map follow smooth shades, high makes it piecewise constant.",
    )
    data_penalty: float = parameter(
        0.03, "Data splitting", low=1e-4, high=100, help="ADMM's weight of the field's splitting: speed only."
    )
    shrinkage: float = parameter(
        0.02, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )
    iterations: int = parameter(40, "Iterations", low=1, high=5000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.005, "Tolerance", low=0, high=1, help="Stops when the map's relative change falls below this."
    )


@method(
    "invert",
    title="TGV, single step",
    parameters=TgvParameters,
    citations=[Citation("Langkammer et al., NeuroImage 2015;111:622-630", "10.1016/j.neuroimage.2015.02.041")],
    takes_total_field=True,
)
def tgv(total, parameters, progress):
    """Solve min 1/2 |W (D x + h - f)|_2^2 + strength TGV(x) over maps x and backgrounds h, harmonic in the mask.

    total: FieldMap of the total field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    data = find("background", "lbv").run(total, progress=progress.part(0, 0.1))
    model = DipoleModel(total)
    solver = _WithBackground(model, parameters, model.padded(data.mask) > 0)
    weight = model.padded(squared_weight(total))
    proximal = squares(model.padded(data.ppm), weight, parameters.data_penalty)
    x = solver.run(proximal, parameters.iterations, parameters.tolerance, progress.part(0.1, 1))
    return model.result(x)


class _WithBackground(GeneralisedVariationAdmm):
    """For the field D x + h, with one more splitting: y = lap h, which is to vanish in the mask."""

    def __init__(self, model, parameters, mask):
        shrinkage = parameters.shrinkage
        super().__init__(
            model, parameters.strength, parameters.reach_mm, parameters.data_penalty, shrinkage, shrinkage
        )
        self.laplacian, self.mask = laplacian_kernel(model.shape, model.spacing_mm), mask
        self.ratio = np.float32(HARMONICITY_MM4 / parameters.data_penalty)
        self.curvature, self.curvature_dual = np.zeros(model.shape, np.float32), np.zeros(model.shape, np.float32)
        self.background = np.zeros((*model.shape[:2], model.shape[2] // 2 + 1), np.complex64)

    def _update_map(self, data_spectrum):
        self.background *= -1
        self.background += data_spectrum
        spectrum = self._map_spectrum(self.background)
        harmonic = rfftn(self.curvature)

        def work(start, stop):
            planes = slice(start, stop)
            laplacian, field = self.laplacian[planes], spectrum[planes] * self.model.kernel[planes]
            h = harmonic[planes]
            h *= self.ratio * laplacian
            h += data_spectrum[planes]
            h -= field
            h /= 1 + self.ratio * np.square(laplacian)
            np.add(h, field, out=data_spectrum[planes])

        for_slabs(work, self.model.shape)
        self.background = harmonic
        self.field = irfftn(data_spectrum, self.model.shape)
        self.x = irfftn(spectrum, self.model.shape)
        self._shrink_curvature(filtered(harmonic, self.laplacian, self.model.shape))

    def _shrink_curvature(self, curvature):
        """y = lap h plus its dual outside the mask, in it half of that: the splitting is as strong as the penalty."""

        def work(start, stop):
            v, dual, mask = curvature[start:stop], self.curvature_dual[start:stop], self.mask[start:stop]
            v += dual
            dual[...] = np.float32(0.5) * mask * v
            np.subtract(v, 2 * dual, out=self.curvature[start:stop])

        for_slabs(work, curvature.shape)
