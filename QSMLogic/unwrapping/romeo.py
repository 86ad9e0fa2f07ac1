"""ROMEO: region-growing unwrapping along the most reliable edges (Dymerska et al. 2021).

Growing a region always over the best edge at its border visits the edges of a minimum spanning tree. The tree is
built by scipy and summed over with array operations.
"""

from dataclasses import dataclass

import numpy as np

from ..lazy import csgraph, sparse
from ..method import Citation, method, parameter
from ..phase_quality import TWO_PI, edge_quality, neighbours

WORST_COST = 255  # costs of edges are whole numbers from 1 to 255, as in the paper


@dataclass(frozen=True)
class RomeoParameters:
    template_echo: int = parameter(
        1,
        "Template echo",
        low=1,
        high=64,
        help="The echo that is unwrapped in space; the others follow it in time. An early one has the fewest wraps.",
    )


@method(
    "unwrap",
    title="ROMEO",
    parameters=RomeoParameters,
    citations=[Citation("Dymerska et al., Magn Reson Med 2021;85:2294-2308", "10.1002/mrm.28563")],
)
def romeo(acquisition, mask, parameters, progress):
    """Unwrap a template echo in space along its most reliable edges, and the other echoes in time.

    acquisition: phase in radians (echo, k, j, i), proportional to echo time where there are several echoes.
    mask: bool (k, j, i). Returns float32 radians (echo, k, j, i), zero outside the mask.
    """
    template = min(parameters.template_echo, acquisition.echoes) - 1
    second = None
    if acquisition.echoes > 1:
        other = template + 1 if template + 1 < acquisition.echoes else template - 1
        ratio = acquisition.echo_times_s[template] / acquisition.echo_times_s[other]
        second = acquisition.phase[other], ratio
    spatial_rad = unwrap_spatially(acquisition.phase[template], acquisition.magnitude[template], mask, second)
    progress(0.8)
    return unwrap_temporally(acquisition, spatial_rad, template) * mask


def unwrap_spatially(phase_rad, magnitude, mask, second=None):
    """Unwrap one 3D phase image (radians) inside the mask; zero outside.

    second: another echo's phase and the ratio of this echo's time to that one's, which makes the weights more
    reliable. The mean of each connected part of the mask comes to lie within half a turn of zero.
    """
    tree = _spanning_tree(phase_rad, magnitude, mask, second)
    part = csgraph.connected_components(tree, directed=False)[1]
    values = _unwrap_along(tree, part, phase_rad[mask])
    unwrapped = np.zeros(phase_rad.shape, np.float32)
    unwrapped[mask] = _centred(values, part)
    return unwrapped


def unwrap_temporally(acquisition, spatial_rad, template):
    """Unwrap the other echoes by the slope that the echoes unwrapped before them predict.

    The slope is the least-squares line through the origin, weighted by squared magnitude.
    """
    times = np.asarray(acquisition.echo_times_s, np.float32)
    unwrapped = np.empty_like(acquisition.phase)
    weighted, norm = np.zeros_like(spatial_rad), np.full_like(spatial_rad, np.finfo(np.float32).tiny)
    for echo in [*range(template, len(times)), *range(template - 1, -1, -1)]:
        phase_rad = acquisition.phase[echo]
        reference = spatial_rad if echo == template else weighted / norm * times[echo]
        unwrapped[echo] = phase_rad + TWO_PI * np.rint((reference - phase_rad) / TWO_PI)
        weight = np.square(acquisition.magnitude[echo]) * times[echo]
        weighted += weight * unwrapped[echo]
        norm += weight * times[echo]
    return unwrapped


def _spanning_tree(phase_rad, magnitude, mask, second):
    """The minimum spanning tree (forest, where the mask has several parts) over the voxels of the mask."""
    number = np.cumsum(mask, dtype=np.int32).reshape(mask.shape) - 1
    costs, starts, ends = [], [], []
    for axis in range(3):
        here, there = neighbours(axis)
        inside = mask[here] & mask[there]
        quality = edge_quality(axis, phase_rad, magnitude, second)[inside]
        costs.append(np.clip(np.rint(WORST_COST * (1 - quality)), 1, WORST_COST))
        starts.append(number[here][inside])
        ends.append(number[there][inside])
    voxels = int(number.flat[-1]) + 1
    edges = np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends))
    return csgraph.minimum_spanning_tree(sparse.coo_array(edges, shape=(voxels, voxels)).tocsr())


def _unwrap_along(tree, part, phase_rad):
    """Unwrap the voxels' phases along the tree, from a root in every part outwards.

    A voxel's turns are the sum of the steps on its way to the root; each pass doubles the way that is summed.
    """
    root, parent = part.size, _parents(tree, part)
    below = np.flatnonzero(parent[:-1] != root)
    turns = np.zeros(parent.size, np.int32)
    turns[below] = np.rint((phase_rad[parent[below]] - phase_rad[below]) / TWO_PI)
    while np.any(parent != root):
        turns += turns[parent]
        parent = parent[parent]
    return phase_rad + TWO_PI * turns[:-1].astype(np.float32)


def _parents(tree, part):
    """The parent of every voxel, for which an extra node behind the last voxel is the root of all parts."""
    root = part.size
    tree = tree.tocoo()
    firsts = np.unique(part, return_index=True)[1]
    starts, ends = np.append(tree.row, np.full_like(firsts, root)), np.append(tree.col, firsts)
    joined = sparse.coo_array((np.ones(ends.size), (starts, ends)), shape=(root + 1, root + 1)).tocsr()
    parent = csgraph.breadth_first_order(joined, root, directed=False)[1]
    parent[root] = root
    return parent


def _centred(values, part):
    """Each part shifted by whole turns so that its mean lies within half a turn of zero."""
    mean = np.bincount(part, values) / np.bincount(part)
    return values - (TWO_PI * np.rint(mean / TWO_PI)).astype(np.float32)[part]
