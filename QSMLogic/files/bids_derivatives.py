"""Maps as BIDS derivatives."""

import os
from functools import partial
from pathlib import Path

from ..model.catalogue import SUSCEPTIBILITY
from ..model.units import NO_UNIT
from ..version import __version__
from .atomic import placed_together
from .bids import SERIES, files_of
from .images import write_contents
from .ownership import SOFTWARE, fingerprint, is_unchanged, read_record
from .sidecar import sidecar_path

MADE_BY = "GeneratedBy"


def write_derivatives(run, maps, geometry, output, overwrite=False, anonymous=False, finish=None, vouched=None):
    """Write the Maps of a run with their sidecars into the derivatives folder `output`. Returns the paths.

    Maps of an earlier run on the same scan that this one does not make are removed. overwrite: replace other files,
    too. anonymous: do not name the images that the maps were made from. finish: called with the {path: temporary path}
    of what has been written, adds further files, the record of all of them last. vouched: returns further files of an
    earlier run.
    """
    paths, description = run.outputs(output), Path(output) / "dataset_description.json"
    images = {paths[entry.name]: array for entry, array in maps.items()}
    placement = derivative_placement(run, output, overwrite, vouched)
    with placed_together(images, **placement, if_missing=[description]) as temporary:
        write_contents(temporary, images, geometry)
        if not description.exists():
            write_contents(temporary, {description: _dataset_description(run.root, output, anonymous)}, None)
        for entry, _ in maps.items():
            path = paths[entry.name]
            content = _sidecar(run, entry, maps.provenance, anonymous)
            content[MADE_BY] = {"Name": SOFTWARE, "Version": __version__, "SHA256": fingerprint(temporary[path])}
            write_contents(temporary, {sidecar_path(path): content}, None)
        if finish:
            finish(temporary)
    return list(temporary)


def derivative_placement(run, output, overwrite=False, vouched=None):
    """The options of `placed_together` and `check_writable` for the derivatives of a run; vouched: see there."""
    paths = list(run.outputs(output).values())
    ours = partial(_vouched, paths)
    all_ours = (lambda: ours() | vouched()) if vouched else ours
    return {"overwrite": overwrite, "vouched": all_ours, "whole": paths[0].parent}


def derivative_paths(run, output):
    """Every file that `write_derivatives` may write of a run."""
    return [file for path in run.outputs(output).values() for file in (path, sidecar_path(path))]


def _vouched(paths):
    """The images that a sidecar vouches for, and these sidecars."""
    vouched = set()
    for path in paths:
        made_by = read_record(sidecar_path(path)).get(MADE_BY)
        if isinstance(made_by, dict) and made_by.get("Name") == SOFTWARE:
            vouched |= {sidecar_path(path), *([path] if is_unchanged(path, made_by.get("SHA256")) else [])}
    return vouched


def _sidecar(run, entry, provenance, anonymous):
    sources = [] if anonymous else [path.relative_to(run.root).as_posix() for path in files_of(run)]
    content = {"Description": entry.description}
    content |= {"Sources": [f"bids:raw:{source}" for source in sources]} if sources else {}
    if isinstance(run.volume, int) or run.suffix in SERIES:
        content["SourceVolume"] = run.volume if isinstance(run.volume, int) else 0
    if entry.unit != NO_UNIT:
        content["Units"] = entry.unit
    if entry.is_mask:
        content["Type"] = "ROI"
    return content | ({"Provenance": provenance} if entry.name == SUSCEPTIBILITY else {})


def _dataset_description(root, output, anonymous):
    links = {} if anonymous else {"DatasetLinks": {"raw": Path(os.path.relpath(root, output)).as_posix()}}
    description = {
        "Name": "Quantitative susceptibility maps",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        MADE_BY: [{"Name": SOFTWARE, "Version": __version__}],
    }
    return description | links
