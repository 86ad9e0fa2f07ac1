"""The checks of a scan without a run, as users want them while they choose their input."""

from ..model.check import REFUSED, Check
from ..model.errors import QSMError, RefusedScan
from ..registry.provenance import Provenance
from ..registry.settings import Settings
from .chain import Chain
from .checks.scan import checked_input
from .checks.tissue_mask import check_signal


def input_checks(acquisition, mask=None, settings=None, progress=None, cache=None):
    """Check a scan as a run does before it maps it.

    Parameters
    ----------
    acquisition, mask, settings, progress, cache
        As in QSMLogic.run; of the settings, those of the phase scaling, the phase offset and the mask (fat) matter.

    Returns
    -------
    list of Check
        The last are REFUSED if the run would refuse the scan; what comes after is then not checked.
    """
    settings = settings if isinstance(settings, Settings) else Settings(settings or {})
    report = progress or (lambda stage, fraction: None)
    chain = Chain(settings, report, Provenance(acquisition, settings), cache=cache)
    record = chain.provenance
    try:
        scan, mask = checked_input(chain, acquisition, mask)
        if mask is not None:
            chain.check(check_signal, scan, mask)
    except RefusedScan as refused:
        return record.checks + [check for check in refused.checks if check not in record.checks]
    except QSMError as error:
        return [*record.checks, Check("input", None, None, REFUSED, str(error))]
    return record.checks
