"""The command `dicom`: the scans in DICOM files, as a table or as a BIDS data set."""

import json

from ..files.dicom.finding import find_scans
from ..files.dicom.scan import Found
from ..files.dicom.scan_files import scan_files
from ..files.dicom.to_bids import check_label, write_bids
from ..files.headers import read_header
from ..files.orientation import geometry_of
from ..model.errors import QSMError

ALL_SCANS = "all"


def add_dicom_options(parser):
    """The options of `dicom`."""
    add = parser.add_argument
    add("sources", nargs="+", metavar="FOLDER", help="folders, which are searched through, DICOMDIRs, or DICOM files")
    add("--json", action="store_true", help="all that is known of the scans, as JSON")
    add("--scan", metavar="N", help="number of a scan in the table, or all (default: all)")
    add("--to-bids", metavar="DIR", help="BIDS folder to write the scans to; an existing one is added to")
    add("--participant-label", metavar="LABEL", help="participant in the BIDS folder, such as 01")
    add("--session-label", metavar="LABEL", help="session in the BIDS folder")


def dicom_command(arguments, console):
    """List the gradient-echo scans in DICOM files and why other series cannot be used, or write them as BIDS."""
    if not arguments.to_bids:
        if arguments.participant_label or arguments.session_label:
            raise QSMError("--participant-label and --session-label can be used with --to-bids only.")
        found = find(arguments.sources, console)
        found = found if arguments.scan is None else Found(tuple(chosen(found, arguments.scan)), ())
        console.end_line()
        print(json.dumps(_record(found), indent=2, ensure_ascii=False) if arguments.json else as_text(found))
        return 0
    labels = arguments.participant_label, arguments.session_label
    if not labels[0]:
        raise QSMError("--to-bids needs --participant-label, the name of the participant in the BIDS folder.")
    for label in filter(None, labels):
        check_label(label)
    scans = chosen(find(arguments.sources, console), arguments.scan or ALL_SCANS)
    if len({scan.subject for scan in scans}) > 1:
        raise QSMError(
            "The scans are of several patients or studies, which must not become one participant: "
            f"{_numbered(scans)}. Choose one with --scan."
        )
    options = {"overwrite": arguments.overwrite, "progress": console.progress}
    console.wrote(write_bids(scans, arguments.to_bids, *labels, **options))
    return 0


def find(sources, console):
    """What the DICOM files hold; QSMError if there are none."""
    found = find_scans(sources, console.counted("files read"))
    if not (found.scans or found.left_out):
        raise QSMError("There are no DICOM files. Give the folder that the scanner or the archive has exported.")
    return found


def chosen(found, choice=None):
    """The scans that --scan chooses; QSMError with the list if it chooses none, or there are several to choose from."""
    if not found.scans:
        raise QSMError(_none_found(found))
    if choice == ALL_SCANS or choice is None and len(found.scans) == 1:
        return list(found.scans)
    listed = _numbered(found.scans)
    if choice is None:
        raise QSMError(f"There are {len(found.scans)} scans: {listed}. Choose one with --scan, or --scan all.")
    if not str(choice).isdigit() or not 1 <= int(choice) <= len(found.scans):
        raise QSMError(f"There is no scan {choice}. The scans are {listed}.")
    return [found.scans[int(choice) - 1]]


def dicom_files(sources, image, console):
    """The DICOM files among `sources` that belong to the scan that an image file was made of."""
    return scan_files(sources, geometry_of(read_header(image)), console.counted("files read"))


def as_text(found):
    """A table of the scans and of what was left out, for a terminal."""
    lines = [] if found.scans else ["There is no gradient-echo scan with magnitude and phase."]
    for number, scan in enumerate(found.scans, 1):
        size = " x ".join(str(n) for n in scan.geometry.size)
        spacing = " x ".join(f"{mm:.3g}" for mm in scan.geometry.spacing)
        times = ", ".join(f"{1000 * time:.4g}" for time in scan.echo_times_s)
        volumes = f", {scan.volumes} volumes" if scan.volumes > 1 else ""
        lines += [
            f"{number}  {scan.title}",
            f"   {size} voxels of {spacing} mm{volumes}, TE {times} ms, {_strength(scan)}",
        ]
        lines += [f"   {check.mark} {check.sentence}" for check in scan.checks if check.is_said]
    if found.left_out:
        lines += ["", "Not for QSM:"]
    lines += [f"-  {left.title} ({left.counted}): {left.reason}" for left in found.left_out]
    return "\n".join(lines)


def _numbered(scans):
    return "; ".join(f"{number}: {scan.title}" for number, scan in enumerate(scans, 1))


def _strength(scan):
    strength = scan.field_strength_t
    return "field strength unknown: give --field-strength" if strength is None else f"{strength:.4g} T"


def _record(found):
    """The same as plain dictionaries."""
    return {
        "scans": [
            {
                "number": number,
                "title": scan.title,
                "name": scan.name,
                "kinds": list(scan.kinds),
                "volumes": scan.volumes,
                "echo_times_s": list(scan.echo_times_s),
                "field_strength_t": scan.field_strength_t,
                "size_ijk": list(scan.geometry.size),
                "spacing_mm_ijk": list(scan.geometry.spacing),
                "files": len(scan.files),
                "reported": scan.reported,
                "checks": [check.sentence for check in scan.checks],
            }
            for number, scan in enumerate(found.scans, 1)
        ],
        "left_out": [{"title": left.title, "files": left.files, "reason": left.reason} for left in found.left_out],
    }


def _none_found(found):
    listed = "; ".join(f"{left.title}: {left.reason}" for left in found.left_out[:10])
    more = f" ... and {len(found.left_out) - 10} more" if len(found.left_out) > 10 else ""
    return f"There is no gradient-echo scan with magnitude and phase in the DICOM files. {listed}{more}"
