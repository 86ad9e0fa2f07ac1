"""The checks that nodes keep: those of the file that an image was loaded from, and those of the run of a map."""

import json
from dataclasses import asdict

from QSMLogic.files.orientation import B0_DIRECTION
from QSMLogic.model.check import Check
from QSMLogic.registry.provenance import checks_of

CHECKS = "QSM.Checks"  # attribute: what is doubtful in the header of the file, JSON
PROVENANCE = "QSM.Provenance"  # attribute: the content of run.json


def keep_checks(node, checks):
    """Let a node keep what was found in the header of its file."""
    if checks:
        node.SetAttribute(CHECKS, json.dumps([asdict(check) for check in checks]))


def kept_checks(nodes, b0_direction_ijk=None):
    """The Checks that nodes keep, one per name; a guess of B0 does not matter if it is given."""
    texts = [node.GetAttribute(CHECKS) for node in nodes]
    checks = [Check(**check) for text in texts if text for check in json.loads(text)]
    first = {check.name: check for check in reversed(checks)}
    return tuple(first[name] for name in reversed(first) if name != B0_DIRECTION or b0_direction_ijk is None)


def checks_of_map(volume):
    """The Checks of the run that has made a map; none of other volumes and of maps of earlier versions."""
    try:
        return checks_of(json.loads((volume and volume.GetAttribute(PROVENANCE)) or "{}"))
    except (ValueError, TypeError, AttributeError):
        return []
