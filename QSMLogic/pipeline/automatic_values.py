"""What the automatic values of an inversion come to for a field."""

from contextlib import suppress
from dataclasses import replace

from ..model.progress import Progress
from .strength_curve import varied


def automatic_values(entry, parameters, field, device=None):
    """{name: value} of what automatic values of an inversion come to for a field: it runs until it has noted them."""
    own = varied(entry)
    if own is None or not own.is_automatic:
        return {}
    names = {p.name for p in entry.parameters if p.is_automatic}
    progress = Progress()

    def stop(_fraction):
        if names & progress.notes.keys():
            raise _Noted

    progress.report = stop
    with suppress(_Noted):
        automatic = replace(parameters, **dict.fromkeys(names, 0))
        entry.run(field, parameters=automatic, progress=progress, device=device)
    return {name: progress.notes[name] for name in names & progress.notes.keys()}


class _Noted(Exception):
    """Ends a run of which only the notes are of use."""

    is_final = True  # no failure of a device
