"""A closed surface that grows from inside the brain until it meets the skull's darkness (Smith 2002)."""

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage, sparse
from .head_size import bright_level, relative_size

SUBDIVISIONS = 4  # of an icosahedron's faces: 2562 vertices
SMALLEST_RADIUS_MM, LARGEST_RADIUS_MM = 3.33, 10.0  # of curvature: between them smoothing sets in
SEARCH_MM, BRIGHT_SEARCH_MM = 20.0, 10.0  # how far inwards the darkest and the brightest signal are looked for
MOST_POINTS = 60  # along an edge of a triangle that is made voxels
STEPS_BETWEEN_CHECKS, AT_REST = 50, 0.1  # mm that vertices have moved, on average, between checks


class Balloon:
    """A closed triangle mesh in an image; `vertices` are positions in mm along (k, j, i) from the first voxel.

    share: the fraction of the bright signal inside that the darkest signal inwards of a vertex must have for the
    surface to grow there. scale: of the head, relative to an adult's.
    """

    def __init__(self, image, spacing_mm, share, subdivisions=SUBDIVISIONS):
        self.image, self.spacing, self.share = np.ascontiguousarray(image), np.array(spacing_mm, np.float32), share
        self.low, high = float(np.percentile(image, 2)), bright_level(image)
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
        directions, self.faces = _sphere(subdivisions)
        self.vertices = (self.center + radius / 2 * directions).astype(np.float32)
        self._connect()

    def settle(self, steps, progress=lambda fraction: None):
        """Grow until the surface has come to rest, or by so many steps. progress: called with the fraction done."""
        before = self.vertices.copy()
        for step in range(1, steps + 1):
            self.grow()
            if step % STEPS_BETWEEN_CHECKS == 0:
                progress(step / steps)
                if np.abs(self.vertices - before).mean() < AT_REST * self.scale:
                    break
                before = self.vertices.copy()

    def refine(self):
        """Cut every triangle in four."""
        self.vertices, self.faces = _subdivided(self.vertices, self.faces)
        self._connect()

    def grow(self):
        """One step of every vertex, as the paper's equations 2 to 13 have it."""
        to_mean = self.mean_of_neighbors @ self.vertices - self.vertices
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

    def _connect(self):
        """The sparse matrices of the mesh: the mean of each vertex's neighbors, and the sum over its faces."""
        vertices, faces = len(self.vertices), len(self.faces)
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        neighbors = sparse.csr_matrix((np.ones(len(edges), np.float32), edges.T), (vertices, vertices))
        self.mean_of_neighbors = (sparse.diags(1 / neighbors.sum(axis=1).A1) @ neighbors).astype(np.float32)
        corners = self.faces.ravel(), np.repeat(np.arange(faces), 3)
        self.sum_of_faces = sparse.csr_matrix((np.ones(3 * faces, np.float32), corners), (vertices, faces))

    def _normals(self):
        a, b, c = (self.vertices[self.faces[:, n]] for n in range(3))
        (bk, bj, bi), (ck, cj, ci) = (b - a).T, (c - a).T
        of_face = np.stack([bj * ci - bi * cj, bi * ck - bk * ci, bk * cj - bj * ck], axis=1)
        normal = self.sum_of_faces @ of_face
        return normal / np.maximum(np.sqrt(np.einsum("vx,vx->v", normal, normal)), np.float32(1e-12))[:, None]

    def _brightness(self, normal):
        """How far the signal inwards of each vertex lies above the local threshold, about -1 to 1."""
        step = max(1, float(self.spacing.min()) / self.scale)
        depths = np.arange(0, SEARCH_MM + 1, step, dtype=np.float32) * np.float32(self.scale)
        places = (self.vertices[None] - depths[:, None, None] * normal) / self.spacing
        places = np.clip(np.rint(places).astype(np.intp), 0, np.array(self.image.shape) - 1)
        signal = self.image[places[..., 0], places[..., 1], places[..., 2]]
        darkest = np.maximum(self.low, np.minimum(self.median, signal.min(axis=0)))
        brightest = signal[: int(BRIGHT_SEARCH_MM / step) + 1].max(axis=0)
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
        points, faces = _subdivided(points, faces)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points / np.linalg.norm(points, axis=1, keepdims=True), faces


def _subdivided(points, faces):
    """A mesh with the middles of its edges as new vertices."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, number = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = number.reshape(3, -1) + len(points)
    points = np.concatenate([points, points[unique].mean(axis=1, dtype=points.dtype)])
    a, b, c = faces.T
    return points, np.concatenate([np.stack(f, 1) for f in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
