"""How large a head is compared with a human one, and how bright: lengths that suit a human head shrink with it."""

import math

import numpy as np

HEAD_MM = 70.0  # radius of the ball that holds as much as a human brain


def relative_size(voxels, spacing_mm):
    """The radius of a ball of so many voxels over HEAD_MM, at most 1."""
    return min(1.0, (0.75 / math.pi * voxels * math.prod(map(float, spacing_mm))) ** (1 / 3) / HEAD_MM)


def bright_level(image):
    """The magnitude of bright tissue: its 98th percentile, without empty voxels if almost all are empty."""
    return float(np.percentile(image, 98) or np.percentile(image[image > 0], 98)) if (image > 0).any() else 0.0
