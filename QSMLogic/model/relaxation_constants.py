"""By how much susceptibility raises R2' and R2*, by field strength, and what R2 is without it.

In the static dephasing regime, R2' grows with the magnitude of the susceptibility of sources of either sign and with
B0 (Yablonskiy and Haacke, Magn Reson Med 1994;32:749-763, doi:10.1002/mrm.1910320610). The constants were measured at
3 T; for other field strengths they are scaled with B0.
"""

MEASURED_AT_T = 3.0
# R2 of tissue without sources, in 1/s. That of gray matter without iron is 12.7 at 3 T (Gelman et al., Radiology
# 1999;210:759-767, doi:10.1148/radiology.210.3.r99fe41759), that of fluid far less; 9 suited simulated heads best.
R2_WITHOUT_SOURCES_HZ = 9.0


def r2prime_hz_per_ppm(field_strength_t):
    """R2' per ppm of sources of either sign, in 1/s.

    Shin et al., Neuroimage 2021;240:118371, doi:10.1016/j.neuroimage.2021.118371: 137 at 3 T.
    """
    return 137.0 * field_strength_t / MEASURED_AT_T


def r2star_hz_per_ppm(field_strength_t):
    """R2* per ppm of sources of either sign, in 1/s, if all of R2* is ascribed to them.

    Dimov et al., J Neuroimaging 2022;32:852-859, doi:10.1111/jon.13014: 274 at 3 T.
    """
    return 274.0 * field_strength_t / MEASURED_AT_T
