"""A small simulated head and its maps, by quick methods."""

from dataclasses import replace
from functools import cache

import numpy as np
from helpers.kept import kept
from helpers.simulated import head_scan

from QSMLogic.files.geometry import Geometry
from QSMLogic.model.acquisition import Acquisition
from QSMLogic.pipeline.chain import run

SHAPE, VOXEL_MM = (52, 64, 56), 3.0
QUICK = {"unwrap": {"method": "laplacian"}, "invert": {"method": "tkd"}}
GEOMETRY = Geometry(SHAPE[::-1], (VOXEL_MM,) * 3)


@cache
def mapped(fault="", **options):
    """The Acquisition and Maps of the head. fault: the name of one below; options: those of simulate_scan."""
    return kept(_mapped, fault, **options)


def _mapped(fault, **options):
    scan = head_scan(SHAPE, VOXEL_MM, reduction=1, **options)
    acquisition = FAULTS[fault](scan.acquisition) if fault else scan.acquisition
    return acquisition, run(acquisition, scan.mask, QUICK)


def _moved(acquisition):
    """A third of the lines of the third echo have a phase of their own."""
    rng, signal = np.random.default_rng(0), acquisition.magnitude * np.exp(1j * acquisition.phase)
    lines = np.where(rng.random(SHAPE[1]) < 0.3, np.exp(1j * rng.normal(0, 0.8, SHAPE[1])), 1)
    signal[2] = np.fft.ifft(np.fft.fft(signal[2], axis=1) * lines[:, None], axis=1)
    return Acquisition.of_signal(signal, acquisition.echo_times_s, acquisition.field_strength_t, acquisition.grid)


def _single_echo(acquisition):
    one = {"magnitude": acquisition.magnitude[3:4], "phase": acquisition.phase[3:4]}
    return replace(acquisition, **one, echo_times_s=acquisition.echo_times_s[3:4])


def _one_sided_field(acquisition):
    """A field that no source makes, on the left."""
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    field_ppm = 0.3 * np.exp(-((k - 34) ** 2 + (j - 35) ** 2 + (i - 37) ** 2) / 2 / 3.5**2)
    times = np.reshape(acquisition.echo_times_s, (-1, 1, 1, 1))
    phase = acquisition.phase + 267.5 * 3 * times * field_ppm
    return replace(acquisition, phase=np.angle(np.exp(1j * phase)))


FAULTS = {"moved": _moved, "single echo": _single_echo, "one-sided field": _one_sided_field}
