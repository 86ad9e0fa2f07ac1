"""The stages as commands on files.

Each command takes the parsed arguments and a Console, as in commands.py. The image is cropped to the bounding box of
the mask, as in a complete run.
"""

from pathlib import Path

import numpy as np

from ..files.atomic import check_writable, write_texts
from ..files.field_files import check_field, load_field, own_ppm_per_unit
from ..files.images import check_image_name, load_mask, load_mask_and_check, load_on_grid, read_image, write_files
from ..files.orientation import B0_DIRECTION
from ..files.scans import load_acquisition
from ..files.sidecar import sidecar
from ..files.sidecar_values import field_strength_in
from ..model.acquisition import FieldMap, bounding_box, checked_mask, uncropped
from ..model.errors import QSMError
from ..model.maps import UnreferencedMap
from ..model.progress import Progress
from ..pipeline.checks.result import check_map
from ..pipeline.checks.scan import checked_input, found, refuse
from ..pipeline.checks.tissue_mask import check_signal
from ..pipeline.strength_curve import strength_curve
from ..registry.provenance import warnings
from ..registry.settings import Settings
from ..registry.stages import CURVE
from ..report.strength_plot import CURVE_FILES, curve_files
from ..shared.phase_quality import scan_quality
from .commands import enough_memory, input_files, load_scan, read_settings, scan_files
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

    def stage(self, stage, *inputs):
        """The result of a stage."""
        if not self.has_memory:
            self.say([enough_memory(inputs[0].grid.shape, getattr(inputs[0], "echoes", 1))])
            self.has_memory = True
        self.console.progress(stage, 0.0)
        progress = Progress(lambda fraction: self.console.progress(stage, min(fraction, 1.0)))
        method, parameters = self.settings.method(stage), self.settings.parameters(stage)
        result = method.run(*inputs, parameters=parameters, progress=progress)
        self.notes[stage] = progress.notes
        self.console.warn(warnings({"notes": {stage: progress.notes}}))
        return result

    def say(self, checks):
        """Print what is doubtful or was corrected; RefusedScan if something cannot be used."""
        refuse(checks)
        self.console.warn([check.sentence for check in checks if check.is_said])

    def check(self, function, *inputs):
        """The result of a function that checks its inputs, whose Checks are printed as by say."""
        result, checks = found(function, *inputs)
        self.say(checks)
        return result

    def progress(self, step, fraction):
        """Report a step that is no stage."""
        self.console.progress(step, fraction)


def mask_command(arguments, console):
    """Make a mask of the tissue to map."""
    chain = _checked_chain(arguments, console)
    scan, geometry = _load_phase(arguments)
    chain.say(scan.checks)
    scan, _ = checked_input(chain, scan)
    wanted = _quality(scan, arguments) | {arguments.output: checked_mask(chain.stage("mask", scan), scan.grid)}
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


def unwrap_command(arguments, console):
    """Unwrap the phase; writes radians, one volume per echo."""
    chain = _checked_chain(arguments, console)
    scan, geometry = _load_phase(arguments)
    scan, mask = _scaled_and_masked(scan, geometry, arguments, chain)
    wanted, box = _quality(scan, arguments), bounding_box(mask)
    _, unwrapped_rad = _unwrapped(scan.cropped(box), mask[box], arguments, chain)
    echoes = np.stack([uncropped(echo, box, mask.shape) for echo in unwrapped_rad])
    wanted[arguments.output] = echoes if len(echoes) > 1 else echoes[0]
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


def field_command(arguments, console):
    """Combine the echoes into a total field map in ppm of B0."""
    chain = _checked_chain(arguments, console)
    if bool(arguments.phase or arguments.real or arguments.complex) == bool(arguments.unwrapped):
        raise QSMError("field needs --magnitude, and either --phase or --unwrapped.")
    if arguments.unwrapped:
        total, box, geometry = _field_of_unwrapped(arguments, chain)
    else:
        scan, geometry = load_scan(arguments)
        scan, mask = _scaled_and_masked(scan, geometry, arguments, chain)
        box = bounding_box(mask)
        scan, unwrapped_rad = _unwrapped(scan.cropped(box), mask[box], arguments, chain)
        total = chain.stage("field", scan, unwrapped_rad, mask[box])
    _write_field(total, box, geometry, arguments, console)


def background_command(arguments, console):
    """Remove the background field, which has its sources outside the mask."""
    chain = _checked_chain(arguments, console)
    total, box, geometry = _field_map(arguments.total_field, arguments, chain, is_local=False)
    _write_field(chain.stage("background", total.without_unreliable_rim()), box, geometry, arguments, console)


def invert_command(arguments, console):
    """Compute the susceptibility in ppm from the local field, or in a single step from the total field."""
    chain = _checked_chain(arguments, console)
    single_step = chain.settings.method("invert").takes_total_field
    path = arguments.total_field if single_step else arguments.local_field
    local, box, geometry = _field_map(path, arguments, chain, is_local=not single_step)
    if single_step:
        local = local.without_unreliable_rim()
    susceptibility = chain.stage("invert", local)
    region = load_mask(arguments.reference_mask, geometry)[box] if arguments.reference_mask else None
    unreferenced = UnreferencedMap(susceptibility, local.mask, local.grid, region=region)
    susceptibility = chain.stage("reference", unreferenced)
    chain.check(check_map, susceptibility, local.mask)
    wanted = {arguments.output: uncropped(susceptibility, box, geometry.shape)}
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


def curve_command(arguments, console):
    """Run an inversion at seven regularization strengths, and write its L-curve as a table and a plot."""
    folder = Path(arguments.output)
    outputs = [folder / name for name in CURVE_FILES]
    check_writable(outputs, input_files(arguments), overwrite=arguments.overwrite)
    chain = StageRunner(arguments, console)
    method, parameters = chain.settings.method("invert"), chain.settings.parameters("invert")
    local, _, _ = _field_map(arguments.local_field, arguments, chain, is_local=True)
    progress = Progress(lambda fraction: console.progress(CURVE, min(fraction, 1.0)))
    name, points = strength_curve(method, local, parameters, progress)
    texts = curve_files(folder, method.title, name, points)
    console.wrote(write_texts(texts, overwrite=arguments.overwrite))


def _checked_chain(arguments, console):
    """A StageRunner, once it is known that the outputs can be written."""
    names = ("output", "output_mask", "output_uncertainty", "output_magnitude", "output_quality")
    outputs = [name for name in (getattr(arguments, n, None) for n in names) if name]
    if len(set(outputs)) < len(outputs):
        raise QSMError("Two outputs have the same name. Give each its own name.")
    for name in outputs:
        check_image_name(name)
    check_writable(outputs, input_files(arguments), overwrite=arguments.overwrite)
    return StageRunner(arguments, console)


def _load_phase(arguments):
    """Like load_scan, but the field strength, which is not used, and the time of a single echo may be unknown."""
    files = [path for paths in scan_files(arguments).values() for path in paths]
    if arguments.field_strength is None and not any(field_strength_in(sidecar(path), path) for path in files):
        arguments.field_strength = 1.0
    if arguments.echo_times is None and _is_untimed_single_echo(next(iter(scan_files(arguments).values()), ())):
        arguments.echo_times = [0.01]
    return load_scan(arguments)


def _is_untimed_single_echo(paths):
    return len(paths) == 1 and "EchoTime" not in sidecar(paths[0]) and read_image(paths[0])[0].ndim == 3


def _quality(scan, arguments):
    """{path: quality of the phase} if that is asked for; scan: phase in radians."""
    return {arguments.output_quality: scan_quality(scan)} if arguments.output_quality else {}


def _scaled_and_masked(scan, geometry, arguments, chain):
    """The scan with phase in radians, and the mask that is given or made."""
    mask = _given_mask(arguments.mask, geometry, chain) if arguments.mask else None
    chain.say(scan.checks)
    scan, mask = checked_input(chain, scan, mask)
    mask = checked_mask(chain.stage("mask", scan), scan.grid) if mask is None else mask
    chain.check(check_signal, scan, mask)
    return scan, mask


def _given_mask(path, geometry, chain):
    """The mask in a file; says so if its values are doubtful."""
    mask, check = load_mask_and_check(path, geometry)
    chain.say([check])
    return mask


def _unwrapped(scan, mask, arguments, chain):
    """The scan without phase offsets, and its unwrapped phase."""
    if scan.echoes > 1 and arguments.offset != "none":
        scan = chain.stage("offset", scan, mask)
    return scan, chain.stage("unwrap", scan, mask)


def _field_of_unwrapped(arguments, chain):
    """The total field from files of magnitude and unwrapped phase, the box that it lies in, and the Geometry."""
    if not (arguments.mask and arguments.magnitude):
        raise QSMError("--unwrapped needs --mask and --magnitude: an automatic mask needs wrapped phase.")
    scan, geometry = load_acquisition(
        arguments.magnitude, [arguments.unwrapped], arguments.echo_times, arguments.field_strength
    )
    mask = _given_mask(arguments.mask, geometry, chain)
    chain.say(scan.checks)
    box = bounding_box(mask)
    scan = scan.cropped(box)
    return chain.stage("field", scan, scan.phase, mask[box]), box, geometry


def _field_map(path, arguments, chain, is_local):
    """The FieldMap in a file, cut to its mask, with the box that it was cut from and the Geometry of the file."""
    field_ppm, ppm_per_unit, geometry = load_field(path, arguments.field_unit, arguments.field_strength)
    mask = _given_mask(arguments.mask, geometry, chain)
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


def _write_field(field, box, geometry, arguments, console):
    """Write what the arguments ask for of a FieldMap that lies in `box`."""
    wanted = {
        arguments.output: field.ppm,
        arguments.output_mask: field.mask,
        getattr(arguments, "output_uncertainty", None): field.uncertainty_ppm,
        getattr(arguments, "output_magnitude", None): field.magnitude,
    }
    wanted.pop(None, None)
    for path, array in wanted.items():
        if array is None:
            raise QSMError(
                f"{arguments.stage} {arguments.method} does not provide the map for {path}. Omit that option."
            )
    wanted = {path: uncropped(array, box, geometry.shape) for path, array in wanted.items()}
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


COMMANDS = {
    "mask": mask_command,
    "unwrap": unwrap_command,
    "field": field_command,
    "background": background_command,
    "invert": invert_command,
}
