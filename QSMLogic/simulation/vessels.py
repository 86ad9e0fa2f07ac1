"""Venous sinuses and veins of the head, painted as tubes."""

import numpy as np

# paths in (s, a, l) mm with a radius at each point
DEEP_VEINS = (
    (((12, 12, 2.5), (13, -8, 2.5), (9, -30, 1.5)), (0.8, 1.0, 1.3), True),
    (((9, -30, 0), (10, -38, 0), (4, -44, 0), (-12, -78, 0)), (1.4, 2.0, 2.0, 2.2), False),
    (((-4, 2, 10), (-10, -12, 18), (-4, -28, 17), (8, -38, 2)), (0.8, 1.0, 1.2, 1.4), True),
    (((14, 24, 5), (12, 12, 2.5)), (0.6, 0.8), True),
    (((29, -8, 12), (22, -14, 6), (12, -12, 2.5)), (0.7, 0.8, 0.8), True),
)
INSIDE = ("White matter", "Gray matter", "Cerebrospinal fluid", "Thalamus")


def random_veins(rng):
    """Small veins of one head: a list of (path, radius in mm)."""
    return [*_bridging_veins(rng), *_medullary_veins(rng)]


def paint_vessels(canvas, brain, veins):
    """Paint all veins on a Canvas; brain: distance to the brain's hull (k, j, i). veins: of `random_veins`."""
    _paint_sinuses(canvas, brain)
    for path, radii, pair in DEEP_VEINS:
        canvas.tube("Veins", path, radii, pair=pair, over=INSIDE)
    for path, radius in veins:
        canvas.tube("Veins", path, [radius] * len(path), pair=False, over=INSIDE)


def _paint_sinuses(canvas, brain):
    """The sagittal sinus under the vault, and the transverse sinuses from its end to the ears."""
    s, a, l = canvas.position  # noqa: E741
    sagittal = np.hypot(l, brain - np.float32(2.4)) - np.float32(2.6)
    canvas.fill("Veins", (sagittal < 0) & (brain > 0) & ((s > 25) | (a < -60)) & (s > -12))
    transverse = np.hypot(s + np.float32(13) + np.float32(0.06) * np.abs(l), brain - np.float32(2.2))
    canvas.fill("Veins", (transverse < 2.4) & (brain > 0) & (a < -32))


def _bridging_veins(rng):
    """Veins in the sulci that run down from the sagittal sinus, wandering, on an ellipsoid under the surface."""
    for _ in range(26):
        forward, side = rng.uniform(-70, 55), rng.choice((-1, 1))
        drift, reach, radius = rng.normal(0, 0.22), rng.uniform(0.5, 1.5), rng.uniform(0.7, 1.3)
        angles = np.linspace(0.05, reach, 9)
        forwards = forward * np.cos(0.15 * angles) + 62 * drift * angles + np.cumsum(rng.normal(0, 1.6, 9))
        depth = 2.5 + np.abs(np.cumsum(rng.normal(0, 0.8, 9)))
        width = np.sqrt(np.maximum(1 - np.square((forwards + 10) / 78), 0.05))
        yield (
            [
                (17 + (53 - d) * w * np.cos(t), f, side * (63 - d) * w * np.sin(t))
                for t, f, d, w in zip(angles, forwards, depth, width, strict=True)
            ],
            radius,
        )


def _medullary_veins(rng):
    """Fine straight veins that drain white matter towards the lateral ventricles."""
    for _ in range(30):
        forward, side, angle = rng.uniform(-28, 22), rng.choice((-1, 1)), rng.uniform(0.1, 1.2)
        start = np.array((24.0, forward, side * 12.0))
        towards = np.array((np.cos(angle), rng.normal(0, 0.25), side * np.sin(angle)))
        yield [tuple(start + 2 * towards), tuple(start + rng.uniform(12, 20) * towards)], rng.uniform(0.4, 0.6)
