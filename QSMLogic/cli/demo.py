"""The demonstration: a simulated scan of a head with known susceptibility is written, read, mapped and evaluated."""

from dataclasses import dataclass
from pathlib import Path

from ..files.atomic import check_writable, placed_together
from ..files.data_set import DESCRIPTION, description
from ..files.images import Geometry, write_contents
from ..files.map_files import map_contents, output_paths, placement, write_record
from ..files.scans import load_acquisition
from ..files.sidecar import sidecar_path
from ..numerics.lazy import ndimage
from ..pipeline.chain import run
from ..regions import MapImage, Region, measure
from ..regions.table_files import table_texts
from ..registry.provenance import warnings
from ..simulation.accuracy import nrmse, region_agreement
from ..simulation.phantom import LABELS
from ..simulation.sample import simulated_scan
from ..simulation.scan import stored_as_integers

RIM_VOXELS = 4
TISSUE = range(LABELS["Caudate"], LABELS["Gray matter"] + 1)
REGIONS = range(LABELS["Caudate"], LABELS["Bone"])
SCANNED, WRITTEN = 0.4, 0.45  # fraction done after the simulation, and after writing the scan


@dataclass(frozen=True)
class Demo:
    """What the demonstration left: the paths of its files, the accuracy as in run.json, and the warnings of the run."""

    paths: list
    accuracy: dict
    warnings: list

    @property
    def summary(self):
        """A table of the regions and a line on all of them."""
        row = "{region:<22}{voxels:>8}{truth_ppm:>10.3f}{map_ppm:>10.3f}".format
        total = (
            "Means of gray and white matter: slope {region_slope:.2f}, RMS error {region_rms_error_ppm:.4f} ppm. "
            "Brain eroded by {rim} voxels: NRMSE {nrmse_percent:.0f} %."
        ).format(rim=RIM_VOXELS, **self.accuracy)
        head_line = f"{'Region':<22}{'voxels':>8}{'truth ppm':>10}{'map ppm':>10}"
        return "\n".join([head_line, *(row(**region) for region in self.accuracy["regions"]), total])


def run_demo(folder, progress=None, voxel_mm=1.5, seed=0, overwrite=False, settings=None):
    """Simulate a scan, write it to `folder` as a BIDS data set, and map it from there with default settings.

    progress: called as progress(stage, fraction); it may raise Cancelled. voxel_mm: voxel size of the scan. overwrite:
    replace files that no earlier demonstration has written. settings: of the run; None for the defaults.
    Returns a Demo; raises QSMError if the folder cannot be written.
    """
    folder, progress = Path(folder), progress or (lambda stage, fraction: None)
    table = folder / "roi_statistics.csv"
    placing = placement(folder, overwrite)
    check_writable([*output_paths(folder), table], **placing)
    truth = simulated_scan(lambda stage, done: progress(stage, SCANNED * done), voxel_mm, seed)
    geometry = Geometry(tuple(reversed(truth.grid.shape)), tuple(reversed(truth.grid.spacing_mm)))
    progress("writing the scan", SCANNED)
    with placed_together([], **placing) as temporary:
        write_contents(temporary, _scan_files(folder, truth) | _truth_files(folder, truth), geometry)
        images = ([temporary[path] for path in _echo_paths(folder, truth, part)] for part in ("mag", "phase"))
        scan, geometry = load_acquisition(*images)
        maps = run(
            scan, settings=settings, progress=lambda stage, done: progress(stage, WRITTEN + (1 - WRITTEN) * done)
        )
        accuracy = judge(maps.susceptibility_ppm, maps.reliable_mask, truth)
        regions = (Region(name, region) for _, name, region in _regions(truth, maps.reliable_mask))
        measured = {"susceptibility": MapImage(maps.susceptibility_ppm, "ppm")}
        rows = table_texts(measure(measured, regions, truth.grid, mask=maps.reliable_mask), table)
        write_contents(temporary, map_contents(maps, folder) | rows, geometry)
        write_record(temporary, folder, maps.provenance | {"accuracy": accuracy})
    return Demo(list(temporary), accuracy, warnings(maps.provenance))


def judge(map_ppm, reliable_mask, truth):
    """Compare a map with the truth of the SimulatedScan it was made from; returns plain dictionaries.

    A map is known up to a constant, so the truth is shifted to the mean of the map in the mask. nrmse_percent is taken
    over the eroded mask, slope and RMS error over the means of the regions of gray and white matter.
    """
    inside = truth.mask & reliable_mask
    truth_ppm = truth.susceptibility_ppm - truth.susceptibility_ppm[inside].mean() + map_ppm[inside].mean()
    found = [
        (label, {"region": name, "voxels": int(region.sum()), **_means(region, truth_ppm=truth_ppm, map_ppm=map_ppm)})
        for label, name, region in _regions(truth, reliable_mask)
    ]
    measured, true = zip(*((r["map_ppm"], r["truth_ppm"]) for label, r in found if label in TISSUE), strict=True)
    slope, error_ppm = region_agreement(measured, true)
    return {
        "nrmse_percent": nrmse(map_ppm, truth_ppm, ndimage.binary_erosion(inside, iterations=RIM_VOXELS)),
        "region_slope": slope,
        "region_rms_error_ppm": error_ppm,
        "regions": [region for _, region in found],
    }


def _echo_paths(folder, truth, part):
    name = "sub-demo_echo-{}_part-{}_MEGRE.nii.gz"
    return [folder / "sub-demo" / "anat" / name.format(echo + 1, part) for echo in range(truth.acquisition.echoes)]


def _scan_files(folder, truth):
    """{path: content} of the data set: images as a scanner stores them, and what is known of them."""
    files = {folder / DESCRIPTION: description("Simulated head", "raw")}
    for part, images in zip(("mag", "phase"), stored_as_integers(truth.acquisition), strict=True):
        for path, image, time_s in zip(
            _echo_paths(folder, truth, part), images, truth.acquisition.echo_times_s, strict=True
        ):
            strength = truth.acquisition.field_strength_t
            files[path] = image
            files[sidecar_path(path)] = {"EchoTime": time_s, "MagneticFieldStrength": strength}
    return files


def _truth_files(folder, truth):
    names = ("susceptibility_ppm", "total_field_ppm", "local_field_ppm", "mask", "labels")
    files = {folder / "truth" / f"{name}.nii.gz": getattr(truth, name) for name in names}
    return files | {folder / "truth" / "labels.json": {str(label): name for label, name in truth.names.items()}}


def _regions(truth, reliable_mask):
    """(label, name, bool array) of the tissues in the brain that a map covers."""
    inside = truth.mask & reliable_mask
    regions = ((label, truth.names[label], inside & (truth.labels == label)) for label in REGIONS)
    return [entry for entry in regions if entry[2].any()]


def _means(region, **maps):
    return {name: float(values[region].mean()) for name, values in maps.items()}
