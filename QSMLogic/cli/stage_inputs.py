"""What the commands of single stages read of their arguments, and what runs the stages."""

import numpy as np

from ..files.atomic import check_writable
from ..files.field_files import check_field, load_field, own_ppm_per_unit
from ..files.images import check_image_name, load_mask_and_check, load_on_grid, read_image
from ..files.orientation import B0_DIRECTION
from ..files.sidecar import sidecar
from ..files.sidecar_values import field_strength_in
from ..model.acquisition import FieldMap, bounding_box, checked_mask
from ..model.errors import QSMError
from ..model.progress import Progress
from ..numerics.device import find_device
from ..pipeline.checks.scan import checked_input, found, refuse
from ..pipeline.checks.tissue_mask import check_signal
from ..pipeline.named_inputs import enough_memory
from ..registry.provenance import warnings
from ..registry.settings import Settings
from .commands import input_files, load_scan, read_settings, scan_files
from .options import PREFIX


class StageRunner:
    """Runs single stages with the methods and parameters of the arguments and their settings file."""

    def __init__(self, arguments, console):
        choices = dict(read_settings(arguments).choices)
        for stage in ("offset", "reference"):
            name = getattr(arguments, stage, None)
            if name and not (stage == "offset" and name == "none"):
                choices[stage] = {"method": name}
        given = {k.removeprefix(PREFIX): v for k, v in vars(arguments).items() if k.startswith(PREFIX)}
        choices[arguments.stage] = {"method": arguments.method, **given}
        if getattr(arguments, "reference_mask", None):
            choices["reference"] = {"method": "region"}
        self.settings, self.console, self.has_memory, self.notes = Settings(choices), console, False, {}
        self.device = find_device(self.settings.device)
        self.warn_of_device()

    def stage(self, stage, *inputs):
        """The result of a stage."""
        if not self.has_memory:
            self.say([enough_memory(*_size(inputs))])
            self.has_memory = True
        self.console.progress(stage, 0.0)
        progress = Progress(lambda fraction: self.console.progress(stage, min(fraction, 1.0)))
        method, parameters = self.settings.method(stage), self.settings.parameters(stage)
        result = method.run(*inputs, parameters=parameters, progress=progress, device=self.device)
        self.notes[stage] = progress.notes
        self.console.warn(warnings({"notes": {stage: progress.notes}}))
        self.warn_of_device()
        return result

    def warn_of_device(self):
        """Say what should have run on a GPU, but did not."""
        self.console.warn(self.device.fallbacks)
        self.device.fallbacks.clear()

    def say(self, checks):
        """Print what is doubtful or was corrected; RefusedScan if something cannot be used."""
        refuse(checks)
        self.console.warn([check.sentence for check in checks if check.is_said])

    def check(self, function, *inputs):
        """The result of a function that checks its inputs, whose Checks are printed as by say."""
        result, checks = found(function, *inputs, device=self.device)
        self.say(checks)
        return result

    def progress(self, step, fraction):
        """Report a step that is no stage."""
        self.console.progress(step, fraction)


def _size(inputs):
    """(shape, number of echoes) of the images among the inputs of a stage."""
    scans = [given for given in inputs if hasattr(given, "grid")]
    if scans:
        return scans[0].grid.shape, max(getattr(scan, "echoes", 1) for scan in scans)
    return next(given.shape for given in inputs if isinstance(given, np.ndarray)), 1


def checked_chain(arguments, console):
    """A StageRunner, once it is known that the outputs can be written."""
    names = ("output", "output_mask", "output_uncertainty", "output_magnitude", "output_quality")
    outputs = [name for name in (getattr(arguments, n, None) for n in names) if name]
    if len(set(outputs)) < len(outputs):
        raise QSMError("Two outputs have the same name. Give each its own name.")
    for name in outputs:
        check_image_name(name)
    check_writable(outputs, input_files(arguments), overwrite=arguments.overwrite)
    return StageRunner(arguments, console)


def load_phase(arguments):
    """Like load_scan, but the field strength, which is not used, and the time of a single echo may be unknown."""
    files = [path for paths in scan_files(arguments).values() for path in paths]
    if arguments.field_strength is None and not any(field_strength_in(sidecar(path), path) for path in files):
        arguments.field_strength = 1.0
    if arguments.echo_times is None and _is_untimed_single_echo(next(iter(scan_files(arguments).values()), ())):
        arguments.echo_times = [0.01]
    return load_scan(arguments)


def _is_untimed_single_echo(paths):
    return len(paths) == 1 and "EchoTime" not in sidecar(paths[0]) and read_image(paths[0])[0].ndim == 3


def scaled_and_masked(scan, geometry, arguments, chain):
    """The scan with phase in radians, and the mask that is given or made."""
    mask = given_mask(arguments.mask, geometry, chain) if arguments.mask else None
    chain.say(scan.checks)
    scan, mask = checked_input(chain, scan, mask)
    mask = checked_mask(chain.stage("mask", scan), scan.grid) if mask is None else mask
    chain.check(check_signal, scan, mask)
    return scan, mask


def given_mask(path, geometry, chain):
    """The mask in a file; says so if its values are doubtful."""
    mask, check = load_mask_and_check(path, geometry)
    chain.say([check])
    return mask


def unwrapped(scan, mask, arguments, chain):
    """The scan without phase offsets, and its unwrapped phase."""
    if scan.echoes > 1 and arguments.offset != "none":
        scan = chain.stage("offset", scan, mask)
    return scan, chain.stage("unwrap", scan, mask)


def field_map(path, arguments, chain, is_local):
    """The FieldMap in a file, cut to its mask, with the box that it was cut from and the Geometry of the file."""
    field_ppm, ppm_per_unit, geometry = load_field(path, arguments.field_unit, arguments.field_strength)
    mask = given_mask(arguments.mask, geometry, chain)
    chain.say([check for check in geometry.checks if check.name != B0_DIRECTION or arguments.b0_direction is None])
    check_field(path, field_ppm[mask], is_local, doubted=arguments.field_unit is None)
    optional = {
        key: load_on_grid(file, geometry) if file else None
        for key, file in (
            ("uncertainty_ppm", arguments.uncertainty),
            ("magnitude", arguments.magnitude),
            ("csf", getattr(arguments, "csf", None)),
        )
    }
    if arguments.uncertainty:
        optional["uncertainty_ppm"] *= np.float32(own_ppm_per_unit(arguments.uncertainty, ppm_per_unit))
    box = bounding_box(mask)
    return FieldMap(field_ppm, mask, geometry.grid(arguments.b0_direction), **optional).cropped(box), box, geometry
