"""Settings for kinds of scans, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A title, a help text, and the choices for Settings; stages left out have their defaults."""

    title: str
    help: str
    choices: dict


PRESETS = {
    "brain-best": Preset(
        "Brain, best",
        "The default methods, for heads at 3 and 7 T. The inversion is chosen by the scan, also with strong sources.",
        {},
    ),
    "brain-fast": Preset(
        "Brain, fast",
        "Fewer V-SHARP radii and a faster inversion: less than half the time, larger errors.",
        {
            "background": {"method": "vsharp", "steps": 4, "refinements": 1},
            "invert": {"method": "rts", "second_iterations": 10},
        },
    ),
    "bleeds-calcifications": Preset(
        "Bleeds and calcifications",
        "For sources above 1 ppm: single-step inversion of the total field, with the fewest streaks around them.",
        {"invert": {"method": "tgv"}},
    ),
    "animal": Preset(
        "Animal / small bore",
        "For mice and rats with voxels of a few tenths of a millimeter or less: the lengths for human heads divided by "
        "ten. All tissue is mapped.",
        {
            "mask": {"method": "robust"},
            "offset": {"method": "mcpc3ds", "sigma_mm": 0.25},
            "background": {"method": "vsharp", "max_radius_mm": 3.0, "min_radius_mm": 0.1},
            "invert": {"method": "automatic"},
        },
    ),
    "body": Preset(
        "Body",
        "For abdomen and limbs: all tissue, stronger closing of the mask, larger radii. Water and fat are not "
        "separated: water is mapped right only with echoes in which they are in phase (multiples of 2.3 ms at 3 T, of "
        "4.6 ms at 1.5 T), which is checked; fat and its edges are mapped wrongly even so.",
        {
            "mask": {"method": "robust", "closing_voxels": 3, "fat": True},
            "background": {"method": "vsharp", "max_radius_mm": 25.0},
            "invert": {"method": "rts"},
        },
    ),
}
