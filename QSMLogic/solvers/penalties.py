"""Where the weights and penalties of an inversion come from. Symbols as in admm.py.

=======  ===========================================  =============================================================
symbol   what it is                                   where it comes from
=======  ===========================================  =============================================================
w        data weight of each voxel, W^2               uncertainty or magnitude (weights.py)
s        phase of 1 ppm, in rad                       parameter rad_per_ppm
lambda   weight of |grad x|_1 or |grad x - v|_1       parameter strength; 0: misfit of the field (regularization.py)
reach    weight of |E v|_1 over lambda                parameter reach_mm, at least SHORTEST; 0: so many voxel lengths
beta     weight of |M lap h|_2^2 / 2                  parameter harmonic; a constant in TGV
tau_1    soft threshold of z_1                        parameter shrinkage
tau_3    soft threshold of z_3                        tau_1 / reach
mu_1     penalty of z_1 = grad x or grad x - v        lambda / tau_1
mu_2     penalty of z_2 = D x or D x + h              parameter balance, which is mu_2 / mu_1
mu_2     with an L1 data fidelity                     1 / tau_2, with tau_2 the parameter distance; at most
                                                      L1_RATIO mu_1
mu_3     penalty of z_3 = E v                         lambda reach / tau_3
mu_4     penalty of z_4 = lap h                       HARMONIC_RATIO beta
=======  ===========================================  =============================================================

All but w and s are in ppm and voxel lengths, as gradients are (admm.py): values for one voxel size serve any other.
lambda, reach, beta, w and s define the map. Thresholds and penalties only set how fast ADMM gets there, so users
choose thresholds in units of the image, and mu_1 follows lambda: the ratio of the splittings then is the same for
any lambda. A large mu_2 / mu_1 makes the map oscillate. In TGV, tau_3 lets both dual variables reach their limits in
as many iterations; with tau_3 = tau_1 the map oscillated. RTS has lambda = 1 and mu_1 = rho.
"""

from dataclasses import dataclass

import numpy as np

HARMONIC_RATIO = 0.05  # mu_4 / beta
L1_RATIO = 20.0  # mu_2 / mu_1, at most: if lambda is far too small, the first iterations would fit all streaks

SHORTEST = 0.1  # reach, in voxel lengths


@dataclass(frozen=True)
class Penalties:
    """Thresholds tau_i and penalties mu_i of an inversion; those of z_3 are for TGV only."""

    tau_1: float
    mu_1: float
    mu_2: float
    tau_3: float | None = None
    mu_3: float | None = None


def tv_penalties(lam, parameters):
    """Penalties for total variation; parameters: with shrinkage (tau_1) and balance (mu_2 / mu_1)."""
    mu_1 = lam / parameters.shrinkage
    return Penalties(parameters.shrinkage, mu_1, parameters.balance * mu_1)


def l1_penalties(lam, parameters):
    """Penalties for total variation with an L1 fidelity; parameters: with shrinkage (tau_1) and distance (tau_2)."""
    mu_1 = lam / parameters.shrinkage
    return Penalties(parameters.shrinkage, mu_1, min(1 / parameters.distance, L1_RATIO * mu_1))


def reach_in_voxels(parameters, grid, default):
    """reach in voxel lengths: `default`, or from parameters with reach_mm; SHORTEST if that is shorter."""
    return max(parameters.reach_mm / grid.voxel_length_mm, SHORTEST) if parameters.reach_mm else default


def tgv_penalties(lam, reach, parameters):
    """Penalties for TGV, in float32; parameters: with shrinkage (tau_1) and balance (mu_2 / mu_1)."""
    tau_1, tau_3 = np.float32(parameters.shrinkage), np.float32(parameters.shrinkage / reach)
    mu_1 = np.float32(lam / parameters.shrinkage)
    mu_3 = np.float32(lam * reach / tau_3)
    return Penalties(tau_1, mu_1, np.float32(parameters.balance) * mu_1, tau_3, mu_3)
