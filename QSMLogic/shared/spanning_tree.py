"""Unwrapping along the most reliable edges between the voxels of a mask, as on a minimum spanning tree.

Growing a region always over the best edge at its border visits the edges of such a tree. The tree is built by scipy
and summed over with array operations, on the CPU. Edges is a triple of numpy arrays: costs (integers, low is reliable),
starts, ends (numbers of voxels in the mask).
"""

from functools import reduce

import numpy as np

from ..numerics.lazy import csgraph, sparse
from ..numerics.namespace import namespace, to_host
from .phase_quality import TWO_PI, neighbors

WORST_COST = 255  # costs of edges are integers from 1 to 255, as in ROMEO
SMALLEST_REGION = 0.01  # share of the mask


def edges_of(mask, quality, for_tree=False):
    """The edges between neighbors in the mask; `quality(axis)` gives their quality, 0 to 1, along an axis.

    for_tree: only those that the minimum spanning tree may have.
    """
    xp = namespace(mask)
    number = xp.cumsum(mask, dtype=np.int32).reshape(mask.shape) - 1
    every = [_costs(mask, axis, quality(axis)) for axis in range(3)]
    if for_tree:
        _drop_worst_of_squares(every)
    costs, starts, ends = [], [], []
    for axis, cost in enumerate(every):
        here, there = neighbors(axis)
        kept = cost > 0
        costs.append(cost[kept].astype(np.float32))
        starts.append(number[here][kept])
        ends.append(number[there][kept])
    return tuple(to_host(xp.concatenate(part)) for part in (costs, starts, ends))


def _costs(mask, axis, quality):
    """The costs of the edges along an axis as bytes, one shorter than the mask along it; 0 where there is no edge."""
    (here, there), xp = neighbors(axis), namespace(mask)
    inside = mask[here] & mask[there]
    costs = xp.zeros(inside.shape, np.uint8)
    known = xp.nan_to_num(quality[inside], copy=False)  # a weight may look at voxels outside
    costs[inside] = xp.clip(xp.rint(WORST_COST * (1 - known)), 1, WORST_COST)
    return costs


def _drop_worst_of_squares(costs):
    """Set to 0 the worst edge of every square of four: it closes a cycle, so that no minimum spanning tree needs it.

    costs: of the edges along each axis. Of equal ones it is that which the tree would take last.
    """
    xp = namespace(costs[0])
    worst = [xp.zeros(cost.shape, bool) for cost in costs]
    for slow, fast in ((0, 1), (0, 2), (1, 2)):
        near_slow, far_slow = neighbors(slow)
        near_fast, far_fast = neighbors(fast)
        sides = (fast, far_slow), (slow, far_fast), (slow, near_fast), (fast, near_slow)  # the last taken comes first
        four = [costs[axis][part] for axis, part in sides]
        highest, square = reduce(xp.maximum, four), reduce(xp.minimum, four) > 0
        for axis, part in sides:
            found = square & (costs[axis][part] == highest)
            worst[axis][part] |= found
            square &= ~found
    for cost, drop in zip(costs, worst, strict=True):
        cost[drop] = 0


def unwrap_along_edges(phase_rad, edges, regions=1):
    """Unwrap the phases of the mask's voxels; the unwrapped phases, and the connected part that each belongs to.

    regions: more than one cuts the tree at its worst edges until there are so many large regions; each is unwrapped
    by itself, and regions are joined by the vote of all edges between them instead of the single best one.
    """
    tree = _spanning_tree(edges, phase_rad.size)
    part = _parts(tree)
    if regions < 2 or part.max(initial=0) + 1 == part.size:
        return phase_rad + _turns(tree, part, phase_rad), part
    cut, region = _cut(tree, regions)
    unwrapped = phase_rad + _turns(cut, region, phase_rad)
    return unwrapped + _turns_by_vote(edges, unwrapped, region)[region], part


def _spanning_tree(edges, voxels):
    """The minimum spanning tree (forest, if the mask has several parts)."""
    costs, starts, ends = edges
    return csgraph.minimum_spanning_tree(sparse.coo_array((costs, (starts, ends)), shape=(voxels, voxels)).tocsr())


def _parts(tree):
    """The number of the connected part of every node; a forest that lacks no edge to be a tree has one."""
    nodes = tree.shape[0]
    if tree.nnz == nodes - 1:
        return np.zeros(nodes, np.int32)
    return csgraph.connected_components(tree, directed=False)[1]


def _turns(tree, part, phase_rad):
    """What unwraps the voxels' phases along the tree (radians), from a root in every part outwards."""
    parent = _parents(tree, part)
    below = np.flatnonzero(parent[:-1] != part.size)
    steps = np.zeros(parent.size, np.int32)
    with np.errstate(invalid="ignore"):  # phase that is not finite gives a field that is refused
        steps[below] = np.rint((phase_rad[parent[below]] - phase_rad[below]) / TWO_PI)
    return _summed(steps, parent)


def _parents(tree, part):
    """The parent of every node, for which an extra node behind the last one is the root of all parts."""
    root = part.size
    tree = tree.tocoo()
    firsts = _first_of_each(part)
    starts, ends = np.append(tree.row, np.full_like(firsts, root)), np.append(tree.col, firsts)
    joined = sparse.coo_array((np.ones(ends.size), (starts, ends)), shape=(root + 1, root + 1)).tocsr()
    parent = csgraph.breadth_first_order(joined, root, directed=False)[1]
    parent[root] = root
    return parent


def _first_of_each(part):
    """The first node of each part."""
    firsts = np.empty(int(part.max(initial=-1)) + 1, np.intp)
    firsts[part[::-1]] = np.arange(part.size)[::-1]  # of several values for one place, the last stays
    return firsts


def _summed(steps, parent):
    """The sum of a node's steps (multiples of 2 pi) to the root, in radians; each iteration doubles the path summed."""
    root = parent.size - 1
    while np.any(parent != root):
        steps += steps[parent]
        parent = parent[parent]
    return TWO_PI * steps[:-1].astype(np.float32)


def _cut(tree, regions):
    """The tree without its worst edges, and each voxel's region: at the largest cost that gives `regions` large ones.

    Fewer, if the mask falls apart before there are so many.
    """
    tree = tree.tocoo()
    found, low, high = [], 0, WORST_COST
    while low < high:
        cost = (low + high + 1) // 2
        kept = tree.data <= cost
        cut = sparse.coo_array((tree.data[kept], (tree.row[kept], tree.col[kept])), shape=tree.shape).tocsr()
        region = csgraph.connected_components(cut, directed=False)[1]
        large = np.count_nonzero(np.bincount(region) >= SMALLEST_REGION * region.size)
        found.append((min(large, regions), cost, cut, region))
        if 0 < large < regions:
            high = cost - 1
        else:
            low = cost
    return max(found, key=lambda entry: entry[:2])[2:]


def _turns_by_vote(edges, unwrapped_rad, region):
    """What joins the regions (radians, one for each): every edge between two of them votes by its reliability."""
    costs, starts, ends = edges
    count = int(region.max()) + 1
    between = np.flatnonzero(region[starts] != region[ends])
    ordered = region[starts[between]] < region[ends[between]]
    lower = np.where(ordered, starts[between], ends[between])
    upper = np.where(ordered, ends[between], starts[between])
    pair = region[lower].astype(np.int64) * count + region[upper]
    step = np.rint((unwrapped_rad[lower] - unwrapped_rad[upper]) / TWO_PI).astype(np.int64)
    pair, step, votes = _winners(pair, step, WORST_COST + 1 - costs[between])
    tree = _spanning_tree((1 / votes, pair // count, pair % count), count)

    parent = _parents(tree, _parts(tree))
    below = np.flatnonzero(parent[:-1] != count)
    above, steps = parent[below].astype(np.int64), np.zeros(count + 1, np.int64)
    one = np.searchsorted(pair, np.minimum(below, above) * count + np.maximum(below, above))
    steps[below] = np.where(above < below, step[one], -step[one])
    return _summed(steps, parent)


def _winners(pair, step, votes):
    """Each pair once, in order, with the step that got the most votes and their number."""
    lowest, span = step.min(initial=0), int(np.ptp(step)) + 1 if step.size else 1
    choice, number = np.unique(pair * span + (step - lowest), return_inverse=True)
    total = np.bincount(number, votes)
    order = np.lexsort((-total, choice // span))
    order = order[np.unique((choice // span)[order], return_index=True)[1]]
    return choice[order] // span, choice[order] % span + lowest, total[order]
