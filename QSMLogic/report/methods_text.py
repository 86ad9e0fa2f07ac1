"""The paragraph for a paper: how a map was made, with references."""

from pathlib import PureWindowsPath

from ..model.errors import QSMError
from ..registry.method import registry
from ..registry.provenance import checks_of, gpu_used
from ..registry.stages import STAGES
from .acquisition_text import acquisition_sentences

GIVEN_MASK = "The mask was provided by the user."
PREVIEW = "PREVIEW at reduced resolution, not for publication."


def methods_text(provenance):
    """Describe every stage of a run with all its parameters, followed by numbered references.

    Parameters
    ----------
    provenance : dict
        The content of run.json, or of the node attribute QSM.Provenance of a map.

    Returns
    -------
    str
        Plain text.

    Raises
    ------
    QSMError
        If this is not the record of a run.
    """
    try:
        references = _References()
        sentences = [PREVIEW] if provenance.get("preview") else []
        sentences += [_scan(provenance), *acquisition_sentences(provenance["scan"])]
        if gpu_used(provenance):
            sentences.append(f"They were computed in part on a GPU ({gpu_used(provenance)}).")
        if provenance["mask"] == "given":
            sentences.append(GIVEN_MASK)
        sentences += [check.sentence for check in checks_of(provenance) if check.corrected]
        for stage, choice in provenance["settings"].items():
            if stage not in STAGES:
                raise QSMError(
                    f"The record has a stage {stage!r} that this version lacks. Use a newer version of SlicerQSM."
                )
            numbers = references.numbers(provenance["citations"].get(stage, []))
            sentences.append(STAGES[stage].sentence.format(*_method(stage, choice, numbers)))
            sentences += _reference_in_brain(provenance["notes"]) if stage == "reference" else []
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise QSMError("This is not the record of a run. Choose a map or run.json made by this version.") from None
    return "\n\n".join([" ".join(sentences), *references.lines()])


def _scan(provenance):
    scan, version = provenance["scan"], provenance["software"]["QSMLogic"]
    times = scan["echo_times_s"]
    echoes = f"{len(times)} echoes" if len(times) > 1 else "one echo"
    listed = ", ".join(f"{1000 * time:.4g}" for time in times)
    size = " x ".join(f"{mm:.3g}" for mm in reversed(scan["spacing_mm_kji"]))
    return (
        f"Quantitative susceptibility maps were computed with SlicerQSM {version} from a gradient-echo scan at "
        f"{scan['field_strength_t']:.3g} T with {echoes} (TE {listed} ms) and voxels of {size} mm."
    )


def _reference_in_brain(notes):
    """Where the reference region lies relative to the whole brain; nothing if that is the reference."""
    known = notes.get("reference", {})
    if "mean_relative_to_brain_ppm" not in known:
        return []
    mean, sd = known["mean_relative_to_brain_ppm"], known["sd_ppm"]
    return [
        f"Relative to the mean of the whole brain (the mask of the map), the reference region had a mean of "
        f"{mean:.4f} ppm and a standard deviation of {sd:.4f} ppm."
    ]


def _method(stage, choice, numbers):
    """The title of a method and what follows it; the name of a method that is no longer registered."""
    known = registry()[stage].get(choice["method"])
    labels = {p.name: (_inside_a_sentence(p.label), p.unit) for p in known.parameters} if known else {}
    values = []
    for name, value in choice.items():
        if name != "method":
            label, unit = labels.get(name, (name, ""))
            if label.endswith("file"):
                value = PureWindowsPath(value).name  # takes slashes of either kind
            values.append(f"{label} {value:g} {unit}" if isinstance(value, float) else f"{label} {value} {unit}")
    listed = f" ({', '.join(value.strip() for value in values)})" if values else ""
    return _inside_a_sentence(known.title) if known else choice["method"], numbers + listed


def _inside_a_sentence(title):
    """The title with a small first letter, unless that belongs to an acronym."""
    return title[0].lower() + title[1:] if title[1:2].islower() else title


class _References:
    """Numbers publications in the order in which they come up."""

    def __init__(self):
        self.found = {}

    def numbers(self, citations):
        for citation in citations:
            self.found.setdefault(citation["doi"], (len(self.found) + 1, citation["text"]))
        return f" [{', '.join(str(self.found[c['doi']][0]) for c in citations)}]" if citations else ""

    def lines(self):
        listed = [f"[{number}] {text}. doi:{doi}" for doi, (number, text) in self.found.items()]
        return ["\n".join(listed)] if listed else []
