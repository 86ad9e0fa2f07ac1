"""The shapes of a head: which tissue is where. Positions are (s, a, l), see shapes.py; "l" of a pair is mirrored."""

from itertools import pairwise

import numpy as np

from .shapes import Noise, box, ellipsoid, segment, union
from .vessels import paint_vessels, random_veins

CORTEX_MM, SULCUS_MM = 3.4, 0.8
SULCI = ((21.0, 17.0), (15.0, 10.0))  # spacing and depth of the main and of the small ones, mm

# deep nuclei: name -> (center, half axes) of the left one
NUCLEI = (
    ("Thalamus", (7, -19, 11), (9.5, 15, 8)),
    ("Pallidum", (0, -1, 18), (9, 12, 5.5)),
    ("Putamen", (4, 3, 27.5), (13, 19, 6)),
    ("Caudate", (13, 21, 13.5), (9.5, 9, 6.5)),
    ("Red nucleus", (-9, -17, 5), (4.5, 4, 3.6)),
    ("Dentate nucleus", (-37, -57, 17), (6.5, 9, 6)),
)
CAUDATE_BODY = ((16, 18, 14), (25, 4, 16), (28, -12, 17.5), (24, -28, 21), (14, -38, 26))
LATERAL_VENTRICLE = (
    ((10, 30, 7), (21, 14, 8), (26, -10, 9.5), (22, -31, 14), (9, -42, 23), (-14, -22, 31), (-20, 0, 33)),
    (3.5, 4.5, 4.5, 5.5, 6.5, 3.0, 1.5),
)
OCCIPITAL_HORN = (((9, -42, 23), (5, -64, 21)), (5.0, 1.5))


class Individual:
    """What distinguishes one head from another: the noise that folds its surfaces, its veins, and its Shape."""

    def __init__(self, rng, shape):
        self.shape = shape
        self.warp, self.bend, self.folia = Noise(rng, 9.0), Noise(rng, 35.0), Noise(rng, 16.0)
        self.sulci = [(Noise(rng, scale_mm), scale_mm, depth_mm) for scale_mm, depth_mm in SULCI]
        self.veins = random_veins(rng)


def paint_head(position, individual, labels):
    """The labels (uint8) and the brain mask (bool) at `position`, (k, j, i); labels: {tissue name: label}."""
    canvas = Canvas(position, labels, individual.warp(position))
    hulls = _hulls(position)
    _paint_outside(canvas, hulls)
    _paint_cerebrum(canvas, hulls["cerebrum"], individual)
    _paint_cerebellum(canvas, hulls["cerebellum"], individual)
    _paint_brainstem(canvas, hulls["brainstem"])
    _paint_ventricles(canvas, individual.shape)
    _paint_nuclei(canvas, individual.shape)
    paint_vessels(canvas, hulls["brain"], individual.veins)
    _paint_lesions(canvas)
    return canvas.labels, hulls["brain"] < 0


class Canvas:
    """The label image that shapes are painted on, one over the other."""

    def __init__(self, position, labels, warp):
        self.position, self.tissue, self.warp = position, labels, warp
        self.labels = np.zeros(warp.shape, np.uint8)

    def fill(self, name, inside):
        """Paint a boolean array (k, j, i)."""
        self.labels[inside] = self.tissue[name]

    def shape(self, name, low, high, distance, warp_mm=0.0, over=None):
        """Paint where distance(position) < 0 in the box from `low` to `high` (mm), on `over` only if given.

        The surface is dented by noise of `warp_mm`.
        """
        part = self._part(low, high)
        if part is None:
            return
        inside = distance(np.ix_(*(x.ravel()[s] for x, s in zip(self.position, part, strict=True))))
        inside = inside + np.float32(warp_mm) * self.warp[part] < 0
        painted = self.labels[part]
        if over is not None:
            inside &= np.isin(painted, [self.tissue[tissue] for tissue in over])
        painted[inside] = self.tissue[name]

    def ellipsoid(self, name, center, radii, pair=True, **options):
        """Paint an ellipsoid, and with `pair` its mirror image."""
        for side in (1, -1) if pair else (1,):
            at = (*center[:2], side * center[2])
            low, high = np.subtract(at, radii) - 3, np.add(at, radii) + 3
            self.shape(name, low, high, lambda p, at=at: ellipsoid(p, at, radii), **options)

    def tube(self, name, path, radii, pair=True, **options):
        """Paint a tube along a path, with a radius at each of its points, and with `pair` its mirror image."""
        for side in (1, -1) if pair else (1,):
            points = [(*point[:2], side * point[2]) for point in path]
            for ends, r in zip(pairwise(points), pairwise(radii), strict=True):
                low, high = np.min(ends, 0) - max(r) - 2, np.max(ends, 0) + max(r) + 2
                self.shape(name, low, high, lambda p, ends=ends, r=r: segment(p, *ends, r), **options)

    def _part(self, low, high):
        """The slices of the voxels between two corners, None if there are none."""
        slices = []
        for x, a, b in zip(self.position, low, high, strict=True):
            hit = np.flatnonzero((x.ravel() >= a) & (x.ravel() <= b))
            if not hit.size:
                return None
            slices.append(slice(int(hit[0]), int(hit[-1]) + 1))
        return tuple(slices)


def _hulls(position):
    """Distances to the smooth hulls of the brain's parts and of the whole."""
    s, a, l = position  # noqa: E741
    mirrored = (s, a, np.abs(l))
    cerebrum = union(
        ellipsoid(position, (17, -10, 0), (53, 78, 63)), ellipsoid(mirrored, (-22, 6, 40), (22, 36, 21)), 12
    )
    base = ellipsoid(position, (-42, 24, 0), (32, 34, 21))
    cerebrum = -union(-cerebrum, base, 8)
    cerebellum = ellipsoid(position, (-38, -56, 0), (20, 27, 45))
    pons = ellipsoid(position, (-27, -17, 0), (14, 12, 16))
    stem = union(segment(position, (2, -14, 0), (-30, -20, 0), (15, 11)), pons, 6)
    stem = union(stem, segment(position, (-30, -22, 0), (-95, -36, 0), (10, 7)), 5)
    brain = union(union(cerebrum, cerebellum, 4), stem, 6)
    return {"cerebrum": cerebrum, "cerebellum": cerebellum, "brainstem": stem, "brain": brain}


def _paint_outside(canvas, hulls):
    """Skin, muscle, skull with its sinuses and ear canals, and the fluid around the brain."""
    p, brain = canvas.position, hulls["brain"]
    s, a, l = p  # noqa: E741
    face = union(ellipsoid(p, (-48, 22, 0), (58, 56, 62)), ellipsoid(p, (-46, 72, 0), (17, 13, 10)), 12)
    neck = segment(p, (-40, -28, 0), (-200, -34, 0), (62, 62))
    outer = union(union(brain - 12.5, face, 14), neck, 14)
    canvas.fill("Fat", outer < 0)
    muscle = (outer < -3.5) & (brain > 7.5) & (s < 20)
    canvas.fill("Muscle", muscle & (outer + 2 * canvas.warp < -4.5))
    del muscle
    cranium = brain + 0.8 * canvas.warp < 7.5
    cranium &= ~((s < -50) & (brain > 2.5) & (a > -50))
    canvas.fill("Bone", cranium & (outer < -2.5))
    canvas.ellipsoid("Bone", (-40, 56, 24), (24, 20, 26), warp_mm=1, over=("Muscle",))
    canvas.ellipsoid("Fat", (-17, 60, 31), (15, 18, 16), over=("Muscle", "Fat", "Bone"))
    canvas.ellipsoid("Cerebrospinal fluid", (-17, 65, 31), (11.5, 11.5, 11.5), over=("Fat",))
    _paint_cavities(canvas)
    canvas.fill("Cerebrospinal fluid", brain < 1.4 + 0.3 * canvas.warp)


def _paint_cavities(canvas):
    tissue = {"over": ("Bone", "Muscle", "Fat")}
    canvas.ellipsoid("Air", (-42, 54, 6), (20, 24, 4.5), warp_mm=1.5, **tissue)
    canvas.ellipsoid("Air", (-26, 46, 5), (9, 18, 4.5), warp_mm=1.0, **tissue)
    canvas.ellipsoid("Air", (-46, 50, 26), (14, 14, 10), warp_mm=1.0, **tissue)
    canvas.ellipsoid("Air", (-27, 20, 5), (7.5, 10, 6), warp_mm=0.8, **tissue)
    canvas.ellipsoid("Air", (-2, 75, 9), (9, 3.5, 8), warp_mm=0.8, **tissue)
    canvas.tube("Air", ((-42, 34, 0), (-58, 18, 0), (-110, 16, 0)), (8, 8, 8), pair=False, **tissue)
    canvas.tube("Air", ((-46, -14, 90), (-47, -14, 66), (-45, -12, 50)), (4.5, 3.5, 3.5), **tissue)
    canvas.ellipsoid("Air", (-48, -27, 57), (9, 8, 6), warp_mm=4.0, **tissue)


def _paint_cerebrum(canvas, hull, individual):
    """White matter, the folded ribbon of gray matter and the sulci in between."""
    depth, bend = -hull, 2.5 * individual.bend(canvas.position)
    sheets = np.minimum(_sulci(canvas, depth, individual), _deep_fissures(canvas.position, bend))
    ribbon = np.minimum(depth, sheets)
    inside = depth > 0
    canvas.fill("White matter", inside)
    canvas.fill("Gray matter", inside & (ribbon < CORTEX_MM + 0.4 * canvas.warp))
    # away from sulci the cortex reaches the hull
    fluid = np.minimum(depth + 0.7, sheets)
    canvas.fill("Cerebrospinal fluid", inside & (fluid < SULCUS_MM + 0.25 * canvas.warp))


def _sulci(canvas, depth, individual):
    """Distance to the sulci: sheets that reach from the surface to a depth that varies."""
    distance = np.float32(99)
    for noise, scale_mm, depth_mm in individual.sulci:
        # noise of variance 1 changes by about 3.7 / scale per mm
        sheet = np.abs(noise(canvas.position)) * np.float32(scale_mm / 3.7)
        distance = np.minimum(distance, np.hypot(sheet, np.maximum(depth - depth_mm - 3 * canvas.warp, 0)))
    return distance


def _deep_fissures(position, bend):
    """Distance to the fissure between the hemispheres and to the Sylvian fissures with the insula at their end."""
    s, a, l = position  # noqa: E741
    mirrored = (s, a, np.abs(l))
    callosum = ellipsoid((s, a, np.zeros_like(l)), (6, -9, 0), (25, 43, 25))
    between = np.hypot(l + 0.4 * bend, np.maximum(-callosum, 0))
    sylvian = box((s - 0.25 * (a + 36) + 9 + bend, *mirrored[1:]), (0, -34, 38), (0, 30, 90))
    insula = box((s, a, mirrored[2] + 0.6 * bend - np.float32(0.006) * np.square(a)), (-6, -18, 38), (13, 22, 38))
    return np.minimum(between, np.minimum(sylvian, insula) + np.float32(0.2))


def _paint_cerebellum(canvas, hull, individual):
    """A cortex of narrow folia around white matter, with fluid between it and the cerebrum."""
    position = canvas.position
    folia = np.abs(np.sin(hull * np.float32(2 * np.pi / 11) + 2.2 * individual.folia(position)))
    canvas.fill("Cerebrospinal fluid", (hull < 1.5) & (hull >= 0))
    canvas.fill("Gray matter", hull < 0)
    core = ellipsoid(position, (-38, -54, 0), (12, 18, 35))
    canvas.fill("White matter", (core + 4 * canvas.warp < 0) & ((hull < -9) | (folia > 0.45)))
    canvas.fill("Cerebrospinal fluid", (hull < 0) & (hull > -8) & (folia < 0.12))


def _paint_brainstem(canvas, hull):
    s = canvas.position[0]
    canvas.fill("Cerebrospinal fluid", (hull > 0) & (hull < 4) & (s < -6) & (canvas.labels != canvas.tissue["Bone"]))
    canvas.fill("White matter", (hull < 0) & (s < 4))


def _paint_ventricles(canvas, shape):
    for path, radii in (LATERAL_VENTRICLE, OCCIPITAL_HORN):
        radii = [shape.ventricle * radius for radius in radii]
        canvas.tube("Cerebrospinal fluid", path, radii, warp_mm=0.6)
    canvas.shape(
        "White matter", (4, -30, -1), (40, 40, 1), lambda p: box(p, (4, -30, 0), (34, 36, 0)) - np.float32(0.9)
    )
    canvas.ellipsoid("Cerebrospinal fluid", (2, -9, 0), (10, 15, 2.0), pair=False)
    canvas.tube("Cerebrospinal fluid", ((-4, -24, 0), (-22, -31, 0)), (1.3, 1.3), pair=False)
    canvas.ellipsoid("Cerebrospinal fluid", (-33, -34, 0), (10, 5, 7), pair=False, warp_mm=0.5)


def _paint_nuclei(canvas, shape):
    for number, (name, (s, a, l), radii) in enumerate(NUCLEI):  # noqa: E741
        wall_mm = shape.wall_mm if name == "Caudate" else 0
        center, radii = shape.nucleus(number, (s, a, l + wall_mm), radii)
        canvas.ellipsoid(name, center, radii, warp_mm=0.7, over=("White matter", "Gray matter"))
    body = [np.add(point, (0, 0, shape.wall_mm)) for point in CAUDATE_BODY]
    canvas.tube("Caudate", body, (5, 3.4, 3.0, 2.4, 1.8), over=("White matter",))
    path = ((-12, -3, 5), (-12, -10, 10), (-11, -16, 13.5))
    canvas.tube("Substantia nigra", path, (2.0, 3.2, 2.4), over=("White matter", "Cerebrospinal fluid", "Gray matter"))


def _paint_lesions(canvas):
    """A calcified choroid plexus on either side, a calcified pineal gland, and two microbleeds."""
    canvas.ellipsoid("Calcification", (9, -42, 23), (3.4, 3.4, 3.0), warp_mm=0.6)
    canvas.ellipsoid("Calcification", (4, -34, 0), (2.4, 3.0, 2.4), pair=False)
    canvas.ellipsoid("Microbleed", (36, 26, 27), (3.2, 3.2, 3.2), pair=False)
    canvas.ellipsoid("Microbleed", (30, -46, -32), (2.4, 2.4, 2.4), pair=False)
