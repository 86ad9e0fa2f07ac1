"""Data fidelities F, each by its proximal map and its value, for ADMM: voxel by voxel, in slabs.

target: the measured field (ppm). weight: per voxel, zero where there is no data. penalty: of the splitting that the
proximal map serves. All arrays are float32 (k, j, i).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..numerics.parallel import for_slabs

STEPS = 2
TINY = np.float32(1e-20)  # makes sin(t) / t known at zero, and changes no other number


@dataclass(frozen=True)
class Fidelity:
    """proximal(v, planes): the z that minimises F(z) + penalty/2 |z - v|_2^2 in a slice of planes, of which v is the
    part; v is left as it is. cost(z, planes): F(z) in these planes."""

    proximal: Callable
    cost: Callable

    def total(self, z):
        """F(z) over all planes; the same for any number of threads."""
        costs = np.zeros(len(z))

        def work(start, stop):
            costs[start] = self.cost(z[start:stop], slice(start, stop))

        for_slabs(work, z.shape)
        return float(costs.sum())


def squares(target, weight, penalty):
    """F(z) = 1/2 sum w (z - f)^2."""
    penalty = np.float32(penalty)

    def proximal(v, planes):
        z = target[planes] - v
        z *= weight[planes] / (weight[planes] + penalty)
        z += v
        return z

    def cost(z, planes):
        distance = z - target[planes]
        return np.vdot(distance * weight[planes], distance) / 2

    return Fidelity(proximal, cost)


def absolutes(target, weight, penalty):
    """F(z) = sum w |z - f|."""
    penalty = np.float32(penalty)

    def proximal(v, planes):
        distance, threshold = v - target[planes], weight[planes] / penalty
        return v - np.clip(distance, -threshold, threshold)

    def cost(z, planes):
        return np.vdot(np.abs(z - target[planes]), weight[planes])

    return Fidelity(proximal, cost)


def phasor_squares(target, weight, penalty, rad_per_ppm):
    """F(z) = 1/2 sum w |exp(i s z) - exp(i s f)|^2 / s^2, which nearly is `squares` where s |z - f| is small.

    From the answer of `squares`, each step minimises the parabola that touches F from above.
    """
    scale, half, penalty = np.float32(rad_per_ppm), np.float32(rad_per_ppm / 2), np.float32(penalty)

    def proximal(v, planes):
        distance, w = v - target[planes], weight[planes]
        distance *= penalty
        stiffness = w + penalty
        t = distance / stiffness
        for _ in range(STEPS):
            t *= scale
            t += TINY
            np.sin(t, out=stiffness)
            stiffness /= t
            np.maximum(stiffness, 0, out=stiffness)
            stiffness *= w
            stiffness += penalty
            np.divide(distance, stiffness, out=t)
        t += target[planes]
        return t

    def cost(z, planes):
        distance = np.sin(half * (z - target[planes]))
        return np.vdot(distance * weight[planes], distance) / (2 * half * half)

    return Fidelity(proximal, cost)


def phasor_absolutes(target, weight, penalty, rad_per_ppm):
    """F(z) = sum w |exp(i s z) - exp(i s f)| / s, which nearly is `absolutes` where s |z - f| is small."""
    half, penalty = np.float32(rad_per_ppm / 2), np.float32(penalty)

    def proximal(v, planes):
        distance, threshold = v - target[planes], weight[planes] / penalty
        t, limit = distance.copy(), np.empty_like(distance)
        for _ in range(STEPS):
            t *= half
            np.cos(t, out=limit)
            np.abs(limit, out=limit)
            limit *= threshold
            np.clip(distance, -limit, limit, out=t)
            np.subtract(distance, t, out=t)
        t += target[planes]
        return t

    def cost(z, planes):
        return np.vdot(np.abs(np.sin(half * (z - target[planes]))), weight[planes]) / half

    return Fidelity(proximal, cost)


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
