"""The chain: the stages in order, with progress, cancelling and provenance."""

import time

import numpy as np

from .acquisition import bounding_box, checked_mask, uncropped
from .errors import QSMError
from .maps import Maps
from .progress import Progress
from .provenance import Provenance
from .settings import Settings
from .simulation import dipole_field

# share of the run's time that each stage takes, for the progress bar
SHARES = {
    "scaling": 0.02,
    "mask": 0.20,
    "offset": 0.10,
    "unwrap": 0.20,
    "field": 0.05,
    "background": 0.15,
    "invert": 0.27,
    "reference": 0.01,
}


def run(acquisition, mask=None, settings=None, progress=None):
    """Map the susceptibility of a scan.

    acquisition: Acquisition, phase as stored. mask: array (k, j, i), non-zero inside, or None to have one made.
    settings: Settings, or a dictionary for it, or None for the defaults. progress: called as progress(stage, fraction
    of the whole run); it may raise Cancelled. Returns Maps; raises QSMError for input that cannot be used.
    """
    settings = settings if isinstance(settings, Settings) else Settings(settings or {})
    chain = _Chain(settings, progress or (lambda stage, fraction: None), Provenance(acquisition, settings))
    if mask is not None:
        mask = checked_mask(mask, acquisition.grid)
        _check_known(acquisition, mask)
    scan = chain.stage("scaling", acquisition)
    if mask is None:
        mask = checked_mask(chain.stage("mask", scan), scan.grid)

    box = bounding_box(mask)
    scan, inside = scan.cropped(box), mask[box]
    if scan.echoes > 1:
        scan = chain.stage("offset", scan, inside)
    unwrapped_rad = chain.stage("unwrap", scan, inside)
    total = chain.stage("field", scan, unwrapped_rad, inside)
    del scan, unwrapped_rad
    local = total.without_unreliable_rim()
    single_step = chain.settings.method("invert").takes_total_field
    if not single_step:
        local = chain.stage("background", local)
    inner = bounding_box(local.mask)
    susceptibility = chain.stage("invert", local.cropped(inner))
    if single_step:  # what it takes for local is the field of its map
        whole = uncropped(susceptibility, inner, local.ppm.shape)
        local = local.with_field(dipole_field(whole, local.grid.spacing_mm, local.grid.b0_direction))
    susceptibility = chain.stage("reference", susceptibility, local.mask[inner])
    susceptibility = uncropped(susceptibility, inner, local.ppm.shape)
    chain.progress("reference", 1.0)

    shape = acquisition.grid.shape
    return Maps(
        grid=acquisition.grid,
        mask=mask,
        reliable_mask=uncropped(local.mask, box, shape),
        total_field_ppm=uncropped(total.ppm, box, shape),
        local_field_ppm=uncropped(local.ppm, box, shape),
        susceptibility_ppm=uncropped(susceptibility, box, shape),
        provenance=chain.provenance.finished(given_mask="mask" not in chain.provenance.seconds),
    )


def _check_known(acquisition, mask):
    for name in ("magnitude", "phase"):
        unknown = ~np.isfinite(getattr(acquisition, name)).all(axis=0) & mask
        if unknown.any():
            raise QSMError(
                f"The {name} is not a number (NaN or infinite) at {np.count_nonzero(unknown)} voxels inside the mask; "
                "take them out of the mask or mend the image."
            )


class _Chain:
    """Runs one stage after the other and keeps the time of each."""

    def __init__(self, settings, progress, provenance):
        self.settings, self.progress, self.provenance = settings, progress, provenance

    def stage(self, stage, *inputs):
        before = list(SHARES)[: list(SHARES).index(stage)]
        start = sum(SHARES[name] for name in before)
        self.progress(stage, start)
        began = time.perf_counter()
        progress = Progress(lambda fraction: self.progress(stage, start + SHARES[stage] * min(fraction, 1.0)))
        method, parameters = self.settings.method(stage), self.settings.parameters(stage)
        result = method.run(*inputs, parameters=parameters, progress=progress)
        self.provenance.seconds[stage] = time.perf_counter() - began
        if progress.notes:
            self.provenance.notes[stage] = progress.notes
        return result
