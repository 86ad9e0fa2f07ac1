"""SynthStrip: a network that learned from synthetic images of any contrast, if it is installed (Hoopes 2022)."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...registry.method import Citation, method, parameter
from ...shared.external import external_mask, first_installed

COMMANDS = ("mri_synthstrip", "synthstrip-docker", "synthstrip-singularity")
MISSING = (
    "SynthStrip is not installed. Install FreeSurfer 7.3 or newer, so that mri_synthstrip is on the PATH, or choose "
    "another mask method."
)


@dataclass(frozen=True)
class SynthstripParameters:
    border_mm: int = parameter(
        1, "Border", unit="mm", low=-20, high=20, help="Distance of the mask's surface from that of the brain."
    )
    gpu: bool = parameter(False, "GPU", help="Run on the graphics card.")


def missing():
    """Why SynthStrip cannot run, "" if it can."""
    return "" if first_installed(COMMANDS) else MISSING


@method(
    "mask",
    title="SynthStrip",
    parameters=SynthstripParameters,
    citations=[Citation("Hoopes et al., NeuroImage 2022;260:119474", "10.1016/j.neuroimage.2022.119474")],
    missing=missing,
)
def synthstrip(acquisition, parameters, progress):
    """Extract the brain from the combined magnitude by SynthStrip, a program of FreeSurfer that must be installed.

    acquisition: any phase. Returns bool (k, j, i). Raises QSMError if the program is missing or fails.
    """
    program = first_installed(COMMANDS)
    if not program:
        raise QSMError(MISSING)

    def command(image, folder):
        mask = folder / "mask.nii.gz"
        return [program, "-i", image, "-m", mask, "-b", parameters.border_mm, *["-g"] * parameters.gpu], mask

    return external_mask("SynthStrip", command, acquisition, progress)
