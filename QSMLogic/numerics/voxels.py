"""Lengths in voxels, so that files of one scan whose spacings differ by rounding give the same result."""

DIGITS = 5  # of voxels that count; float32, in which files may have spacings, has 7
MARGIN_VOXELS = 16  # beyond an image for transforms; enough for images of one to two hundred voxels
SAME = 1 + 1e-6  # lengths whose ratio is below are the same


def in_voxels(length_mm, spacing_mm):
    """How many voxels a length is, rounded before it is made a whole number."""
    return round(float(length_mm / spacing_mm), DIGITS)
