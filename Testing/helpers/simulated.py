"""Scans of simulated heads, kept on disk between test runs."""

from functools import cache

from helpers.kept import kept

from QSMLogic.simulation.phantom import head
from QSMLogic.simulation.scan import simulate_scan


@cache
def head_scan(shape, voxel_mm, seed=0, deformation=0.0, **options):
    """The Scan of a head on a grid of `shape` with cubic voxels; options: those of simulate_scan."""
    return kept(_head_scan, shape, voxel_mm, seed, deformation, **options)


def _head_scan(shape, voxel_mm, seed, deformation, **options):
    return simulate_scan(head(shape, (voxel_mm,) * 3, seed, deformation=deformation), seed=seed, **options)
