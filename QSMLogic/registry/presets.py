"""Settings for kinds of scans, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """What a user sees of it, and the choices for Settings; what they leave out is the default."""

    title: str
    help: str
    choices: dict


PRESETS = {
    "brain-best": Preset(
        "Brain, best",
        "The default of every stage, for heads at 3 and 7 T. The inversion suits the scan, also with strong sources.",
        {},
    ),
    "brain-fast": Preset(
        "Brain, fast",
        "Fewer radii and a quicker inversion: less than half the time, a larger error.",
        {
            "background": {"method": "vsharp", "steps": 4, "refinements": 1},
            "invert": {"method": "rts", "second_iterations": 10},
        },
    ),
    "bleeds-calcifications": Preset(
        "Bleeds and calcifications",
        "For sources of more than 1 ppm: a single step from the total field, with the fewest streaks around them.",
        {"invert": {"method": "tgv"}},
    ),
    "animal": Preset(
        "Animal / small bore",
        "For voxels of a few tenths of a millimetre: smoothing and spheres shrink with the head. All tissue is mapped.",
        {
            "mask": {"method": "robust"},
            "offset": {"method": "mcpc3ds", "sigma_mm": 0.4},
            "background": {"method": "vsharp", "max_radius_mm": 3.0, "min_radius_mm": 0.1},
            "invert": {"method": "rts"},
        },
    ),
    "body": Preset(
        "Body",
        "For abdomen and limbs: all tissue, a more closed mask, larger spheres. Fat shifts phase: use in-phase echoes.",
        {
            "mask": {"method": "robust", "closing_voxels": 3},
            "background": {"method": "vsharp", "max_radius_mm": 25.0},
            "invert": {"method": "rts"},
        },
    ),
}
