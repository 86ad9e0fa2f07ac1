"""The methods and the maps that there are, as text and as Markdown."""

import re

from ..model.catalogue import CATALOGUE
from ..model.units import NO_UNIT
from ..registry.method import registry
from ..registry.stages import STAGES


def listed_methods():
    """{stage: what it does, its default and its methods} as plain dictionaries."""
    return {
        stage: {
            "takes_and_returns": STAGES[stage].signature,
            "default": STAGES[stage].default,
            "methods": [entry.describe() for entry in methods.values()],
        }
        for stage, methods in registry().items()
    }


def methods_as_markdown(listing):
    """The table in Resources/docs/methods.md."""
    lines = ["| Stage | Method | What it does | Source |", "|---|---|---|---|"]
    for stage, entry in listing.items():
        for m in entry["methods"]:
            name = f"**{m['name']}**" if m["name"] == entry["default"] else m["name"]
            sources = ", ".join(f"[{_author_and_year(c['text'])}](https://doi.org/{c['doi']})" for c in m["citations"])
            lines.append(f"| {stage} | {name} | {_escaped(m['summary'])} | {sources} |")
    return "\n".join(lines)


def _escaped(text):
    """Text in which a table sees no borders of its cells."""
    return text.replace("|", "\\|")


def _author_and_year(citation):
    """ "Wu 2012" of "Wu et al., Magn Reson Med 2012;67:137-147"."""
    year = re.search(r"\b(19|20)\d\d\b", citation)
    return " ".join([re.split(r" et al| and |,|;", citation)[0], *([year.group()] if year else [])])


def methods_as_text(listing):
    """Methods, their summaries and parameters, for a terminal."""
    lines = []
    for stage, entry in listing.items():
        lines.append(f"{stage}: {entry['takes_and_returns']}")
        for m in entry["methods"]:
            remark = " (default)" if m["name"] == entry["default"] else " (not installed)" if m["unavailable"] else ""
            lines.append(f"  {m['name']}{remark}: {m['summary']}")
            lines += [f"      {p['name']} = {p['default']} {p['unit']}".rstrip() for p in m["parameters"]]
    return "\n".join(lines)


def maps_as_markdown():
    """The README's table of maps."""
    lines = ["| File | BIDS derivative | What it shows | Unit |", "|---|---|---|---|"]
    lines += [
        f"| {entry.file} | {_derivative(entry)} | {_shown(entry)} | {_unit(entry)} |" for entry in CATALOGUE.values()
    ]
    return "\n".join(lines)


def maps_as_text():
    """Files, what they show and their units, for a terminal."""
    return "\n".join(
        f"{entry.file}: {_shown(entry)}{_unit(entry) and f' [{_unit(entry)}]'}" for entry in CATALOGUE.values()
    )


def _derivative(entry):
    description, suffix = entry.bids
    return f"{f'desc-{description}_' if description else ''}{suffix}"


def _shown(entry):
    return f"{entry.description}{' (optional)' if entry.optional else ''}"


def _unit(entry):
    return "" if entry.unit == NO_UNIT else entry.unit
