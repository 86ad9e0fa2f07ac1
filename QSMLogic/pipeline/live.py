"""A live session: the map of one scan, again and again with other settings, from one total field."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from ..model.errors import QSMError
from ..model.progress import Progress
from ..numerics.device import GPU
from ..registry.method import find
from ..registry.provenance import Provenance
from ..registry.settings import Settings
from ..registry.stages import CHOICE, LIVE, STAGES
from ..solvers.dipole_model import DipoleModel
from .automatic_values import automatic_values
from .chain import Chain, checked_region, mapped, referenced, total_field
from .coarse_grid import WHOLE, CoarseGrid, live_reduction
from .coarse_stages import CoarseStages
from .live_detail import LiveDetail
from .preview import in_coarse_voxels, length_ratio
from .strength_curve import has_curve, measured, strength_curve, varied

EARLIER = tuple(STAGES)[: tuple(STAGES).index(LIVE[0])]  # the stages that run once
# Of the tolerance of iterations: coarse maps of WH-QSM of a realistic and a simulated head correlated with 0.936 and
# 0.970 with the full ones; with 0.923 and 0.960 for a factor of 2; with 0.933 and 0.977 for 1, in 1.3 times the time
COARSE_TOLERANCE = 1.5


@dataclass(frozen=True)
class LiveMap:
    """A map of a live session.

    Attributes
    ----------
    susceptibility_ppm : ndarray
        Referenced, float32: on the coarse grid of the entire scan, or at full resolution in a box of it.
    box : tuple of slice or None
        That box, None on the coarse grid.
    values : dict
        {"stage.parameter": value} of what sliders move in background removal and inversion, automatic ones included.
    point : dict or None
        Its point of the L-curve: value, residual_ppm and gradient_ppm_per_mm; None for inversions without one.
    """

    susceptibility_ppm: np.ndarray
    box: tuple | None
    values: dict
    point: dict | None


class LiveSession:
    """Maps a scan on a coarse grid, whenever settings of background removal, inversion and reference change.

    The stages as far as the local field run once, at full resolution. On a GPU the grid is that of the scan. Once a map
    at full resolution has been learned, others by the same methods are that map with what changes on the coarse grid.

    Parameters
    ----------
    acquisition, mask, progress, cache, reference_mask
        As in QSMLogic.run.
    settings : Settings

    Attributes
    ----------
    coarse : CoarseGrid
    reduction : tuple of int
        Voxels of a coarse voxel along each axis (k, j, i).

    Raises
    ------
    QSMError
        If the input cannot be used.
    """

    def __init__(self, acquisition, mask, settings, progress, cache=None, reference_mask=None):
        region, settings = checked_region(reference_mask, settings.without_maps(), acquisition.grid)
        self.earlier, self._has_csf = _earlier(settings), settings.method("invert").takes_csf
        chain = Chain(settings, progress, Provenance(acquisition, settings), cache=cache)
        self._device = chain.device
        total, mask, box, _, _ = total_field(chain, acquisition, mask, False)
        total = total.without_unreliable_rim()
        parts = self._parts = chain.stage("passes", total)
        passes = [] if chain.single_step else enumerate(parts)
        self._locals = [chain.stage("background", part, turn=turn, turns=len(parts)) for turn, part in passes]
        self._automatic, self._chosen = {}, None
        self._last = self._plain = self._learned = self._detail = None
        self._lay_out(acquisition, mask, box, total, region)
        self._seed(settings)

    def _lay_out(self, acquisition, mask, box, total, region):
        reduction = WHOLE if self._device.kind == GPU else live_reduction(total.grid.shape, total.grid.spacing_mm)
        self.coarse = CoarseGrid(acquisition.grid, box, reduction)
        self.reduction = reduction
        self._total, self._scan = self.coarse.field(total), self.coarse.scan_of(acquisition, mask[box])
        self._region = None
        if region is not None:
            share = self.coarse.share(region[box])
            self._region = share > min(0.5, share.max() / 2)

    def _seed(self, settings):
        """Keep the passes and local fields of the full resolution for the coarse grid."""
        self._stages, coarse = CoarseStages(), self._coarsened(settings)
        passes, background = ((coarse.method(s), coarse.parameters(s)) for s in ("passes", "background"))
        parts = [self.coarse.field(part) for part in self._parts]
        self._stages.know(*passes, self._total, parts)
        keep = self._stages.know if self.reduction == WHOLE else self._stages.correct
        for part, local in zip(parts, self._locals, strict=False):
            keep(*background, part, self.coarse.field(local))

    def covers(self, settings):
        """Whether maps of these Settings are from the same fields; a new session must be made if not."""
        inversion = settings.method("invert")
        has_field = bool(self._locals) or inversion.takes_total_field
        return has_field and _earlier(settings) == self.earlier and inversion.takes_csf <= self._has_csf

    def automatic(self, settings):
        """{"invert.parameter": value} of what the automatic values of the inversion come to at full resolution."""
        entry, parameters = self._inversion(settings)
        return {f"invert.{name}": value for name, value in self._automatic_of(entry, parameters).items()}

    def inversion(self, settings):
        """The name of the inversion, that which is chosen if it is automatic."""
        return self._inversion(settings)[0].name

    def update(self, settings, progress=None):
        """The LiveMap of these Settings. progress: called with stage and fraction; it may raise Cancelled."""
        settings = self._filled(settings)
        susceptibility, point = self._plain_map(settings, progress or _silent)
        if self._learned != _methods(settings):
            return LiveMap(susceptibility, None, _values(settings), point)
        return LiveMap(self._detail.changed(susceptibility), self.coarse.box, _values(settings), point)

    def learn(self, settings, maps):
        """Take the Maps of these Settings, at full resolution, as the start of those that follow by these methods."""
        if self.reduction == WHOLE:
            return
        if settings.method("invert").chooses:  # the full map may have chosen otherwise, from another local field
            self._chosen = find("invert", maps.provenance["settings"]["invert"]["method"])
        settings = self._filled(settings)
        full, (coarse, _) = np.array(maps.susceptibility_ppm[self.coarse.box]), self._plain_map(settings, _silent)
        self._learned, self._detail = _methods(settings), LiveDetail(full, coarse, self.coarse)

    def _plain_map(self, settings, progress):
        """The susceptibility on the coarse grid of the entire scan, and its point of the L-curve; the last is kept."""
        if self._plain is None or self._plain[0] != settings.choices:
            self._plain = settings.choices, self._mapped(settings, progress)
        return self._plain[1]

    def _mapped(self, settings, progress):
        region, checked = checked_region(region_for(settings, self._region), settings, self.coarse.grid)
        coarse = self._coarsened(checked)
        chain = Chain(coarse, progress, Provenance(self._scan, coarse), cache=self._stages, device=self._device)
        local, susceptibility, reliable = mapped(chain, self._total)
        self._last = chain.settings, local
        point = self._point(settings, susceptibility, local)
        everywhere = tuple(slice(n) for n in reliable.shape)
        susceptibility = referenced(chain, self._scan, everywhere, susceptibility, reliable, region)
        return self.coarse.spread(susceptibility), point

    @property
    def curve_key(self):
        """What the L-curve of the last map depends on."""
        settings = self._last[0]
        entry, values = settings.method("invert"), asdict(settings.parameters("invert"))
        name = varied(entry).name if has_curve(entry) else ""
        fields = [(settings.method(stage).name, settings.parameters(stage)) for stage in ("passes", "background")]
        return entry.name, sorted((k, v) for k, v in values.items() if k != name), fields

    def curve(self, progress=None):
        """The L-curve about the automatic value for the last map, {"method", "parameter", "points"}; None if none."""
        coarse, local = self._last
        entry, parameters = coarse.method("invert"), coarse.parameters("invert")
        if not has_curve(entry):
            return None
        own = varied(entry)
        power = length_ratio(self.reduction) ** own.voxel_power
        automatic = self._automatic_of(entry, parameters).get(own.name)
        if automatic:
            parameters = replace(parameters, **{own.name: own.type(automatic / power)})
        try:
            name, points = strength_curve(entry, local, parameters, Progress(progress), self._device)
        except QSMError:
            return None
        points = [point | {"value": point["value"] * power} for point in points]
        return {"method": entry.title, "parameter": name, "points": points}

    def _filled(self, settings):
        """The Settings with the inversion chosen and its automatic values filled in, both as at full resolution."""
        entry, parameters = self._inversion(settings)
        known = self._automatic_of(entry, parameters)
        values = {name: value or known.get(name, value) for name, value in asdict(parameters).items()}
        return Settings({**settings.without_maps().choices, "invert": {"method": entry.name, **values}})

    def _coarsened(self, settings):
        """The Settings for the coarse grid."""
        if self.reduction == WHOLE:
            return settings
        settings = in_coarse_voxels(settings, self.reduction)
        own = {p.name: p for p in settings.method("invert").parameters}.get("tolerance")
        if own is None:
            return settings
        tolerance = min(COARSE_TOLERANCE * settings.parameters("invert").tolerance, own.high)
        choice = {"method": settings.method("invert").name, **settings.choices.get("invert", {}), own.name: tolerance}
        return Settings({**settings.choices, "invert": choice})

    def _inversion(self, settings):
        """The method and the parameters; what is chosen automatically is chosen at full resolution, once."""
        entry, parameters = settings.method("invert"), settings.parameters("invert")
        if not (entry.chooses and self._locals):
            return entry, parameters
        if self._chosen is None:
            name, _ = self._device.call(entry.chooses, self._locals[0], title=CHOICE)
            self._chosen = find("invert", name)
        return self._chosen, self._chosen.parameters_class()

    def _automatic_of(self, entry, parameters):
        fields = self._parts if entry.takes_total_field else self._locals
        kinds = tuple(value for value in asdict(parameters).values() if isinstance(value, bool | str))
        key = entry.name, kinds
        if key not in self._automatic:
            self._automatic[key] = automatic_values(entry, parameters, fields[0], self._device) if fields else {}
        return self._automatic[key]

    def _point(self, settings, susceptibility, local):
        entry = settings.method("invert")
        if not has_curve(entry):
            return None
        value = getattr(settings.parameters("invert"), varied(entry).name)
        return {"value": value, **measured(susceptibility, local, DipoleModel(local))}


def region_for(settings, region):
    """The reference region for a run with these Settings, None if they do not refer to it."""
    return region if settings.method("reference").name == "region" else None


def _values(settings):
    """{"stage.parameter": value} of what sliders move; automatic values that are not known are left out."""
    found = {}
    for stage in ("background", "invert"):
        values = asdict(settings.parameters(stage))
        moved = [p for p in settings.method(stage).parameters if p.span]
        found |= {f"{stage}.{p.name}": values[p.name] for p in moved if values[p.name] or not p.is_automatic}
    return found


def _methods(settings):
    return tuple(settings.method(stage).name for stage in LIVE)


def _earlier(settings):
    return [settings.device, *((settings.method(stage).name, settings.parameters(stage)) for stage in EARLIER)]


def _silent(_stage, _fraction):
    """Report no progress."""
