"""The stages with maps of their own as commands on files."""

import numpy as np

from ..files.atomic import check_writable
from ..files.field_files import check_field, load_field
from ..files.images import load_on_grid, read_image, write_files
from ..files.map_files import map_paths
from ..files.scans import load_magnitude
from ..model.acquisition import FieldMap, bounding_box, uncropped
from ..model.catalogue import SUSCEPTIBILITY
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS
from ..model.scan_checks import checked_field_strength
from ..registry.method import find
from ..registry.stages import STAGES
from .commands import input_files, load_scan
from .options import MAP_OPTIONS, SCAN_TAKES
from .stage_inputs import StageRunner, given_mask, scaled_and_masked, unwrapped

MOST_PPM = 2.0  # standard deviation of a susceptibility map; in heads it is about 0.05


def map_command(stage):
    """The command of a stage with maps of its own."""

    def command(arguments, console):
        paths = {name: map_paths(arguments.output)[name] for name in STAGES[stage].yields}
        check_writable(paths.values(), input_files(arguments), overwrite=arguments.overwrite)
        chain, takes = StageRunner(arguments, console), find(stage, arguments.method).takes
        known, box, geometry = _known(arguments, takes, chain)
        found = chain.stage(stage, *(known[name] for name in takes))
        made = STAGES[stage].by_name(found).items()
        wanted = {paths[name]: uncropped(array, box, geometry.shape) for name, array in made}
        console.wrote(write_files(wanted, geometry, overwrite=arguments.overwrite))

    command.__doc__ = f"Make maps of a scan: {STAGES[stage].title}."
    return command


def _known(arguments, takes, chain):
    """What a method takes, by name, in the box of the mask; the box, and the Geometry.

    Maps are zero where they are not known, as at the rim of the mask, so that they are not valid there.
    """
    if not SCAN_TAKES & {*takes}:
        known, mask, geometry = _of_maps(arguments, takes, chain)
    elif arguments.magnitude and not (arguments.phase or arguments.real or arguments.complex):
        known, mask, geometry = _of_magnitude(arguments, takes, chain)
    else:
        known, mask, geometry = _of_scan(arguments, takes, chain)
    box = bounding_box(mask)
    grid = geometry.grid(arguments.b0_direction)
    for name in takes:
        path = _path(arguments, name)
        if name == "local":
            field_ppm = _field(path, geometry, mask, arguments)
            known[name] = FieldMap(field_ppm, mask & (field_ppm != 0), grid).cropped(box)
        elif name in MAP_OPTIONS or name in GIVEN_MAPS:
            known[name] = _map(path, geometry, mask, name)[box] if path else None
    inside, susceptibility = mask[box], known.get(SUSCEPTIBILITY)
    reliable = inside if susceptibility is None else inside & (susceptibility != 0)
    return known | {"mask": inside, "reliable_mask": reliable}, box, geometry


def _of_scan(arguments, takes, chain):
    """What a method takes of a scan with phase."""
    scan, geometry = load_scan(arguments)
    scan, mask = scaled_and_masked(scan, geometry, arguments, chain)
    box = bounding_box(mask)
    scan, known = scan.cropped(box), {}
    if {"unwrapped_rad", "total"} & {*takes}:
        scan, known["unwrapped_rad"] = unwrapped(scan, mask[box], arguments, chain)
    if "total" in takes:
        known["total"] = chain.stage("field", scan, known["unwrapped_rad"], mask[box])
    return known | {"scan": scan, "field_strength_t": scan.field_strength_t}, mask, geometry


def _of_magnitude(arguments, takes, chain):
    """What a method takes of a scan of which the magnitude is given only; the total field is None."""
    if "unwrapped_rad" in takes:
        raise QSMError(f"{arguments.stage} {arguments.method} needs the phase, too: give --phase.")
    if not arguments.mask:
        raise QSMError("An automatic mask needs the phase, too: give --phase, or --mask.")
    facts = arguments.echo_times, arguments.field_strength, arguments.b0_direction
    scan, geometry = load_magnitude(arguments.magnitude, *facts)
    mask = given_mask(arguments.mask, geometry, chain)
    chain.say(scan.checks)
    scan = scan.cropped(bounding_box(mask))
    return {"scan": scan, "field_strength_t": scan.field_strength_t, "total": None}, mask, geometry


def _of_maps(arguments, takes, chain):
    """What a method takes that needs no scan."""
    first = next(path for name in MAP_OPTIONS if (path := _path(arguments, name)))
    array, geometry = read_image(first)
    if array.ndim != 3:
        raise QSMError(f"{first} must hold a single 3D image; it has {len(array)} volumes.")
    known = {}
    if "field_strength_t" in takes:
        if arguments.field_strength is None:
            raise QSMError(f"{arguments.stage} {arguments.method} needs the field strength: give --field-strength.")
        known = {"field_strength_t": checked_field_strength(arguments.field_strength)}
    return known, given_mask(arguments.mask, geometry, chain), geometry


def _path(arguments, name):
    """The file of a map that a method takes; None if there is none."""
    if name in GIVEN_MAPS:
        return getattr(arguments, GIVEN_MAPS[name].option)
    return getattr(arguments, MAP_OPTIONS[name][0].replace("-", "_"), None) if name in MAP_OPTIONS else None


def _map(path, geometry, mask, name):
    """The map in a file, 0 outside the mask; QSMError if its grid differs, or its values cannot be such a map."""
    array = np.where(mask, load_on_grid(path, geometry), np.float32(0))
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise QSMError(f"{path} is NaN in {bad} voxels of the mask. Fill them, or exclude them from the mask.")
    if name == SUSCEPTIBILITY and (spread := float(array[mask].std(dtype=np.float64))) > MOST_PPM:
        raise QSMError(
            f"{path} has a standard deviation of {spread:.3g} ppm in the mask, more than any tissue: it appears to be "
            "in ppb. Convert it to ppm."
        )
    return array


def _field(path, geometry, mask, arguments):
    """The local field in a file in ppm; QSMError if its grid differs, or if it appears to have another unit."""
    load_on_grid(path, geometry)
    field_ppm = load_field(path, None, arguments.field_strength)[0]
    check_field(path, field_ppm[mask], is_local=True, remedy="Convert it to ppm.")
    return field_ppm
