"""What the record of a run says of the files that the run is made from: their names only, or not even these."""

import re
from dataclasses import replace
from pathlib import Path

from ..files.sidecar import image_stem
from ..model.check import REFUSED
from ..model.errors import QSMError
from .memory import memory_check


def prepared(scan, files, anonymous=False):
    """The Acquisition of files {kind: paths} with checks that name no folders, and with that of its memory.

    Raises QSMError if the computer cannot have the memory that a run needs.
    """
    checks = [_without_folders(check, files, anonymous) for check in scan.checks]
    return replace(scan, checks=(*checks, enough_memory(scan.grid.shape, scan.echoes)))


def with_inputs(maps, names, anonymous=False):
    """The Maps with the names of their inputs in the provenance."""
    settings = _without_paths(maps.provenance["settings"]) if anonymous else maps.provenance["settings"]
    return replace(maps, provenance=maps.provenance | {"inputs": names, "settings": settings})


def named(paths, anonymous):
    """The names of files, which may be those of patients, or how many there are."""
    names = [Path(path).name for path in paths]
    return len(names) if anonymous else names


def enough_memory(shape, echoes):
    """The Check of the memory that a scan needs; QSMError if the computer cannot have as much."""
    check = memory_check(shape, echoes)
    if check.verdict == REFUSED:
        raise QSMError(check.sentence)
    return check


def _without_paths(settings):
    """Settings whose parameters name files, such as networks, without their folders."""

    def plain(value):
        return re.split(r"[/\\]", value)[-1] if isinstance(value, str) else value

    return {stage: {name: plain(value) for name, value in choice.items()} for stage, choice in settings.items()}


def without_names(text, files):
    """Text that names files {kind: paths} by their kind."""
    for kind, paths in files.items():
        for path in map(Path, paths):
            text = text.replace(str(path), path.name)
            for name in (path.name, image_stem(path)):
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"a {kind} image", text)
    return text


def _without_folders(check, files, anonymous):
    """A Check whose sentence names files without their folders or, if it is to be anonymous, by their kind."""
    sentence = check.sentence
    for path in (path for paths in files.values() for path in map(Path, paths)):
        sentence = sentence.replace(str(path), path.name)
    return replace(check, sentence=without_names(sentence, files) if anonymous else sentence)
