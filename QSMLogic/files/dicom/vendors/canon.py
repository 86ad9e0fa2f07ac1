"""Canon and Toshiba: nothing but the standard attributes."""

from .vendor import Vendor

CANON = Vendor("Canon", ("CANON", "TOSHIBA"))
