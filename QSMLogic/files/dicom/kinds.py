"""What an image shows: magnitude, phase, real or imaginary part of a gradient echo, or nothing for QSM."""

from ..sidecar_values import kinds_of_image_type
from .export.attributes import MANUFACTURER
from .frame import MAGNITUDE
from .vendors import vendor_of

COMPONENTS = {"MAGNITUDE": "magnitude", "PHASE": "phase", "REAL": "real", "IMAGINARY": "imaginary"}
IMAGES = {
    "1.2.840.10008.5.1.4.1.1.4": "MR image",
    "1.2.840.10008.5.1.4.1.1.4.1": "enhanced MR image",
    "1.2.840.10008.5.1.4.1.1.4.4": "legacy converted enhanced MR image",
}
NO_IMAGE = "It is no MR image, but {}."
DIFFUSION, PERFUSION = "a diffusion scan or a map made of one", "a perfusion scan or a map made of one"
OF_WORD = {
    **dict.fromkeys(("ADC", "FA", "COLFA", "TRACEW", "TENSOR", "TENSOR_B0", "DIFFUSION", "EADC"), DIFFUSION),
    **dict.fromkeys(("ASL", "PERFUSION", "RCBF", "RELCBF", "CBF", "CBV", "MTT", "TTP", "SUBTRACTION"), PERFUSION),
    **dict.fromkeys(("T1 MAP", "T2 MAP", "T2_STAR MAP", "R2 MAP", "R2_STAR MAP"), "a map computed on the scanner"),
    **dict.fromkeys(("B0", "B0 MAP", "FIELD_MAP"), "a field map computed on the scanner"),
    **dict.fromkeys(("SWI", "MNIP", "MIP", "MINIP"), "processed for susceptibility weighting or projected"),
    **dict.fromkeys(("MPR", "CSA RESAMPLED"), "resampled"),
    "QSM": "a susceptibility map",
    "MOSAIC": "a mosaic: its slices are tiles of one image. Export it as an enhanced or multi-frame image",
}
NO_PHASE_OF_MAP = "It is {}."
OWN_MAP = "It is a map that this software has computed."


def words_of(header):
    """The words of ImageType and FrameType, in capitals, but for the first two."""
    texts = [header.get(name) or () for name in ("ImageType", "FrameType")]
    lists = [[text] if isinstance(text, str) else list(text) for text in texts]
    return [str(word).strip().upper() for words in lists for word in words[2:]]


def kind_of(header):
    """The kind of an image: magnitude unless something says another; None if it is a map."""
    if kind := vendor_of(header).kind(header):
        return kind
    if kind := COMPONENTS.get(str(header.get("ComplexImageComponent", "")).upper()):
        return kind
    words = words_of(header)
    kinds = kinds_of_image_type(["", "", *words])
    return kinds[0] if kinds else MAGNITUDE


def is_planar(header):
    """Whether an image is echo-planar."""
    words = header.get("ScanningSequence") or ()
    return "EP" in ([words] if isinstance(words, str) else words) or header.get("EchoPlanarPulseSequence") == "YES"


def flavor_of(header):
    """How an image was processed: the words of its ImageType that do not name its kind."""
    words = header.get("ImageType") or ()
    words = [str(word).strip().upper() for word in ([words] if isinstance(words, str) else words)][2:]
    more = [str(word).upper() for word in vendor_of(header).processing(header) or ()]
    return frozenset(word for word in (*words, *more) if word != "NONE" and not kinds_of_image_type(["", "", word]))


def why_no_image(header):
    """Why a file is no MR image of a scanner, a sentence; None if it is one."""
    uid = header.get("SOPClassUID", "")
    if uid in IMAGES:
        return OWN_MAP if header.get("Manufacturer") == MANUFACTURER else None
    name = getattr(uid, "name", "")
    return NO_IMAGE.format(f"of another kind ({name.removesuffix(' Storage')})" if name else "of an unknown kind")


def why_no_gradient_echo(header):
    """Why an MR image is none that QSM is made of, a sentence; None if it may be one."""
    for word in words_of(header):
        if reason := OF_WORD.get(word):
            return NO_PHASE_OF_MAP.format(reason)
    sequences = header.get("ScanningSequence") or ()
    sequences = {sequences} if isinstance(sequences, str) else set(sequences)
    if header.get("EchoPulseSequence") in ("SPIN", "BOTH") or "SE" in sequences and "GR" not in sequences:
        return "It is a spin echo: QSM needs a gradient echo."
    if float(header.get("DiffusionBValue", 0)) > 0:
        return NO_PHASE_OF_MAP.format(DIFFUSION)
    if "IR" in sequences or header.get("InversionRecovery") == "YES":
        return "It is an inversion recovery scan (such as MPRAGE): QSM needs a plain gradient echo."
    if header.get("PhaseContrast") == "YES":
        return "It is a phase-contrast scan, whose phase shows flow."
    return None
