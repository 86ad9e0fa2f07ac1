"""BET: a balloon that grows from inside the brain until it meets the skull's darkness (Smith 2002)."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from ...numerics.lazy import ndimage
from ...registry.method import Citation, method, parameter
from ...shared.bias_field import homogeneous
from ...shared.head_size import relative_size
from ...shared.mask_recipe import apply_operations

SUBDIVISIONS = 4  # of an icosahedron's faces: 2562 vertices
SMALLEST_RADIUS_MM, LARGEST_RADIUS_MM = 3.33, 10.0  # of curvature: between them smoothing sets in
SEARCH_MM, BRIGHT_SEARCH_MM = 20.0, 10.0  # how far inwards the darkest and the brightest signal are looked for
MOST_POINTS = 60  # along an edge of a triangle that is made voxels
STEPS_BETWEEN_CHECKS, AT_REST = 50, 0.1  # mm that vertices have moved, on average, between checks


@dataclass(frozen=True)
class BetParameters:
    threshold: float = parameter(
        0.5,
        "Fractional intensity",
        low=0.01,
        high=0.99,
        help="Between brain and background; smaller values give a larger brain.",
    )
    iterations: int = parameter(
        1000, "Iterations", low=10, high=100000, help="Maximum iterations of the growing surface."
    )
    homogeneity: bool = parameter(
        False, "Bias field correction", help="Divide the magnitude by its smooth bias field first."
    )
    recipe: str = parameter(
        "", "Morphological operations", help="Operations on the mask, such as: erode 1, fill-holes, largest."
    )


@method(
    "mask",
    title="BET",
    parameters=BetParameters,
    citations=[Citation("Smith, Hum Brain Mapp 2002;17:143-155", "10.1002/hbm.10062")],
)
def bet(acquisition, parameters, progress):
    """Extract the brain from the combined magnitude with a surface that grows from a sphere.

    acquisition: any phase. Returns bool (k, j, i): brain and the fluid around it. Raises QSMError if there is no
    signal. The surface comes to rest before the paper's 1000 steps and is then left there.
    """
    image = np.nan_to_num(acquisition.weight)
    if parameters.homogeneity:
        image = homogeneous(image, acquisition.grid.spacing_mm)
    progress(0.1)
    mask = grown_mask(image, acquisition.grid.spacing_mm, parameters.threshold, parameters.iterations, progress)
    return apply_operations(parameters.recipe, mask, acquisition.grid)


def grown_mask(image, spacing_mm, threshold, iterations, progress):
    """What the surface encloses when it has come to rest, or after so many steps; bool (k, j, i)."""
    surface = _Surface(image, spacing_mm, threshold)
    before = surface.vertices.copy()
    for step in range(1, iterations + 1):
        surface.grow()
        if step % STEPS_BETWEEN_CHECKS == 0:
            progress(0.1 + 0.8 * step / iterations)
            if np.abs(surface.vertices - before).mean() < AT_REST * surface.scale:
                break
            before = surface.vertices.copy()
    return surface.inside()


class _Surface:
    """A closed triangle mesh in an image; `vertices_mm` are positions along (k, j, i) from the first voxel."""

    def __init__(self, image, spacing_mm, threshold):
        self.image, self.spacing, self.share = np.ascontiguousarray(image), np.array(spacing_mm, np.float32), threshold
        self.low, high = (float(x) for x in np.percentile(image, (2, 98)))
        self.low = min(self.low, 0.1 * high)  # a crop without air has tissue for its darkest voxels
        self.background = self.low + 0.1 * (high - self.low)
        head = np.argwhere(image > self.background) * self.spacing
        if not len(head):
            raise QSMError("The magnitude shows no head. Check the magnitude, or provide a mask.")
        weight = np.minimum(image[image > self.background], high)
        self.center = (head * weight[:, None]).sum(axis=0, dtype=float) / weight.sum(dtype=float)
        radius = (0.75 / np.pi * len(head) * float(np.prod(self.spacing))) ** (1 / 3)
        self.scale = relative_size(len(head), spacing_mm)
        near = np.square(head - self.center).sum(axis=1) < radius**2
        self.median = float(np.median(weight[near])) if near.any() else high
        directions, self.faces = _sphere(SUBDIVISIONS)
        self.vertices = (self.center + radius / 2 * directions).astype(np.float32)
        self.around, self.count = _neighbors(self.faces, len(directions))

    def grow(self):
        """One step of every vertex, as the paper's equations 2 to 13 have it."""
        padded = np.vstack([self.vertices, np.zeros((1, 3), np.float32)])
        to_mean = padded[self.around].sum(axis=1) / self.count[:, None] - self.vertices
        distance = np.float32(
            np.sqrt(np.square(self.vertices[self.faces[:, 0]] - self.vertices[self.faces[:, 1]]).sum(1)).mean()
        )
        normal = self._normals()
        along = np.einsum("vx,vx->v", to_mean, normal)
        across = to_mean - along[:, None] * normal
        curvature = 2 * np.abs(along) / distance**2
        smallest, largest = SMALLEST_RADIUS_MM * self.scale, LARGEST_RADIUS_MM * self.scale
        middle, steepness = (1 / smallest + 1 / largest) / 2, 6 / (1 / smallest - 1 / largest)
        smoothing = (1 + np.tanh(steepness * (curvature - middle))) / 2
        push = smoothing * along + 0.05 * distance * self._brightness(normal)
        self.vertices += across / 2 + push[:, None] * normal
        np.clip(self.vertices, -self.spacing, self.spacing * self.image.shape, out=self.vertices)

    def inside(self):
        """The voxels that the surface encloses."""
        steps = int(np.clip(np.ceil(2 * self._longest_edge()), 2, MOST_POINTS))
        one, two = (x.ravel() for x in np.meshgrid(*[np.linspace(0, 1, steps + 1)] * 2))
        one, two = one[one + two <= 1], two[one + two <= 1]
        # half a voxel further in, so that the voxels on the surface are those whose centers are inside
        corners = (self.vertices / self.spacing - self._normals() / 2)[self.faces]
        shell = np.zeros(self.image.shape, bool)
        for a, b in zip(one, two, strict=True):
            points = np.rint(corners[:, 0] * (1 - a - b) + corners[:, 1] * a + corners[:, 2] * b).astype(int)
            shell[tuple(np.clip(points, 0, np.array(shell.shape) - 1).T)] = True
        return ndimage.binary_fill_holes(shell)

    def _longest_edge(self):
        corners = (self.vertices / self.spacing)[self.faces]
        return float(np.abs(corners - np.roll(corners, 1, axis=1)).max())

    def _normals(self):
        a, b, c = (self.vertices[self.faces[:, n]] for n in range(3))
        of_face = np.cross(b - a, c - a)
        normal = np.stack(
            [np.bincount(self.faces.ravel(), np.repeat(x, 3), len(self.vertices)) for x in of_face.T], axis=1
        )
        return (normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)).astype(np.float32)

    def _brightness(self, normal):
        """How far the signal inwards of each vertex lies above the local threshold, about -1 to 1."""
        depths = np.arange(0, SEARCH_MM + 1, dtype=np.float32) * np.float32(self.scale)
        places = (self.vertices[None] - depths[:, None, None] * normal) / self.spacing
        places = np.clip(np.rint(places).astype(np.intp), 0, np.array(self.image.shape) - 1)
        signal = self.image[places[..., 0], places[..., 1], places[..., 2]]
        darkest = np.maximum(self.low, np.minimum(self.median, signal.min(axis=0)))
        brightest = signal[: int(BRIGHT_SEARCH_MM) + 1].max(axis=0)
        brightest = np.minimum(self.median, np.maximum(self.background, brightest))
        local = (brightest - self.low) * self.share + self.low
        return 2 * (darkest - local) / np.maximum(brightest - self.low, np.finfo(np.float32).tiny)


def _sphere(subdivisions):
    """Unit vectors and faces (outside seen counter-clockwise) of an icosahedron whose faces are cut in four."""
    golden = (1 + 5**0.5) / 2
    points = [(0, s, t * golden) for s in (1, -1) for t in (1, -1)]
    points = np.array([np.roll(p, shift) for shift in range(3) for p in points])
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = (distance > 0) & (distance < 2.1)
    faces = [
        (a, b, c) for a in range(12) for b in range(a) for c in range(b) if near[a, b] and near[b, c] and near[a, c]
    ]
    faces = np.array([f if np.linalg.det(points[list(f)]) > 0 else f[::-1] for f in faces])
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, number = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = number.reshape(3, -1) + len(points)
        points = np.concatenate([points, points[unique].mean(axis=1)])
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        a, b, c = faces.T
        faces = np.concatenate([np.stack(f, 1) for f in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return points / np.linalg.norm(points, axis=1, keepdims=True), faces


def _neighbors(faces, count):
    """The neighbors of each vertex, padded with `count`, and how many they are."""
    pairs = np.unique(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=0)
    sizes = np.bincount(pairs[:, 0], minlength=count)
    around = np.full((count, sizes.max()), count)
    around[pairs[:, 0], np.arange(len(pairs)) - np.repeat(np.cumsum(sizes) - sizes, sizes)] = pairs[:, 1]
    return around, sizes.astype(np.float32)
