"""Every value of the quality of a scan, declared once: tables, their dictionaries, plots and pages follow from it."""

from dataclasses import dataclass

CSF_NOT_FOUND = "mean, as CSF was not found"  # a reference, unlike that of other scans with the same settings
NUMBER, TEXT = "number", "text"
HIGH, LOW, BOTH, NEITHER = "high", "low", "both", ""
UNRELIABLE_RAD, EXTREME_PPM = 0.5, 1.0  # from where on phase is unreliable, and susceptibility is not that of tissue


@dataclass(frozen=True)
class QualityColumn:
    """One value of the quality of a scan.

    Parameters
    ----------
    key : str
        Its name in records and tables.
    title : str
        As users see it.
    meaning : str
        What it is, for the dictionary of a table and for tooltips.
    unit : str
        "" for none.
    suspicious : str
        Which outliers in a cohort should be looked at: HIGH, LOW, BOTH or NEITHER ones.
    kind : str
        NUMBER or TEXT.
    format : str
        Of its numbers on pages.
    tolerance : float
        Distance from the median of a cohort up to which a number is no outlier, however alike the others are.
    """

    key: str
    title: str
    meaning: str
    unit: str = ""
    suspicious: str = NEITHER
    kind: str = NUMBER
    format: str = ".3g"
    tolerance: float = 0.0

    @property
    def is_text(self):
        return self.kind == TEXT

    def text(self, value):
        """A value as users see it, without its unit; a dash for none."""
        if value in (None, ""):
            return "–"
        return str(value) if self.is_text else format(value, self.format)


def _text(key, title, meaning):
    return QualityColumn(key, title, meaning, kind=TEXT)


_SCAN = (
    QualityColumn("doubtful_checks", "Doubtful checks", "Number of doubtful checks", suspicious=HIGH, format="d"),
    QualityColumn(
        "snr",
        "SNR",
        "Median magnitude of the first echo in the field mask over the standard deviation of its noise, which is that "
        "of differences between voxels in even tissue",
        suspicious=LOW,
    ),
    QualityColumn(
        "echo_residual_rad",
        "Echo fit residual",
        "How far the phase of an echo is off the field map: median over the field mask of the standard deviation, by "
        "noise or misfit; none for a single echo",
        "rad",
        HIGH,
        tolerance=0.01,
    ),
    QualityColumn(
        "unreliable_phase_percent",
        "Unreliable phase",
        f"Share of the field mask whose phase has a standard deviation above {UNRELIABLE_RAD:g} rad, by noise or "
        "misfit; of a single echo, by noise",
        "%",
        HIGH,
        tolerance=1.0,
    ),
    QualityColumn(
        "clipped_percent",
        "Clipped magnitude",
        "Share of the field mask in which the magnitude of an echo has the largest value of that echo",
        "%",
        HIGH,
        tolerance=0.1,
    ),
)
_MASKS = (
    QualityColumn("mask_ml", "Field mask", "Volume with a valid total field", "ml", BOTH, format=".0f"),
    QualityColumn("map_ml", "Susceptibility mask", "Volume with a valid susceptibility", "ml", BOTH, format=".0f"),
    QualityColumn(
        "mask_asymmetry_percent",
        "Mask asymmetry",
        "Share of the susceptibility mask without counterpart on the other side of its midsagittal plane",
        "%",
        HIGH,
        tolerance=1.0,
    ),
    QualityColumn(
        "cut_percent",
        "Mask at the border",
        "Share of the surface of the field mask at the border of the image",
        "%",
        HIGH,
        tolerance=1.0,
    ),
    QualityColumn(
        "no_signal_percent",
        "Mask without signal",
        "Share of the field mask that has less than a tenth of the magnitude of its brighter voxels",
        "%",
        HIGH,
        tolerance=1.0,
    ),
)
_MAP = (
    QualityColumn(
        "noise_ppm",
        "Uncertainty",
        "Median of the susceptibility uncertainty in the susceptibility mask",
        "ppm",
        HIGH,
        format=".4f",
    ),
    QualityColumn(
        "noise_p95_ppm",
        "Uncertainty, 95th percentile",
        "95th percentile of the susceptibility uncertainty in the susceptibility mask",
        "ppm",
        HIGH,
        format=".4f",
    ),
    QualityColumn(
        "spread_ppm",
        "Susceptibility spread",
        "Median absolute deviation of the susceptibility, as a standard deviation",
        "ppm",
        BOTH,
        format=".4f",
    ),
    QualityColumn(
        "extreme_percent",
        "Extreme susceptibility",
        f"Share of the susceptibility mask beyond {EXTREME_PPM:g} ppm of either sign, which only calcification, bleeds "
        "and artifacts reach",
        "%",
        HIGH,
        tolerance=0.05,
    ),
    QualityColumn(
        "cone_energy",
        "Energy in the cone",
        "Energy of the map where the dipole kernel is near zero, over that at other frequencies of the same size: "
        "streaks raise it, strong regularization lowers it",
        suspicious=BOTH,
    ),
    QualityColumn(
        "asymmetry_percent",
        "Map asymmetry",
        "Root mean square difference of the susceptibility on either side of the midsagittal plane, in blocks of 1 ml, "
        "over that of unrelated values",
        "%",
        HIGH,
        tolerance=15.0,
    ),
    QualityColumn(
        "csf_mean_ppm",
        "CSF, mean",
        "Mean susceptibility of the ventricular cerebrospinal fluid relative to the mean of the mask; none if it was "
        "not found",
        "ppm",
        BOTH,
        format=".4f",
    ),
    QualityColumn(
        "csf_sd_ppm",
        "CSF, SD",
        "Standard deviation of the susceptibility in the ventricular cerebrospinal fluid; none if it was not found",
        "ppm",
        HIGH,
        format=".4f",
        tolerance=0.02,
    ),
)
_CHECKS = (
    QualityColumn(
        "sign_evidence",
        "Sign evidence",
        "Correlation of the phase with that of tissue in air, for the sign of the run: negative if the sign or the "
        "direction of B0 is wrong",
        suspicious=LOW,
    ),
    QualityColumn(
        "skew",
        "Skewness",
        "How much farther the 99th percentile of the susceptibility lies from the median than the first, from -1 to 1: "
        "negative if the sign is wrong, as veins and iron are positive",
        suspicious=LOW,
    ),
    QualityColumn(
        "nonlinearity",
        "Nonlinearity of the phase",
        "Power of the steps of the phase that neither field nor offset explains, over that of the field",
        suspicious=HIGH,
        tolerance=0.02,
    ),
    QualityColumn(
        "odd_even_rad",
        "Odd and even echoes",
        "Phase by which odd and even echoes differ, before its correction",
        "rad",
        HIGH,
        tolerance=0.01,
    ),
    QualityColumn(
        "slice_jumps_rad",
        "Phase jumps between slices",
        "Median change of the phase step from slice to slice",
        "rad",
        HIGH,
        tolerance=0.02,
    ),
    QualityColumn(
        "broken_wraps",
        "Broken wraps",
        "Share, from 0 to 1, of the wraps of the phase that interpolation has blurred",
        suspicious=HIGH,
        tolerance=0.1,
    ),
    QualityColumn(
        "slow_phase",
        "Slow part of the phase",
        "Share, from 0 to 1, of the power of the phase steps in their slow part, which filters remove",
        suspicious=LOW,
    ),
)
_RUN = (
    QualityColumn("seconds", "Time", "Time of the run", "s", format=".0f"),
    QualityColumn("memory_mb", "Memory", "Peak memory of the process", "MB", format=".0f"),
    QualityColumn("field_strength_t", "Field strength", "Field strength", "T"),
    QualityColumn("echoes", "Echoes", "Number of echoes", format="d"),
    _text("echo_times_ms", "Echo times", "Echo times in milliseconds"),
    _text("voxel_mm", "Voxel", "Voxel spacing along the image axes i, j, k in millimeters"),
    _text("size", "Size", "Voxels along the image axes i, j, k"),
    QualityColumn(
        "tilt_degrees", "Tilt of B0", "Angle between B0 and the nearest axis of the image", "degrees", format=".1f"
    ),
    _text("scanner", "Scanner", "Manufacturer and model"),
    _text("scanner_software", "Scanner software", "Software versions of the scanner"),
    _text("reference", "Reference", "What the susceptibility is relative to"),
    _text("settings", "Settings", "The most important methods, and a fingerprint of all settings"),
    _text("version", "Version", "Version of SlicerQSM"),
)
QUALITY_COLUMNS = (*_SCAN, *_MASKS, *_MAP, *_CHECKS, *_RUN)
