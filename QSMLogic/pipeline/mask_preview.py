"""The mask of a scan before there is a map: within seconds at reduced resolution, then as a run makes it."""

from ..model.acquisition import Acquisition, Grid, checked_mask
from ..model.errors import QSMError
from ..numerics.blocks import filled
from ..registry.provenance import Provenance
from ..registry.settings import Settings
from .chain import Chain
from .checks.scan import checked_input
from .checks.tissue_mask import check_signal, check_volume
from .preview import in_coarse_voxels, preview_reduction


def coarse_mask(acquisition, settings):
    """The mask of every second voxel or fewer, on the grid of all, bool (k, j, i); None if it cannot be made so.

    Nor is it made by a program of others, which takes minutes.
    """
    if settings.method("mask").missing:
        return None
    grid = acquisition.grid
    reduction = preview_reduction(grid.shape, grid.spacing_mm)
    part = tuple(slice(r // 2, n - n % r, r) for n, r in zip(grid.shape, reduction, strict=True))
    images = [image[(slice(None), *part)] for image in (acquisition.magnitude, acquisition.phase)]
    spacing = tuple(d * r for d, r in zip(grid.spacing_mm, reduction, strict=True))
    few = Grid(images[0].shape[1:], spacing, grid.b0_direction)
    try:
        scan = Acquisition(*images, acquisition.echo_times_s, acquisition.field_strength_t, few)
        scan = settings.method("scaling").run(scan, parameters=settings.parameters("scaling"))
        settings = in_coarse_voxels(settings, reduction)
        mask = settings.method("mask").run(scan, parameters=settings.parameters("mask"))
    except QSMError:
        return None
    return filled(mask, reduction, grid.shape)


def previewed_mask(acquisition, settings=None, progress=None, cache=None):
    """The mask that a run would make of a scan, and the Checks of the scan and of the mask.

    Parameters
    ----------
    acquisition, settings, progress, cache
        As in QSMLogic.run.

    Returns
    -------
    numpy.ndarray, list of Check
        The mask, bool (k, j, i). Of the Checks, the last is that of its volume.

    Raises
    ------
    QSMError
        If the input cannot be used.
    """
    settings = settings if isinstance(settings, Settings) else Settings(settings or {})
    chain = Chain(settings, progress or (lambda stage, fraction: None), Provenance(acquisition, settings), cache=cache)
    scan, _ = checked_input(chain, acquisition)
    mask = checked_mask(chain.stage("mask", scan), scan.grid)
    chain.check(check_signal, scan, mask)
    chain.check(check_volume, scan, mask, settings.method("mask").name)
    return mask, chain.provenance.checks
