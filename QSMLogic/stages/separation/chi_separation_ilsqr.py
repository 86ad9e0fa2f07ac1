"""Chi-separation from R2' and the local field, with a quadratic penalty as in iLSQR (Shin et al. 2021)."""

from dataclasses import dataclass

from ...numerics.gpu_memory import Need
from ...registry.method import Citation, method, parameter
from ...shared.chi_separation import CITATION, ChiSeparationParameters, separated
from ...solvers.edges import smooth_weights
from ...solvers.source_separation import Penalty

FLAT, EDGE = 0.5, 0.9  # quantiles of the gradient between which the weight falls from 1 to 0


@dataclass(frozen=True)
class ChiSeparationIlsqrParameters(ChiSeparationParameters):
    strength: float = parameter(
        0.03,
        "Regularization lambda",
        low=0,
        high=1,
        help="Weight of the squared gradient away from edges. Higher values suppress noise, then fine structures.",
    )


@method(
    "separation",
    title="Chi-sep. (iLSQR)",
    parameters=ChiSeparationIlsqrParameters,
    citations=[CITATION, Citation("Li et al., NeuroImage 2015;108:111-122", "10.1016/j.neuroimage.2014.12.043")],
    on_gpu=True,
    gpu_need=Need(per_voxel=190),
)
def chi_separation_ilsqr(scan, local, susceptibility_ppm, r2star_hz, r2_hz, r2prime_hz, parameters, progress):
    """Fit field and R2' by sources of both signs, with squared gradients penalized away from edges.

    scan: Acquisition. local: FieldMap. susceptibility_ppm: (k, j, i). r2star_hz, r2_hz, r2prime_hz: R2' or R2* and R2.
    Returns {name: map} of the paramagnetic and the diamagnetic susceptibility in ppm, float32; QSMError without R2'.

    As chi_separation_medi, but all terms are quadratic, with weights that fall smoothly towards the edges of magnitude
    and R2', as iLSQR has them. Errors were the same within a point of NRMSE.
    """

    def penalty(model, r2prime_ppm):
        mask = model.padded(local.mask)
        images = (model.padded(scan.weight), model.padded(r2prime_ppm))
        total, part = (smooth_weights(image, mask, model.spacing, FLAT, EDGE) for image in images)
        return Penalty(parameters.strength, total, part, quadratic=True)

    return separated(scan, local, susceptibility_ppm, (r2star_hz, r2_hz, r2prime_hz), parameters, penalty, progress)
