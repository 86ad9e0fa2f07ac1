"""The maps of a run, written to a folder."""

from pathlib import Path

from .images import write_files

MAP_FILES = {
    "mask": "mask.nii.gz",
    "reliable_mask": "reliable_mask.nii.gz",
    "total_field_ppm": "total_field_ppm.nii.gz",
    "local_field_ppm": "local_field_ppm.nii.gz",
    "susceptibility_ppm": "susceptibility_ppm.nii.gz",
    "uncertainty_ppm": "field_uncertainty_ppm.nii.gz",
    "quality": "phase_quality.nii.gz",
    "provenance": "run.json",
}


def map_paths(folder):
    """Where `write_maps` writes, {name: path}."""
    return {name: Path(folder) / file for name, file in MAP_FILES.items()}


def map_contents(maps, paths):
    """{path: map} of the Maps that are there, for write_files; paths: {name of the map: path}."""
    return {path: getattr(maps, name) for name, path in paths.items() if getattr(maps, name) is not None}


def write_maps(maps, geometry, folder, texts=None):
    """Write the Maps of a run, its run.json and {path: text} into `folder`, all or nothing. Returns the paths."""
    return write_files(map_contents(maps, map_paths(folder)) | (texts or {}), geometry)
