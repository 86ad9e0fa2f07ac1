"""Echo times and field strength from what Slicer knows about the images.

In this order: our node attributes QSM.EchoTimes (seconds, separated by spaces) and QSM.FieldStrength (tesla); the
index of a sequence; the attributes that a DICOM import of several frames leaves; the DICOM database.
"""

import numpy as np
import slicer

from QSMLogic import QSMError

ECHO_TIMES, FIELD_STRENGTH = "QSM.EchoTimes", "QSM.FieldStrength"
_TAG_ECHO_TIME, _TAG_FIELD_STRENGTH = "0018,0081", "0018,0087"


def echo_times_s(magnitude, phase):
    """Echo times in seconds, of the magnitude or phase Series; QSMError where unknown or where the two disagree."""
    found = [times for times in map(_times_of_series, (magnitude, phase)) if times]
    if not found:
        raise QSMError(
            "The echo times are not known: the images do not carry them. "
            "Pass them in seconds, one for each echo, for example echoTimes=(0.004, 0.012)."
        )
    if len(found) == 2 and not (len(found[0]) == len(found[1]) and np.allclose(*found, rtol=1e-4, atol=0)):
        raise QSMError(
            f"Magnitude has echo times of {_listed(found[0])} s, phase of {_listed(found[1])} s. "
            "Give both in the same order, or pass echoTimes."
        )
    return found[0]


def field_strength_t(magnitude, phase):
    """Field strength in tesla; QSMError where it is not known."""
    for node in (n for series in (magnitude, phase) for group in series.sources for n in group):
        strength = _numbers(node, FIELD_STRENGTH) or _dicom_numbers(node, _TAG_FIELD_STRENGTH)
        if strength:
            return strength[0]
    raise QSMError(
        "The field strength is not known: the images do not carry it. Pass it in tesla, for example fieldStrength=3."
    )


def _times_of_series(series):
    for group in series.sources:
        for reader in (_own_times, _index_times, _frame_times, _dicom_times):
            times = [reader(node) for node in group]
            if all(times):
                return tuple(time for node_times in times for time in node_times)
    return None


def _own_times(node):
    return _numbers(node, ECHO_TIMES)


def _index_times(node):
    """The index values of a sequence that runs over the echo time."""
    if not node.IsA("vtkMRMLSequenceNode") or node.GetIndexName().replace(" ", "").lower() not in ("echotime", "te"):
        return None
    unit = {"ms": 1e-3, "s": 1.0}.get(node.GetIndexUnit())
    values = [node.GetNthIndexValue(n) for n in range(node.GetNumberOfDataNodes())]
    return unit and [unit * value for value in _parsed(values, f"the index of {node.GetName()}")]


def _frame_times(node):
    if node.GetAttribute("MultiVolume.FrameIdentifyingDICOMTagName") != "EchoTime":
        return None
    return [1e-3 * time_ms for time_ms in _numbers(node, "MultiVolume.FrameLabels") or ()]


def _dicom_times(node):
    return [1e-3 * time_ms for time_ms in _dicom_numbers(node, _TAG_ECHO_TIME) or ()]


def _numbers(node, attribute):
    return _parsed((node.GetAttribute(attribute) or "").replace(",", " ").split(), f"{attribute} of {node.GetName()}")


def _dicom_numbers(node, tag):
    """The values of a DICOM tag in the first file of a volume; empty where the database does not have it."""
    database, uids = getattr(slicer, "dicomDatabase", None), (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    file = database.fileForInstance(uids[0]) if database and uids else ""
    return _parsed(database.fileValue(file, tag).split("\\"), f"DICOM tag {tag} of {node.GetName()}") if file else []


def _parsed(values, what):
    try:
        return [float(value) for value in values if value.strip()]
    except ValueError:
        raise QSMError(f"{what} should hold numbers, not {' '.join(values)!r}. Mend it, or pass the value.") from None


def _listed(times):
    return ", ".join(f"{time:g}" for time in times)
