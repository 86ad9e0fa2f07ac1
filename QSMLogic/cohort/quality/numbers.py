"""The numbers of the quality of a scan: what its run has found already, and a few of the images and the map.

Over ten simulated heads of different shape (1.5 mm, five echoes, SNR 80) standard deviations were 3 % of the mean for
the SNR and the uncertainty, 4 % for volumes, spread and energy in the cone, 8 % for the map asymmetry, 13 % for the
skewness and the SD of CSF, 37 % for the sign evidence. In one of them, these moved by so many standard deviations:
SNR 20: SNR -27, echo fit residual 1200; a third of the lines of one echo moved: residual 1200, nonlinearity 490; sign
reversed: sign evidence -6, skewness -16, CSF -13; TKD with threshold 0.05: energy in the cone 23, with 0.2: -18; half a
hemisphere missing: mask asymmetry 32, volume -6; top third missing: volume -6; B0 along a wrong axis: cone -19,
skewness -10, sign evidence -4; a field that no source makes in one hemisphere: uncertainty 38, map asymmetry 5;
neck cut off by the image: mask at the border 450. Heads tilted by 12 degrees moved none by more than 3.
"""

import math

import numpy as np

from ...model.acquisition import bounding_box, cropped_grid
from ...model.check import DOUBTFUL
from ...model.reported import reported_in
from ...model.texts import is_plain_number
from ...regions.study import settings_text
from ...registry.provenance import checks_of
from ...shared.csf import find_fluid
from .columns import EXTREME_PPM, QUALITY_COLUMNS, UNRELIABLE_RAD
from .cone import Cone
from .noise import noise_level, phase_noise_rad
from .symmetry import asymmetries

MM3_PER_ML, DIGITS = 1000, 6
CLIPPED_VOXELS = 20  # fewer voxels that share the largest value share it by chance
OF_CHECKS = {  # key: name of the check, and the factor of its value
    "no_signal_percent": ("mask_signal", 100),
    "spread_ppm": ("susceptibility", 1),
    "sign_evidence": ("phase_sign", 1),
    "nonlinearity": ("echo_linearity", 1),
    "odd_even_rad": ("readout", 1),
    "slice_jumps_rad": ("slice_phase", 1),
    "broken_wraps": ("phase_wraps", 1),
    "slow_phase": ("phase_filter", 1),
}


def measured(acquisition, maps, geometry):
    """The quality of a scan and its map.

    Parameters
    ----------
    acquisition : Acquisition
        The scan as it was mapped; phase is not needed.
    maps : Maps
        With provenance.
    geometry : Geometry
        Of the images.

    Returns
    -------
    dict
        {key of QUALITY_COLUMNS: number, text, or None if it is unknown}, plain values for JSON.
    """
    box = bounding_box(maps.mask)
    values = {
        **_of_scan(acquisition, maps, box),
        **_of_masks(maps),
        **_of_map(maps),
        **_of_sides(maps, geometry),
        **_of_fluid(acquisition, maps, box),
        **_of_checks(maps.provenance),
        **_of_run(maps.provenance),
    }
    return {column.key: _plain(values[column.key]) for column in QUALITY_COLUMNS}


def _of_scan(acquisition, maps, box):
    mask, first = maps.mask[box], acquisition.magnitude[0][box]
    noise = noise_level(np.nan_to_num(first), mask)
    magnitude = np.stack([np.nan_to_num(echo[box][mask]) for echo in acquisition.magnitude])
    highest = [(inside >= np.nanmax(echo)) for inside, echo in zip(magnitude, acquisition.magnitude, strict=True)]
    clipped = np.any([at for at in highest if np.count_nonzero(at) >= CLIPPED_VOXELS] or [False], axis=0)
    residual = None
    if maps.uncertainty_ppm is not None:
        phase = acquisition.echo_times_s, maps.uncertainty_ppm[maps.mask], acquisition.field_strength_t
        residual = phase_noise_rad(magnitude, *phase)
    unreliable = noise / np.maximum(magnitude[0], 1e-3 * noise) if residual is None and noise else residual
    return {
        "snr": None if noise is None else np.median(magnitude[0]) / noise,
        "echo_residual_rad": None if residual is None else np.median(residual),
        "unreliable_phase_percent": None if unreliable is None else 100 * np.mean(unreliable > UNRELIABLE_RAD),
        "clipped_percent": 100 * np.mean(clipped),
    }


def _of_masks(maps):
    ml = maps.grid.voxel_volume_mm3 / MM3_PER_ML
    return {
        "mask_ml": np.count_nonzero(maps.mask) * ml,
        "map_ml": np.count_nonzero(maps.reliable_mask) * ml,
        "cut_percent": 100 * _at_border(maps.mask, maps.grid.spacing_mm),
    }


def _at_border(mask, spacing_mm):
    """The share of the surface of a mask that lies at the border of the image."""
    cut, free = 0.0, 0.0
    for axis in range(3):
        area = math.prod(mm for other, mm in enumerate(spacing_mm) if other != axis)
        first, last = (np.take(mask, end, axis) for end in (0, -1))
        cut += area * (np.count_nonzero(first) + np.count_nonzero(last))
        free += area * np.count_nonzero(np.diff(mask, axis=axis))
    return cut / (cut + free)


def _of_map(maps):
    values = maps.susceptibility_ppm[maps.reliable_mask]
    low, middle, high = np.percentile(values, (1, 50, 99))
    uncertainty = maps.susceptibility_uncertainty_ppm
    known = (None, None) if uncertainty is None else np.percentile(uncertainty[maps.reliable_mask], (50, 95))
    return {
        "noise_ppm": known[0],
        "noise_p95_ppm": known[1],
        "extreme_percent": 100 * np.mean(np.abs(values) > EXTREME_PPM),
        "cone_energy": Cone(maps.reliable_mask, maps.grid).energy(maps.susceptibility_ppm),
        "skew": (high + low - 2 * middle) / (high - low) if high > low else None,
    }


def _of_sides(maps, geometry):
    of_mask, of_map = asymmetries(maps.susceptibility_ppm, maps.reliable_mask, geometry)
    return {"mask_asymmetry_percent": of_mask, "asymmetry_percent": of_map}


def _of_fluid(acquisition, maps, box):
    """Taken from the notes if the fluid is the reference, else found."""
    notes = maps.provenance["notes"].get("reference", {})
    if notes.get("region") == "CSF" and "sd_ppm" in notes:
        return {"csf_mean_ppm": notes["mean_relative_to_brain_ppm"], "csf_sd_ppm": notes["sd_ppm"]}
    inside = maps.reliable_mask[box]
    scan = acquisition.magnitude[(slice(None), *box)], acquisition.echo_times_s, inside, cropped_grid(maps.grid, box)
    fluid, _ = find_fluid(*scan)
    if fluid is None:
        return {"csf_mean_ppm": None, "csf_sd_ppm": None}
    values, brain = (maps.susceptibility_ppm[box][where].astype(float) for where in (fluid & inside, inside))
    return {"csf_mean_ppm": values.mean() - brain.mean(), "csf_sd_ppm": values.std()}


def _of_checks(provenance):
    checks = checks_of(provenance)
    found = {check.name: check.value for check in checks if is_plain_number(check.value)}
    values = {key: found[name] * factor if name in found else None for key, (name, factor) in OF_CHECKS.items()}
    return values | {"doubtful_checks": sum(check.verdict == DOUBTFUL for check in checks)}


def _of_run(provenance):
    scan = provenance["scan"]
    reported = reported_in(scan.get("reported"))
    model = " ".join(reported[name] for name in ("Manufacturer", "ManufacturersModelName") if name in reported)
    times = scan["echo_times_s"]
    steepest = max(abs(part) for part in scan["b0_direction_kji"])
    return {
        "seconds": provenance["total_seconds"],
        "memory_mb": provenance["peak_memory_mb"],
        "field_strength_t": scan["field_strength_t"],
        "echoes": len(times),
        "echo_times_ms": ", ".join(f"{1000 * time:.4g}" for time in times),
        "voxel_mm": _product(scan["spacing_mm_kji"]),
        "size": _product(scan["shape_kji"]),
        "tilt_degrees": math.degrees(math.acos(min(steepest, 1.0))),
        "scanner": model,
        "scanner_software": reported.get("SoftwareVersions", ""),
        "settings": settings_text({}, provenance),
        "version": provenance["software"]["QSMLogic"],
    }


def _product(sizes_kji):
    return " x ".join(f"{size:.4g}" for size in reversed(sizes_kji))


def _plain(value):
    """A value for JSON: numbers in DIGITS digits; None for what is unknown or no number."""
    if value is None or isinstance(value, str | int):
        return value or None if isinstance(value, str) else value
    return float(f"{float(value):.{DIGITS}g}") if math.isfinite(value) else None
