"""The pipeline: the stages in order, with progress, cancellation and provenance."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ..model.acquisition import Acquisition, bounding_box, checked_mask, cropped_grid, uncropped
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS, checked_given
from ..model.maps import NO_REGION, Maps, UnreferencedMap
from ..model.mask_values import mask_values_check
from ..model.progress import Progress
from ..numerics.device import find_device
from ..numerics.dipole_field import dipole_field
from ..registry.provenance import Provenance
from ..registry.settings import Settings
from ..registry.stages import CHOICE, CURVE, STAGES, progress_before, stages_with_maps
from ..shared.csf import find_fluid
from ..shared.phase_quality import scan_quality
from .checks.reference import check_fluid
from .checks.result import check_map
from .checks.scan import checked_input, found, refuse
from .checks.tissue_mask import check_signal, check_volume
from .stage_cache import StageResults
from .strength_curve import strength_curve

BEFORE_CURVE = 0.35  # fraction of the run time before the L-curve, if it is wanted


def run(
    acquisition: Acquisition,
    mask: np.ndarray | None = None,
    settings: Settings | dict | None = None,
    progress: Callable[[str, float], object] | None = None,
    reference_mask: np.ndarray | None = None,
    quality: bool = False,
    curve: bool = False,
    given_maps: dict[str, np.ndarray] | None = None,
    cache: StageResults | None = None,
) -> Maps:
    """Compute the susceptibility map of a gradient-echo scan.

    Parameters
    ----------
    acquisition : Acquisition
        The scan, with phase as stored in any common scaling.
    mask : ndarray, optional
        The tissue to map (k, j, i): binary or labels; of a probability, above half of its largest value. None:
        automatic.
    settings : Settings or dict, optional
        Methods and parameters. None: the defaults.
    progress : callable, optional
        Called as progress(stage, fraction of the run); it may raise Cancelled.
    reference_mask : ndarray, optional
        The region in which the susceptibility is zero on average (k, j, i), as the mask; it implies the reference
        "region".
    quality : bool
        Whether to return the phase quality map, too.
    curve : bool
        Whether to run the inversion at other regularization strengths, too, for an L-curve in the provenance.
    given_maps : dict, optional
        Maps of other scans on the grid of this one, {name: array (k, j, i)}, as GIVEN_MAPS lists them.
    cache : StageResults, optional
        Where results of stages are kept and read, such as a StageCache; the maps are the same without it.

    Returns
    -------
    Maps
        Susceptibility, fields, masks and provenance.

    Raises
    ------
    QSMError
        If the input cannot be used.

    Examples
    --------
    A uniform sphere of radius 6 mm and 1 ppm at 3 T, in fast settings:

    >>> import numpy as np
    >>> from QSMLogic import Acquisition, Grid, run
    >>> from QSMLogic.numerics.dipole_field import dipole_field
    >>> k, j, i = np.ogrid[-16:16, -16:16, -16:16]
    >>> sphere, mask = (k**2 + j**2 + i**2 < n**2 for n in (6, 14))
    >>> field_ppm = dipole_field(1.0 * sphere, (1, 1, 1), (1, 0, 0))
    >>> phase = [267.5 * 3 * time * field_ppm for time in (0.002, 0.004)]
    >>> scan = Acquisition(2 * [1.0 * mask], np.angle(np.exp(1j * np.array(phase))), (0.002, 0.004), 3, Grid((32,) * 3))
    >>> maps = run(scan, mask, {"background": {"method": "pdf"}, "invert": {"method": "tkd"}})
    >>> bool(maps.susceptibility_ppm[sphere].mean() > 0.4)
    True
    """
    settings = settings if isinstance(settings, Settings) else Settings(settings or {})
    region, settings = checked_region(reference_mask, settings.with_needed_maps(), acquisition.grid)
    given = dict.fromkeys(GIVEN_MAPS) | checked_given(given_maps, acquisition.grid)
    chain = Chain(settings, progress or (lambda stage, fraction: None), Provenance(acquisition, settings), curve, cache)
    if region is not None and np.asarray(reference_mask).dtype != bool:
        chain.check(mask_values_check, reference_mask, "reference mask")
    total, mask, box, quality, known = total_field(chain, acquisition, mask, quality)
    local, susceptibility, reliable = mapped(chain, total.without_unreliable_rim())
    susceptibility = referenced(chain, acquisition, box, susceptibility, reliable, region)
    known |= chain.kept(local=local, susceptibility_ppm=susceptibility, reliable_mask=reliable)
    known |= {"single_step": chain.single_step, "field_strength_t": acquisition.field_strength_t}
    known |= {name: None if array is None else array[box] for name, array in given.items()}
    maps = {
        "reliable_mask": reliable,
        "total_field_ppm": total.ppm,
        "local_field_ppm": local.ppm,
        "susceptibility_ppm": susceptibility,
        "uncertainty_ppm": total.uncertainty_ppm,
    }
    maps |= chain.added_maps(known)
    chain.check(check_map, susceptibility, reliable)
    chain.progress(chain.last, 1.0)
    if curve:
        chain.draw_curve(local)
    maps = {name: uncropped(array, box, mask.shape) for name, array in maps.items() if array is not None}
    provenance = chain.provenance.finished(given_mask="mask" not in chain.provenance.seconds)
    return Maps(acquisition.grid, provenance=provenance, mask=mask, quality=quality, **maps)


def total_field(chain, acquisition, mask, quality):
    """The total field in the box of the mask, the mask, the box, the phase's quality, and what later stages take.

    mask: the given one, or None.
    """
    scan, mask = checked_input(chain, acquisition, mask)
    quality = chain.device.call(scan_quality, scan, title="The phase quality map") if quality else None
    method = ""
    if mask is None:
        mask, method = checked_mask(chain.stage("mask", scan), scan.grid), chain.settings.method("mask").name
    chain.check(check_signal, scan, mask)
    chain.check(check_volume, scan, mask, method)
    box = bounding_box(mask)
    scan, inside = scan.cropped(box), mask[box]
    if scan.echoes > 1:
        scan = chain.stage("offset", scan, inside)
    unwrapped_rad = chain.stage("unwrap", scan, inside)
    total = chain.stage("field", scan, unwrapped_rad, inside)
    if chain.settings.method("invert").takes_csf:
        images = scan.magnitude, scan.echo_times_s, inside, scan.grid
        total = replace(total, csf=chain.device.call(find_fluid, *images, title="The search for CSF")[0])
    return total, mask, box, quality, chain.kept(scan=scan, mask=inside, unwrapped_rad=unwrapped_rad, total=total)


def referenced(chain, acquisition, box, susceptibility, reliable, region):
    """The susceptibility, which lies in `box` of the scan, with its zero where the settings want it."""
    inner = bounding_box(reliable)
    unreferenced = UnreferencedMap(
        susceptibility[inner],
        reliable[inner],
        cropped_grid(acquisition.grid, inner),
        acquisition.magnitude[(slice(None), *box)][(slice(None), *inner)],
        acquisition.echo_times_s,
        None if region is None else region[box][inner],
    )
    referenced = chain.stage("reference", unreferenced)
    notes = chain.notes.get("reference", {})
    if "volume_ml" in notes:
        chain.check(check_fluid, notes["volume_ml"], notes["reliable_from_ml"])
    return uncropped(referenced, inner, susceptibility.shape)


def mapped(chain, total):
    """The local field of the last pass, the susceptibility of all passes, and where it is valid.

    The first pass takes precedence; later ones are shifted to its level.
    """
    passes = chain.stage("passes", total)
    for turn, part in enumerate(passes):
        local = part if chain.single_step else chain.stage("background", part, turn=turn, turns=len(passes))
        chain.choose_inversion(local)
        local = part if chain.single_step else local
        found = chain.stage("invert", local, turn=turn, turns=len(passes))
        if chain.single_step:  # its local field is the field of its map
            local = local.with_field(dipole_field(found, local.grid.spacing_mm, local.grid.b0_direction))
        if turn == 0:
            susceptibility, reliable = found if len(passes) == 1 else found.copy(), local.mask
            continue
        both = local.mask & reliable
        level = np.median((found - susceptibility)[both]) if both.any() else np.float32(0)
        np.copyto(susceptibility, found - level, where=local.mask & ~reliable)
        reliable = reliable | local.mask
    return local, susceptibility, reliable


def checked_region(reference_mask, settings, grid):
    """The checked reference mask, or None, and the Settings that make it the reference."""
    if reference_mask is not None:
        region = checked_mask(reference_mask, grid, name="reference mask")
        return region, Settings({**settings.choices, "reference": {"method": "region"}})
    if settings.method("reference").name == "region":
        raise QSMError(NO_REGION)
    return None, settings


class Chain:
    """Runs one stage after the other and keeps the time of each."""

    def __init__(self, settings, progress, provenance, curve=False, cache=None, device=None):
        self.settings, self.provenance, self.report, self.cache = settings, provenance, progress, cache
        self.part = BEFORE_CURVE if curve else 1
        self.device = provenance.device = device or find_device(settings.device)

    def progress(self, stage, fraction):
        """fraction: of the stages; rounded, so that none is below the one before by a rounding error."""
        self.report(stage, round(self.part * fraction, 9))

    @property
    def last(self):
        """The last stage that runs."""
        return [name for name in STAGES if name not in self.settings.left_out][-1]

    @property
    def single_step(self):
        """Whether the inversion takes the total field."""
        return self.settings.method("invert").takes_total_field

    def choose_inversion(self, local):
        """Choose the inversion for this local field if the choice is automatic."""
        chooses = self.settings.method("invert").chooses
        if not chooses:
            return
        name, reason = self.device.call(chooses, local, stage="invert", title=CHOICE)
        self.settings = Settings({**self.settings.choices, "invert": {"method": name}})
        self.provenance.choose(self.settings, f"Inversion by {self.settings.method('invert').title}: {reason}.")
        if self.single_step:  # of which background removal is no part
            self.provenance.leave_out("background", "invert")

    @property
    def notes(self):
        """{stage: what it has noted}"""
        return self.provenance.notes

    def check(self, function, *inputs):
        """The result of a function that checks its inputs; RefusedScan if they do not pass. Its Checks are recorded."""
        began = time.perf_counter()
        result, checks = self._found(function, inputs)
        self.provenance.add_checks(checks, time.perf_counter() - began)
        refuse(checks)
        return result

    def _found(self, function, inputs):
        compute = partial(found, function, *inputs, device=self.device)
        return self.cache.check(function, inputs, compute, self.device) if self.cache else compute()

    def draw_curve(self, local):
        """Record the L-curve of the inversion for this local field, or a warning if there is none."""
        progress = Progress(lambda fraction: self.report(CURVE, self.part + (1 - self.part) * fraction))
        method, parameters = self.settings.method("invert"), self.settings.parameters("invert")
        try:
            name, points = strength_curve(method, local, parameters, progress, self.device)
        except QSMError as error:
            self.provenance.notes[CURVE] = {"warning": str(error)}
        else:
            self.provenance.notes[CURVE] = {"method": method.title, "parameter": name, "points": points}

    def kept(self, **values):
        """Those of the values that a stage with maps of its own takes; others need no memory until then."""
        taken = {name for stage in stages_with_maps() for name in self.settings.method(stage.name).takes}
        return {name: value for name, value in values.items() if name in taken}

    def added_maps(self, known):
        """{name: map} of the stages that add maps of their own. known: what they take, by name."""
        maps = {}
        for stage in stages_with_maps():
            if stage.name in self.settings.left_out:
                continue
            takes = self.settings.method(stage.name).takes
            found = self._maps_of(stage, [known[name] if name in known else maps.get(name) for name in takes])
            maps |= found
            if not found:
                self.provenance.without_result(stage.name)
        return maps

    def _maps_of(self, stage, inputs):
        """{name: map} of a stage; {} and a warning if it fails: the susceptibility is there all the same."""
        try:
            found = self.stage(stage.name, *inputs)
        except QSMError as error:
            self.provenance.notes[stage.name] = {"warning": str(error)}
            return {}
        return stage.by_name(found)

    def stage(self, stage, *inputs, turn=0, turns=1):
        """Run a stage. turn, turns: the pass, and the number of passes, which share the time of some stages."""
        before, share = progress_before(stage, turn, turns, self.settings.left_out)
        self.progress(stage, before)
        began = time.perf_counter()
        progress = Progress(lambda fraction: self.progress(stage, before + share * min(fraction, 1.0)))
        method, parameters = self.settings.method(stage), self.settings.parameters(stage)
        if self.cache:
            result, is_read = self.cache.run(method, inputs, parameters, progress, self.device)
        else:
            result, is_read = method.run(*inputs, parameters=parameters, progress=progress, device=self.device), False
        self.provenance.add(stage, time.perf_counter() - began, progress.notes, turn, is_read)
        return result
