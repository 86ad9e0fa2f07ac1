"""All checks of a scan: what can be corrected is, what cannot be used is refused, and the rest is reported."""

import numpy as np

from ...model.acquisition import checked_mask
from ...model.check import OK, REFUSED
from ...model.errors import RefusedScan
from ...model.mask_values import mask_values_check
from ...numerics.moving import on_gpu
from ...registry.stages import CHECKS, progress_before, step_title
from .echo_linearity import check_linearity
from .echoes import check_echoes
from .fat import check_fat
from .phase_texture import check_unfiltered, check_wraps
from .readout import without_alternation
from .sign import check_sign
from .slice_phase import without_slice_offsets
from .steps import Tissue


def checked_input(runner, acquisition, mask=None):
    """The scan, phase in radians, with what was found of it corrected, and the given mask as bool, or None.

    runner: runs stages and records checks, such as Chain: it has settings, notes (of stages), stage(name, *inputs),
    check(function, *inputs) and progress(step, fraction).
    """
    if mask is not None:
        if np.asarray(mask).dtype != bool:
            runner.check(mask_values_check, mask)
        mask = checked_mask(mask, acquisition.grid)
    runner.check(check_echoes, acquisition, mask)
    scan = runner.stage("scaling", acquisition)
    notes = runner.notes.get("scaling", {})
    if "sign_evidence" in notes:
        runner.check(check_sign, notes["sign_evidence"], notes["sign"])
    runner.progress(CHECKS, progress_before("mask", left_out=runner.settings.left_out)[0])
    readout = getattr(runner.settings.parameters("offset"), "readout", "automatic")
    fat = getattr(runner.settings.parameters("mask"), "fat", False)
    if fat:
        runner.check(check_fat, scan)
    return runner.check(checked_scan, scan, mask, readout, fat), mask


@on_gpu
def checked_scan(scan, mask=None, readout="automatic", fat=False):
    """The scan with what was found of it corrected, and the Checks.

    Parameters
    ----------
    scan : Acquisition
        Phase in radians.
    mask : ndarray, optional
        The given mask, bool (k, j, i); without one, the image shows where tissue is.
    readout : str
        Of the settings of the phase offset: automatic to correct bipolar readout, monopolar to report it only, bipolar
        if it is corrected later.
    fat : bool
        Of the settings of the mask: whether fat is in it, whose phase is not linear in echo time.

    Returns
    -------
    Acquisition, list of Check
        None of the Checks is REFUSED.

    Raises
    ------
    RefusedScan
        If the scan cannot be used.
    """
    tissue, checks = without_slice_offsets(Tissue.of(scan, mask))
    known, alternation = without_alternation(tissue, readout != "monopolar")
    checks += [check_wraps(tissue), check_unfiltered(tissue), alternation, check_linearity(known, fat)]
    refuse(checks)
    return (known if readout == "automatic" else tissue).scan, checks


def found(function, *inputs, device=None):
    """(result, list of Check) of a function that returns both, or one Check alone.

    device: where it runs if the function has a true attribute on_gpu, as it then takes arrays of any library.
    """
    if device and getattr(function, "on_gpu", False):
        returned = device.call(function, *inputs, stage=CHECKS, title=step_title(CHECKS))
    else:
        returned = function(*inputs)
    return returned if isinstance(returned, tuple) else (None, [returned])


def refuse(checks):
    """Raise RefusedScan if one of the checks is REFUSED; its message also has what else is doubtful."""
    if any(check.verdict == REFUSED for check in checks):
        raise RefusedScan([check for check in checks if check.verdict != OK])
