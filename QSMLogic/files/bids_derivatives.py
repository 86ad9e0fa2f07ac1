"""Maps as BIDS derivatives."""

from functools import partial

from ..model.catalogue import SUSCEPTIBILITY
from ..model.units import NO_UNIT
from ..version import __version__
from .atomic import placed_together
from .bids import SERIES, files_of
from .data_set import MADE_BY, root_files
from .images import write_contents
from .ownership import SOFTWARE, fingerprint, is_unchanged, read_record
from .sidecar import sidecar_path


def write_derivatives(run, maps, geometry, output, overwrite=False, anonymous=False, finish=None, vouched=None):
    """Write the Maps of a run with their sidecars into the derivatives folder `output`. Returns the paths.

    Maps of an earlier run on the same scan that this one does not make are removed. overwrite: replace other files,
    too. anonymous: do not name the images that the maps were made from. finish: called with the {path: temporary path}
    of what has been written, adds further files, the record of all of them last. vouched: returns further files of an
    earlier run.
    """
    paths, shared = run.outputs(output), root_files(run.root, output, anonymous)
    images = {paths[entry.name]: array for entry, array in maps.items()}
    placement = derivative_placement(run, output, overwrite, vouched)
    with placed_together(images, **placement, if_missing=shared) as temporary:
        write_contents(temporary, images | shared, geometry)
        for entry, _ in maps.items():
            path = paths[entry.name]
            content = _sidecar(run, entry, maps, anonymous) | made_by(temporary[path])
            write_contents(temporary, {sidecar_path(path): content}, None)
        if finish:
            finish(temporary)
    return list(temporary)


def derivative_placement(run, output, overwrite=False, vouched=None):
    """The options of `placed_together` and `check_writable` for the derivatives of a run; vouched: see there."""
    paths = list(run.outputs(output).values())
    ours = partial(vouched_images, paths)
    all_ours = (lambda: ours() | vouched()) if vouched else ours
    return {"overwrite": overwrite, "vouched": all_ours, "whole": paths[0].parent}


def derivative_paths(run, output):
    """Every file that `write_derivatives` may write of a run."""
    return [file for path in run.outputs(output).values() for file in (path, sidecar_path(path))]


def made_by(image):
    """What the sidecar of an image says of its origin, by which `vouched_images` knows that nobody has changed it."""
    return {MADE_BY: {"Name": SOFTWARE, "Version": __version__, "SHA256": fingerprint(image)}}


def vouched_images(paths):
    """The images that a sidecar vouches for, and these sidecars."""
    vouched = set()
    for path in paths:
        made_by = read_record(sidecar_path(path)).get(MADE_BY)
        if isinstance(made_by, dict) and made_by.get("Name") == SOFTWARE:
            vouched |= {sidecar_path(path), *([path] if is_unchanged(path, made_by.get("SHA256")) else [])}
    return vouched


def _sidecar(run, entry, maps, anonymous):
    sources = [] if anonymous else [path.relative_to(run.root).as_posix() for path in files_of(run)]
    content = {"Description": entry.description}
    content |= {"Sources": [f"bids:raw:{source}" for source in sources]} if sources else {}
    if isinstance(run.volume, int) or run.suffix in SERIES:
        content["SourceVolume"] = run.volume if isinstance(run.volume, int) else 0
    if entry.unit != NO_UNIT:
        content["Units"] = entry.unit
    if entry.is_mask:
        content["Type"] = "ROI"
    else:
        content["SkullStripped"] = _is_empty_outside(getattr(maps, entry.name), maps.mask)
    return content | ({"Provenance": maps.provenance} if entry.name == SUSCEPTIBILITY else {})


def _is_empty_outside(array, mask):
    """Whether there is something outside the mask, all of it zero."""
    return not mask.all() and not array[~mask].any()
