"""Data fidelities, each by its proximal map, for ADMM: voxel by voxel, in slabs.

A proximal map takes v and a slice of planes to the z that minimises F(z) + penalty/2 |z - v|_2^2 in these planes.
target: the measured field (ppm). weight: per voxel, zero where there is no data. All arrays are float32 (k, j, i).
"""

import numpy as np

from .parallel import for_slabs

STEPS = 3


def squares(target, weight, penalty):
    """F(z) = 1/2 sum w (z - f)^2."""
    share = weight / (weight + np.float32(penalty))

    def proximal(v, planes):
        return v + share[planes] * (target[planes] - v)

    return proximal


def absolutes(target, weight, penalty):
    """F(z) = sum w |z - f|."""
    threshold = weight / np.float32(penalty)

    def proximal(v, planes):
        distance = v - target[planes]
        return v - np.clip(distance, -threshold[planes], threshold[planes])

    return proximal


def phasor_squares(target, weight, penalty, rad_per_ppm):
    """F(z) = 1/2 sum w |exp(i s z) - exp(i s f)|^2 / s^2, which nearly is `squares` where s |z - f| is small.

    From the answer of `squares`, each step minimises the parabola that touches F from above.
    """
    turns, penalty = np.float32(rad_per_ppm / np.pi), np.float32(penalty)

    def proximal(v, planes):
        distance, w = v - target[planes], weight[planes]
        distance *= penalty
        t = distance / (w + penalty)
        for _ in range(STEPS):
            t = distance / (w * np.maximum(np.sinc(turns * t), 0) + penalty)
        return target[planes] + t

    return proximal


def phasor_absolutes(target, weight, penalty, rad_per_ppm):
    """F(z) = sum w |exp(i s z) - exp(i s f)| / s, which nearly is `absolutes` where s |z - f| is small."""
    half, penalty = np.float32(rad_per_ppm / 2), np.float32(penalty)

    def proximal(v, planes):
        distance, threshold = v - target[planes], weight[planes] / penalty
        t = distance
        for _ in range(STEPS):
            limit = threshold * np.abs(np.cos(half * t))
            t = distance - np.clip(distance, -limit, limit)
        return target[planes] + t

    return proximal


def phasor_gradient(field, target, weight, rad_per_ppm):
    """The derivative of `phasor_squares`' F at z = `field`: w sin(s (z - f)) / s, written over `field`."""
    scale = np.float32(rad_per_ppm)

    def work(start, stop):
        z = field[start:stop]
        z -= target[start:stop]
        z *= scale
        np.sin(z, out=z)
        z *= weight[start:stop]
        z /= scale

    for_slabs(work, field.shape)
    return field
