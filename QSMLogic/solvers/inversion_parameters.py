"""Parameters that several dipole inversions share, each declared once; a method gives its own defaults.

What the weights and penalties are and how they follow from these: penalties.py.
"""

from ..registry.method import parameter


def strength(default=0.0, unit="ppm voxel", of="total variation", typical=1e-4):
    """lambda."""
    return parameter(
        default,
        "Regularization lambda",
        unit=unit,
        low=0,
        high=10,
        typical=typical,
        help=f"Weight of the {of}. Higher values suppress noise and streaks, then fine structures. "
        "0: automatic, from what of the field no map explains.",
    )


def balance(default=9.4):
    """mu_2 / mu_1."""
    return parameter(
        default,
        "Penalty ratio mu2/mu1",
        unit="1/voxel^2",
        low=0.01,
        high=1e4,
        varies=False,
        help="ADMM penalty of the field over that of the gradient. Affects the convergence, not the solution; "
        "the map oscillates if it is too high.",
    )


def shrinkage(default=0.025):
    """tau_1."""
    return parameter(
        default,
        "Threshold lambda/mu1",
        unit="ppm/vox",
        low=1e-5,
        high=1,
        varies=False,
        help="Soft threshold of the gradient in each ADMM iteration. Affects the convergence, not the solution.",
    )


def iterations(default, label="Iterations", help="Maximum number of iterations."):
    return parameter(default, label, low=1, high=2000, help=help)


def tolerance(default, help="Stop if the relative change of the map is below this."):
    return parameter(default, "Tolerance", low=0, high=1, varies=False, help=help)


def rad_per_ppm(default=16.0):
    """s, of methods that fit phasors; 16 is 3 T at an echo time of 20 ms."""
    return parameter(
        default,
        "Phase scale",
        unit="rad/ppm",
        low=0.1,
        high=1000,
        varies=False,
        help="Phase of 1 ppm: 2 pi x 42.58 x field strength in T x echo time in s. "
        "Residuals beyond pi are treated as phase wraps.",
    )


def reach_mm(voxels):
    """reach, of total generalized variation; voxels: the automatic one, in voxel lengths."""
    return parameter(
        0.0,
        "Ratio alpha0/alpha1",
        unit="mm",
        low=0,
        high=1000,
        typical=voxels,
        help="Weight of the second-order term over that of the first-order term. Low values allow smooth gradients, "
        f"high values approach total variation. 0: automatic, {voxels:g} voxels.",
    )


def corrected(of):
    """Of methods that divide by the kernel. of: what lowers the values."""
    return parameter(
        False,
        "Correct underestimation",
        help=f"Compensate the underestimation of susceptibility by the {of} (Schweser et al. 2013).",
    )


def threshold(typical, help):
    """A magnitude of the dipole kernel, of methods that divide by it; much lower ones leave noise only."""
    help = f"{help} 0: automatic, from the misfit of the field."
    return parameter(0.0, "Threshold", low=0, high=0.6, typical=typical, least=0.02, help=help)
