"""HD-BET: a network that learned from heads with and without tumors, if it is installed (Isensee 2019)."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import QSMError
from ...registry.method import Citation, method, parameter
from ...shared.external import external_mask, first_installed, printed

COMMANDS, PACKAGE, MODULE = ("hd-bet",), "HD_BET", "entry_point"
MISSING = (
    "HD-BET is not installed. Install it (pip install hd-bet), so that hd-bet is on the PATH, or choose another mask "
    "method."
)


@dataclass(frozen=True)
class HdBetParameters:
    device: str = parameter(
        "cpu",
        "Device",
        choices=("cpu", "cuda", "mps"),
        help="The processor takes minutes, a graphics card (cuda, mps) seconds.",
    )
    augmentation: bool = parameter(
        False, "Test-time flips", help="Average over mirrored images: eight times the time, slightly more accurate."
    )


def missing():
    """Why HD-BET cannot run, "" if it can."""
    return "" if _program() else MISSING


@method(
    "mask",
    title="HD-BET",
    parameters=HdBetParameters,
    citations=[Citation("Isensee et al., Hum Brain Mapp 2019;40:4952-4964", "10.1002/hbm.24750")],
    missing=missing,
)
def hd_bet(acquisition, parameters, progress):
    """Extract the brain from the combined magnitude by HD-BET, a program that must be installed.

    acquisition: any phase. Returns bool (k, j, i). The first run downloads its weights. Raises QSMError if the program
    is missing or fails.
    """
    program = _program()
    if not program:
        raise QSMError(MISSING)

    def command(image, folder):
        brain = folder / "brain.nii.gz"
        if _is_version_2(program):
            options = ["-device", parameters.device, "--save_bet_mask", "--no_bet_image"]
            options += [] if parameters.augmentation else ["--disable_tta"]
            return [*program, "-i", image, "-o", brain, *options], folder / "brain_bet.nii.gz"
        device = "cpu" if parameters.device == "cpu" else "0"
        options = ["-device", device, "-mode", "fast", "-tta", int(parameters.augmentation), "-s", 1]
        return [*program, "-i", image, "-o", brain, *options], folder / "brain_mask.nii.gz"

    return external_mask("HD-BET", command, acquisition, progress)


def _program():
    """How to call HD-BET: its command, or its package, as in Slicer's Python; None if there is neither."""
    found = first_installed(COMMANDS)
    if found:
        return [found]
    package = importlib.util.find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    if any((Path(folder) / MODULE).with_suffix(".py").is_file() for folder in folders or ()):
        return [sys.executable, "-m", f"{PACKAGE}.{MODULE}"]
    return None


def _is_version_2(program):
    return "--save_bet_mask" in printed([*program, "--help"])
