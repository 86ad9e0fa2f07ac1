"""Parameters that several dipole inversions share, each declared once; a method gives its own defaults."""

from ..registry.method import parameter


def strength(default=0.0, unit="ppm mm", of="total variation", typical=1e-4):
    """Of the penalty that regularises; 0 chooses itself (regularisation.chosen_strength)."""
    text = f"Weight of the {of}. Higher takes away noise and streaks, then fine structures. 0: by the field's noise."
    return parameter(default, "Strength", unit=unit, low=0, high=10, typical=typical, help=text)


def balance(default=6.0):
    text = "ADMM's weight of the field's splitting over the gradient's: speed only. High lets the map swing."
    return parameter(default, "Balance", unit="1/mm^2", low=0.01, high=1e4, help=text)


def shrinkage(default=0.02):
    return parameter(
        default, "Shrinkage", unit="ppm/mm", low=1e-5, high=1, help="ADMM takes this off the gradient: speed only."
    )


def iterations(default, label="Iterations", help="At most so many steps."):
    return parameter(default, label, low=1, high=2000, help=help)


def tolerance(default, help="Stops when the map's relative change falls below this."):
    return parameter(default, "Tolerance", low=0, high=1, help=help)


def rad_per_ppm(default=16.0):
    """Of methods that fit phasors; 16 is 3 T at an echo time of 20 ms."""
    return parameter(
        default,
        "Phase scale",
        unit="rad/ppm",
        low=0.1,
        high=1000,
        help="Phase of 1 ppm: 2 pi x 42.58 x tesla x echo time in s. Residuals beyond pi count as phase wraps.",
    )


def reach_mm(default):
    """Of total generalised variation."""
    return parameter(
        default,
        "Reach of slopes",
        unit="mm",
        low=0.01,
        high=1000,
        help="What a change of slope costs. Low lets the map follow smooth shades, high makes it piecewise constant.",
    )


def corrected(of):
    """Of methods that divide by the kernel. of: what lowers the values."""
    return parameter(False, "Correct values", help=f"Undo the underestimation that the {of} brings (Schweser et al.).")
