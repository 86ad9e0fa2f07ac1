"""The stages as commands on files.

Each command takes the parsed arguments and a Console, as in commands.py. The image is cropped to the bounding box of
the mask, as in a complete run.
"""

from pathlib import Path

import numpy as np

from ..files.atomic import check_writable, write_texts
from ..files.images import load_mask, write_files
from ..files.scans import load_acquisition
from ..model.acquisition import bounding_box, checked_mask, uncropped
from ..model.errors import QSMError
from ..model.maps import UnreferencedMap
from ..model.progress import Progress
from ..pipeline.checks.result import check_map
from ..pipeline.checks.scan import checked_input
from ..pipeline.strength_curve import strength_curve
from ..registry.stages import CURVE, stages_with_maps
from ..report.strength_plot import CURVE_FILES, curve_files
from ..shared.phase_quality import scan_quality
from .commands import input_files, load_scan
from .map_commands import map_command
from .stage_inputs import StageRunner, checked_chain, field_map, given_mask, load_phase, scaled_and_masked, unwrapped


def mask_command(arguments, console):
    """Make a mask of the tissue to map."""
    chain = checked_chain(arguments, console)
    scan, geometry = load_phase(arguments)
    chain.say(scan.checks)
    scan, _ = checked_input(chain, scan)
    wanted = _quality(scan, arguments) | {arguments.output: checked_mask(chain.stage("mask", scan), scan.grid)}
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


def unwrap_command(arguments, console):
    """Unwrap the phase; writes radians, one volume per echo."""
    chain = checked_chain(arguments, console)
    scan, geometry = load_phase(arguments)
    scan, mask = scaled_and_masked(scan, geometry, arguments, chain)
    wanted, box = _quality(scan, arguments), bounding_box(mask)
    _, unwrapped_rad = unwrapped(scan.cropped(box), mask[box], arguments, chain)
    echoes = np.stack([uncropped(echo, box, mask.shape) for echo in unwrapped_rad])
    wanted[arguments.output] = echoes if len(echoes) > 1 else echoes[0]
    console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))


def field_command(arguments, console):
    """Combine the echoes into a total field map in ppm of B0."""
    chain = checked_chain(arguments, console)
    if bool(arguments.phase or arguments.real or arguments.complex) == bool(arguments.unwrapped):
        raise QSMError("field needs --magnitude, and either --phase or --unwrapped.")
    if arguments.unwrapped:
        total, box, geometry = _field_of_unwrapped(arguments, chain)
    else:
        scan, geometry = load_scan(arguments)
        scan, mask = scaled_and_masked(scan, geometry, arguments, chain)
        box = bounding_box(mask)
        scan, unwrapped_rad = unwrapped(scan.cropped(box), mask[box], arguments, chain)
        total = chain.stage("field", scan, unwrapped_rad, mask[box])
    _write_field(total, box, geometry, arguments, console)


def background_command(arguments, console):
    """Remove the background field, which has its sources outside the mask."""
    chain = checked_chain(arguments, console)
    total, box, geometry = field_map(arguments.total_field, arguments, chain, is_local=False)
    _write_field(chain.stage("background", total.without_unreliable_rim()), box, geometry, arguments, console)


def invert_command(arguments, console):
    """Compute the susceptibility in ppm from the local field, or in a single step from the total field."""
    chain = checked_chain(arguments, console)
    single_step = chain.settings.method("invert").takes_total_field
    path = arguments.total_field if single_step else arguments.local_field
    local, box, geometry = field_map(path, arguments, chain, is_local=not single_step)
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
    local, _, _ = field_map(arguments.local_field, arguments, chain, is_local=True)
    progress = Progress(lambda fraction: console.progress(CURVE, min(fraction, 1.0)))
    name, points = strength_curve(method, local, parameters, progress, chain.device)
    chain.warn_of_device()
    texts = curve_files(folder, method.title, name, points)
    console.wrote(write_texts(texts, overwrite=arguments.overwrite))


def _quality(scan, arguments):
    """{path: quality of the phase} if that is asked for; scan: phase in radians."""
    return {arguments.output_quality: scan_quality(scan)} if arguments.output_quality else {}


def _field_of_unwrapped(arguments, chain):
    """The total field from files of magnitude and unwrapped phase, the box that it lies in, and the Geometry."""
    if not (arguments.mask and arguments.magnitude):
        raise QSMError("--unwrapped needs --mask and --magnitude: an automatic mask needs wrapped phase.")
    scan, geometry = load_acquisition(
        arguments.magnitude, [arguments.unwrapped], arguments.echo_times, arguments.field_strength
    )
    mask = given_mask(arguments.mask, geometry, chain)
    chain.say(scan.checks)
    box = bounding_box(mask)
    scan = scan.cropped(box)
    return chain.stage("field", scan, scan.phase, mask[box]), box, geometry


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
    **{stage.name: map_command(stage.name) for stage in stages_with_maps() if stage.has_command},
}
