"""How large a head is compared with a human one: lengths that suit a human head shrink with it."""

import math

HEAD_MM = 70.0  # radius of the ball that holds as much as a human brain


def relative_size(voxels, spacing_mm):
    """The radius of a ball of so many voxels over HEAD_MM, at most 1."""
    return min(1.0, (0.75 / math.pi * voxels * math.prod(map(float, spacing_mm))) ** (1 / 3) / HEAD_MM)
