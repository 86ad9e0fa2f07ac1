"""The command `oxygenation`: oxygen saturation of a vein segment."""

import csv
import io
import json
from pathlib import Path

from ..files.atomic import check_writable, write_texts
from ..files.images import load_mask, load_on_grid, read_image
from ..model.catalogue import CATALOGUE, UNCERTAINTY
from ..model.errors import QSMError
from ..regions.label_files import read_regions
from ..regions.label_names import LABEL_NAMES
from ..regions.oxygenation import SHELL_MM, oxygenation
from ..regions.region import MapImage
from ..regions.units import PER_PPM
from .statistics import beside

ENDINGS = (".csv", ".json")


def add_oxygenation_options(parser):
    """The options of `oxygenation`."""
    add = parser.add_argument
    add("--map", required=True, metavar="FILE", help="susceptibility map")
    add("--map-unit", default="ppm", choices=PER_PPM, help="unit of the map (default: %(default)s)")
    add("--labels", required=True, metavar="FILE", help="label image or .seg.nrrd segmentation, on any grid")
    add("--label-names", metavar="FILE", help=LABEL_NAMES)
    add("--vein", required=True, metavar="SEGMENT", help="the vein segment, such as the straight sinus")
    low, high = SHELL_MM
    add(
        "--surroundings",
        metavar="SEGMENT",
        help=f"tissue for comparison (default: what is {low:g} to {high:g} mm from the vein)",
    )
    add("--hematocrit", required=True, type=float, metavar="FRACTION", help="volume fraction of red cells, as 0.42")
    add("--hematocrit-sd", type=float, default=0.02, metavar="FRACTION", help="its SD (default: %(default)s)")
    add("--erode-mm", type=float, default=0.0, metavar="MM", help="distance by which the vein is eroded")
    add("--mask", metavar="FILE", help="mask of reliable voxels (default: reliable_mask beside the map, if any)")
    add("--uncertainty", metavar="FILE", help="standard deviation of the map (default: that of its run, if any)")
    add("--output", metavar="FILE", help="table to write, .csv or .json")


def oxygenation_command(arguments, console):
    """Estimate the venous oxygen saturation of a vein segment from its susceptibility; not for clinical decisions."""
    output = Path(arguments.output) if arguments.output else None
    mask_path = arguments.mask or beside(arguments.map, CATALOGUE["reliable_mask"].file)
    uncertainty_path = arguments.uncertainty or beside(arguments.map, CATALOGUE[UNCERTAINTY].file)
    inputs = [arguments.map, arguments.labels, arguments.label_names, mask_path, uncertainty_path]
    if output:
        if output.suffix.lower() not in ENDINGS:
            raise QSMError(f"{output} must end in {' or '.join(ENDINGS)}.")
        check_writable([output], [path for path in inputs if path], overwrite=arguments.overwrite)
    array, geometry = read_image(arguments.map)
    uncertainty = load_on_grid(uncertainty_path, geometry) if uncertainty_path else None
    regions, _ = read_regions(arguments.labels, geometry, arguments.label_names)
    named = {region.name: region for region in regions}
    found = oxygenation(
        MapImage(array, arguments.map_unit, uncertainty),
        _segment(named, arguments.vein),
        geometry.grid(),
        arguments.hematocrit,
        hematocrit_sd=arguments.hematocrit_sd,
        surroundings=_segment(named, arguments.surroundings) if arguments.surroundings else None,
        mask=load_mask(mask_path, geometry) if mask_path else None,
        erosion_mm=arguments.erode_mm,
    )
    console.warn(found.cautions)
    print(found.sentence())
    if output:
        row = {"vein": arguments.vein} | found.row()
        console.wrote(write_texts({output: _text(row, output.suffix.lower())}, overwrite=arguments.overwrite))


def _segment(named, name):
    if name not in named:
        raise QSMError(f"There is no segment {name!r}; the segments are: {', '.join(named)}.")
    return named[name]


def _text(row, ending):
    if ending == ".json":
        return json.dumps(row, indent=2, ensure_ascii=False) + "\n"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, row, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()
