"""The echoes of one acquisition that are stored as series of their own, such as those of multi-echo EPI."""

from dataclasses import replace

from .starts import start_together


def merged(all_images):
    """The Images, with those of single echoes of one acquisition made one."""
    groups = {}
    for images in all_images:
        groups.setdefault(_likeness(images), []).append(images)
    return [one for group in groups.values() for one in _merged(group)]


def _likeness(images):
    """What the echoes of one acquisition share."""
    series = images.series
    sizes = [(kind, len(next(iter(echoes.values())))) for kind, echoes in images.stacks.items()]
    place = series.person, series.study, series.frame_of_reference
    return *place, series.sequence, images.flavor, images.geometry.size, tuple(sizes)


def _merged(group):
    """Alike Images, merged where they started together, lie on one grid and have echo times of their own."""
    found = []
    for images in sorted(group, key=lambda images: (images.acquired, images.times)):
        last = found[-1] if found else None
        if last and _belongs(last, images):
            stacks = {kind: last.stacks[kind] | images.stacks[kind] for kind in last.stacks}
            stacks = {kind: dict(sorted(echoes.items())) for kind, echoes in stacks.items()}
            found[-1] = replace(last, stacks=stacks, numbers=(*last.numbers, *images.numbers))
        else:
            found.append(images)
    return found


def _belongs(one, other):
    apart = not set(one.times) & set(other.times)
    return apart and start_together(one.acquired, other.acquired) and not one.geometry.difference(other.geometry)
