"""The pipeline on nodes of the scene: from a scan to a susceptibility map and a table of regions."""

from QSMLogic import run
from QSMLogic.pipeline.input_checks import input_checks

from .display.strength_chart import update_strength_chart
from .regions.measure import Measurement, measure_into_table
from .scan.outputs import wants_quality, write_map
from .scan.request import read_scan


def process(request, progress=None):
    """Map the susceptibility of a scan, in this process; returns the volume node in ppm. See QSM.QSMLogic.process."""
    scan = read_scan(request)
    options = {
        "reference_mask": scan.reference,
        "quality": wants_quality(request.output_volume, request.intermediate),
        "curve": request.curve,
        "given_maps": scan.given_maps,
    }
    maps = run(scan.acquisition(), scan.mask, request.settings, progress, **options)
    volume = write_map(maps, scan.source, request.output_volume, scan.names, request.intermediate)
    update_strength_chart(volume, maps.provenance)
    return volume


def check(request):
    """The Checks of a scan, in this process. See QSM.QSMLogic.check."""
    scan = read_scan(request)
    return input_checks(scan.acquisition(), scan.mask, request.settings)


def roi_statistics(region_node, volume, table=None):
    """Fill a table node (None for a new one) with the susceptibility in each region; returns the node.

    A map without a unit is assumed to be in ppm. Raises QSMError if the inputs are not regions and a map.
    """
    return measure_into_table(Measurement(region_node, (volume,), assumed="ppm"), table)
