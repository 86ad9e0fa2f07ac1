"""Automatic: the inversion that suits the scan."""

from ...numerics.namespace import library, to_host
from ...registry.method import find, method
from ...shared.bulk import bulk
from ...solvers.model_error import model_error_share

IN_PEOPLE, IN_MODELS, FOR_STRONG = "consensus", "wh_qsm", "tgv"
STRONG_PPM = 0.3  # local field beyond which sources are strong
STRONG_SHARE, LEAST_VOXELS = 7e-5, 20  # of the mask, 100 mm3 of a human brain; fewer voxels may be noise
LEAST_TOGETHER = 5  # connected voxels; smaller parts are noise
MODEL_ERROR_SHARE = 0.007  # between 0.003, the most in simulated scans, and 0.017, the least in people


def choice(local):
    """Choose the method for a scan.

    Fields of veins and nuclei reach about 0.2 ppm; strong sources go beyond STRONG_PPM in more than STRONG_SHARE of
    the mask, in connected parts of its bulk: fat and air in a mask that has neck or orbits, and noise at its rim, do
    not count. Around strong sources the error of single-step TGV was the lowest.

    Elsewhere it is the consensus if the field contradicts the model as fields of people do: against COSMOS its NRMSE
    was 57 and 51 % in two heads, that of WH-QSM 70 and 64 %. In simulated scans, whose fields are those of a
    susceptibility but for noise and background, WH-QSM comes closest (27 % where the consensus has 38 %).

    Parameters
    ----------
    local : FieldMap
        Local field.

    Returns
    -------
    name, reason : str
    """
    few = max(STRONG_SHARE * int(library(local.mask).xp.count_nonzero(local.mask)), LEAST_VOXELS)
    counted = _strong_voxels(local, few)
    volume_mm3, limit_mm3 = (voxels * local.grid.voxel_volume_mm3 for voxels in (counted, few))
    if counted > few:
        return FOR_STRONG, (
            f"{volume_mm3:.4g} mm3 of the local field exceed {STRONG_PPM:g} ppm, in connected voxels away from the rim "
            f"of the mask (single-step inversion from {limit_mm3:.3g} mm3 on, whatever the cause)"
        )
    return _by_model_error(local)


def _by_model_error(local):
    """The method if there are no strong sources, and why."""
    share = model_error_share(local)
    reason = (
        f"the part of the local field that no susceptibility explains has {100 * share:.2g} % of the power of the part "
        f"that one does (consensus from {100 * MODEL_ERROR_SHARE:g} % on; no strong sources)"
    )
    return IN_PEOPLE if share > MODEL_ERROR_SHARE else IN_MODELS, reason


def _strong_voxels(local, few):
    """The number of voxels of a strong field in connected parts of the mask's bulk."""
    of = library(local.mask)
    strong = local.mask & (of.xp.abs(local.ppm) > STRONG_PPM)
    if int(of.xp.count_nonzero(strong)) > few:
        strong &= bulk(local.mask, local.grid.spacing_mm)
    parts, count = of.ndimage.label(strong, of.xp.ones((3, 3, 3)))
    sizes = to_host(of.xp.bincount(parts.ravel(), minlength=int(count) + 1))[1:]
    return int(sizes[sizes >= LEAST_TOGETHER].sum())


@method("invert", title="Automatic", chooses=choice, on_gpu=True)
def automatic(local, _parameters, progress):
    """Take the consensus in people, WH-QSM for ideal fields, single-step TGV in a run with strong sources.

    A run calls `choice` after background removal, as TGV starts from the total field; on a local field alone this is
    one of the two others. If there are two passes, the first decides for both. The provenance of the run names the
    choice.

    Parameters
    ----------
    local : FieldMap
        Local field.
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    """
    name, reason = _by_model_error(local)
    progress.note(method=name, reason=reason)
    return find("invert", name).run(local, progress=progress)
