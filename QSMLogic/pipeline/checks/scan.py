"""All checks of a scan: what can be corrected is, what cannot be used is refused, and the rest is reported."""

from ...model.check import OK, REFUSED
from ...model.errors import RefusedScan
from .echo_linearity import check_linearity
from .phase_texture import check_unfiltered, check_wraps
from .readout import without_alternation
from .slice_phase import without_slice_offsets
from .steps import Tissue


def checked_scan(scan, mask=None, readout="automatic"):
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
    known, found = without_alternation(tissue, readout != "monopolar")
    checks += [check_wraps(tissue), check_unfiltered(tissue), found, check_linearity(known)]
    refuse(checks)
    return (known if readout == "automatic" else tissue).scan, checks


def refuse(checks):
    """Raise RefusedScan if one of the checks is REFUSED; its message also has what else is doubtful."""
    if any(check.verdict == REFUSED for check in checks):
        raise RefusedScan([check for check in checks if check.verdict != OK])
