"""Pair magnitude and phase: find the scans among the images of the scene.

Images belong to one scan if their grids coincide and their names agree in all but the image type and the echo. Unclear
cases are left out: a scan that the user has to choose costs less than a wrong one.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import slicer

from QSMLogic import QSMError

from .geometry import require_same_geometry
from .images import scan_images

_HALF_TURNS = (np.pi, 180.0, 1000 * np.pi, 2048.0, 4096.0, 32768.0)  # of phase that is stored with a sign
_TIMESTAMP = 8  # a number of so many digits is a date or a time


@dataclass(frozen=True)
class PairedScan:
    """Images that belong together.

    rows: (magnitude node, phase node) for each echo, in order; one row if each is a sequence or a 4D volume.
    """

    name: str
    rows: tuple


def find_scans():
    """The scans whose magnitude and phase are in the scene: those with more echoes first, then those loaded last.

    Maps of this module, label maps, hidden nodes and volumes without voxels are left out; the volume that shows a
    sequence stands for it. Echoes that lack either image are left out, too. Returns a list of PairedScan.
    """
    found = [scan for group in _by_geometry(scan_images()) for scan in _scans_on_one_grid(group)]
    return [scan for _, scan in sorted(found, key=lambda entry: entry[0], reverse=True)]


def _by_geometry(images):
    """Lists of the images that lie on each other."""
    groups = []
    for image in images:
        group = next((g for g in groups if _same_geometry(g[0], image)), None)
        if group:
            group.append(image)
        else:
            groups.append([image])
    return groups


def _same_geometry(one, other):
    try:
        require_same_geometry(one.volume, one.node, other.volume, other.node)
    except QSMError:
        return False
    return True


def _scans_on_one_grid(images):
    """Pairs of (rank, PairedScan)."""
    named = _by_name(images)
    pairs = {key: _split(members) for key, members in named.items()}
    alone = {key: named[key] for key, pair in pairs.items() if not all(pair)}
    pairs = [pair for pair in pairs.values() if all(pair)] + _of_successive_series(alone)
    scans = [rows for magnitudes, phases in pairs for rows in _rows(magnitudes, phases)]
    used = {image.node for rows in scans for row in rows for image in row}
    scans += _paired_by_values([image for image in images if image.node not in used])
    return [_ranked(rows) for rows in scans]


def _ranked(rows):
    echoes = max(len(rows), rows[0][0].count)
    place = max(image.place for row in rows for image in row)
    first = rows[0][0]
    name = first.written if any(letter.isalpha() for letter in first.written) else first.node.GetName()
    return (echoes, place), PairedScan(name, tuple(tuple(image.node for image in row) for row in rows))


def _by_name(images):
    """{key: images} with names that agree in all but the kind and the echo.

    Numbers right behind the kind, as in mag1 and mag2, are echoes, unless the same names are there without a number:
    then they are Slicer's, which makes names unique by them.
    """
    groups = {}
    for image in images:
        groups.setdefault(image.key, []).append(image)
    numbered = {}
    for key, members in groups.items():
        if all(image.parts.counter is not None and image.parts.echo is None for image in members):
            numbered.setdefault(key[:-1], []).append(key)
    for key, keys in numbered.items():
        members = [_numbered(image) for k in keys for image in groups[k]]
        if key not in groups and _are_echoes(members):
            groups = {k: group for k, group in groups.items() if k not in keys} | {key: members}
    return groups


def _numbered(image):
    """The image with the number behind its kind as that of the echo."""
    base = image.parts.base.rstrip("0123456789").rstrip(" _-")
    return replace(image, echo=image.parts.counter, parts=replace(image.parts, base=base), written=base)


def _are_echoes(images):
    """Whether the numbers of images count from 0 or 1, each kind has each once, and echo times rise with them."""
    numbers = sorted({image.echo for image in images})
    ordered = sorted(images, key=lambda image: image.echo)
    if len(numbers) < 2 or numbers[0] > 1 or numbers != list(range(numbers[0], numbers[-1] + 1)):
        return False
    for kind in {image.kind for image in images}:
        of_kind = [image for image in ordered if image.kind == kind]
        times = [image.time for image in of_kind]
        if len({image.echo for image in of_kind}) < len(of_kind):
            return False
        if None not in times and times != sorted(set(times)):
            return False
    return True


def _split(images):
    """(magnitudes, phases); beside phases, images of no known kind are magnitudes, as in BIDS and after dcm2niix."""
    kinds = {kind: [image for image in images if image.kind == kind] for kind in ("magnitude", "phase", None)}
    return kinds["magnitude"] or kinds[None], kinds["phase"]


def _of_successive_series(groups):
    """Pairs of (magnitudes, phases) whose names differ only in the number of the series, which is one more for phase.

    Scanners make two series of one scan. Only numbers that are surely of series count, not those of persons.
    """
    found = {key: _split(members) for key, members in groups.items()}
    partners = [
        (magnitude, phase)
        for phase in found
        for magnitude in found
        if found[phase][1] and found[magnitude][0] and not found[magnitude][1] and _follows(phase, magnitude, groups)
    ]
    count = Counter(key for pair in partners for key in pair)
    return [(found[m][0], found[p][1]) for m, p in partners if count[m] == count[p] == 1]


def _follows(phase, magnitude, groups):
    """Whether the key `phase` has the series number after that of the key `magnitude`, and nothing else differs."""
    differing = [n for n, words in enumerate(zip(phase, magnitude, strict=False)) if words[0] != words[1]]
    if len(phase) != len(magnitude) or len(differing) != 1:
        return False
    [place] = differing
    after, before = phase[place], magnitude[place]
    if not (after.isdigit() and before.isdigit() and int(after) == int(before) + 1):
        return False
    names = [(image.node.GetName(), key[1]) for key in (phase, magnitude) for image in groups[key]]
    leading = place == 1 and all(name.startswith(f"{number}: ") for name, number in names)
    dated = place == len(phase) - 1 and any(w.isdigit() and len(w) >= _TIMESTAMP for w in phase[1:place])
    return leading or dated


def _rows(magnitudes, phases):
    """The scans that magnitudes and phases of one name make, each a list of (magnitude, phase)."""
    scans = []
    for count in sorted({image.count for image in phases}):
        scans += _echoes(*([image for image in images if image.count == count] for images in (magnitudes, phases)))
    return scans


def _echoes(magnitudes, phases, ways=("folder", "written")):
    """The scans of images of one name, each a list of the pairs (magnitude, phase) of the same echo, in order.

    If an echo is there twice, scans are distinguished by `ways`: their folders, then the spelling of their names, as
    "head_mag" and "head mag" or Slicer's "head_mag_1". If nothing distinguishes them, there is no scan rather than a
    part of one.
    """
    magnitudes, phases = _first_numbered(magnitudes), _first_numbered(phases)
    identity = _identity(magnitudes + phases)
    if not identity:
        return []
    if not _is_any_twice(magnitudes, identity) and not _is_any_twice(phases, identity):
        magnitudes, phases = ({identity(image): image for image in images} for images in (magnitudes, phases))
        rows = [(magnitudes[echo], phases[echo]) for echo in sorted(magnitudes.keys() & phases.keys())]
        return [rows] if rows else []
    for n, way in enumerate(ways, 1):
        apart = {}
        for column, images in enumerate((magnitudes, phases)):
            for image in images:
                apart.setdefault(getattr(image, way), ([], []))[column].append(image)
        if scans := [scan for pair in apart.values() if all(pair) for scan in _echoes(*pair, ways[n:])]:
            return scans
    return []


def _is_any_twice(images, identity):
    return max(Counter(map(identity, images)).values(), default=0) > 1


def _first_numbered(images):
    """The images, where the one without a number is the first echo if there are a second and no first."""
    numbers = {image.echo for image in images}
    first = 2 in numbers and 1 not in numbers
    return [replace(image, echo=1) if first and image.echo is None else image for image in images]


def _identity(images):
    """What an echo is known by: its time, else its number; None if neither is known of all images."""
    if all(image.time for image in images):
        return lambda image: round(image.time, 6)
    if all(image.echo is not None for image in images):
        return lambda image: image.echo
    if {image.echo for image in images} <= {None, 1}:
        return lambda image: 1
    return None


def _paired_by_values(images):
    """The scan that two images make whose names say nothing, if one has no negative values and one is phase."""
    if len(images) != 2 or any(i.kind or i.count > 1 or i.study != images[0].study for i in images):
        return []
    phases = [image for image in images if _is_signed_phase(image)]
    magnitudes = [image for image in images if _range(image)[0] >= 0]
    return [[(magnitudes[0], phases[0])]] if len(phases) == len(magnitudes) == 1 else []


def _is_signed_phase(image):
    """Whether the values fill the range of phase that is stored with a sign, in a common scaling."""
    low, high = _range(image)
    return any(0.9 * half < min(high, -low) and max(high, -low) < 1.001 * half for half in _HALF_TURNS)


def _range(image):
    values = slicer.util.arrayFromVolume(image.volume)
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (-1.0, -1.0)
