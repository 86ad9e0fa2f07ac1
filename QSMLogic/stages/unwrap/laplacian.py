"""Laplacian unwrapping: the phase whose Laplacian is that of the wrapped phase (Schofield & Zhu 2003)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.fft import dctn, idctn, next_fast_shape, pad
from ...numerics.namespace import namespace
from ...numerics.parallel import for_slabs
from ...numerics.sums import inner
from ...registry.method import Citation, method, parameter
from ...shared.phase_quality import TWO_PI, neighbors, wrapped

VOXELS_FOR_TURNS = 100000  # number of voxels that determine the constant that Poisson's equation leaves open
THICKNESS = 16  # planes of a slab, which needs a plane more on either side
CONVERGED = 1e-4  # of the first step's size: smaller steps are rounding
LATER_ECHOES = 3  # start from the one before, and need so many times fewer iterations


@dataclass(frozen=True)
class LaplacianParameters:
    iterations: int = parameter(
        4,
        "Iterations",
        low=1,
        high=1000,
        help="One gives the classical result, which differs from the phase by a smooth field without sources in the "
        "mask. More (conjugate gradients, two cosine transforms each) bring it closer to the phase. Later echoes "
        "start from the previous one and take a third as many.",
    )


@method(
    "unwrap",
    title="Laplacian",
    parameters=LaplacianParameters,
    citations=[
        Citation("Schofield & Zhu, Opt Lett 2003;28:1194-1196", "10.1364/OL.28.001194"),
        Citation("Ghiglia & Romero, J Opt Soc Am A 1994;11:107-117 (iterations)", "10.1364/JOSAA.11.000107"),
    ],
    on_gpu=True,
)
def laplacian(acquisition, mask, parameters, progress):
    """Solve Poisson's equation for the divergence of the wrapped phase differences, by cosine transforms.

    acquisition: phase in radians (echo, k, j, i). mask: bool (k, j, i); steps that leave it count as zero. Returns
    float32 radians (echo, k, j, i), zero outside the mask: smooth even where the phase is noisy, but not the phase plus
    multiples of 2 pi, so that ROMEO is the better choice if there is little noise. The steps are wrapped differences
    where the paper has sines of differences, which fall short where the phase is steep. The paper's single step left an
    error of the total field of 0.039 ppm on a realistic head, three iterations leave 0.0075, four 0.0057 and more
    0.0056; ROMEO leaves 0.005.
    """
    solver = _Poisson(mask, acquisition.grid.spacing_mm)
    xp, times = namespace(mask), acquisition.echo_times_s
    unwrapped, some = xp.zeros_like(acquisition.phase), xp.flatnonzero(mask)
    some = some[:: max(len(some) // VOXELS_FOR_TURNS, 1)]
    for echo in range(len(times)):
        done = lambda share, echo=echo: progress((echo + share) / len(times))  # noqa: E731
        phase_rad = xp.where(mask, acquisition.phase[echo], 0)
        start = xp.zeros_like(phase_rad)
        if echo:
            start = unwrapped[echo - 1] * np.float32(times[echo] / times[echo - 1])
        iterations = -(-parameters.iterations // LATER_ECHOES) if echo else parameters.iterations
        done(0.1)
        image = solver.solve(phase_rad, start, iterations, done)
        image += np.float32(_offset_rad(some, acquisition.magnitude[echo], phase_rad, start, image))
        xp.copyto(unwrapped[echo], image, where=mask)
    return unwrapped


def _offset_rad(some, *images):
    """What to add to the solution for it to have the phase in the mean, at the multiple of 2 pi next to the start.

    some: indices of the voxels that count. images: the magnitude, the phase, the start and the solution.
    """
    magnitude, phase_rad, start_rad, values_rad = (image.reshape(-1)[some] for image in images)
    xp = namespace(values_rad)
    signal = magnitude * xp.exp(1j * (phase_rad - values_rad))
    offset = float(np.angle(complex(signal.sum(dtype=complex))))
    turns = np.float32(float(xp.median(start_rad - values_rad - offset))) / TWO_PI
    return offset + TWO_PI * np.rint(turns)


class _Poisson:
    """Solves for the image whose steps between neighbors in the mask are those of a phase, wrapped."""

    def __init__(self, mask, spacing_mm):
        self.mask = mask.astype(np.float32)
        self.weights = [np.float32(1 / d**2) for d in spacing_mm]
        self.shape = next_fast_shape(mask.shape)
        terms = [(2 - 2 * np.cos(np.pi * np.arange(n) / n)) * w for n, w in zip(self.shape, self.weights, strict=True)]
        spectrum = sum(map(namespace(mask).asarray, np.ix_(*terms))).astype(np.float32)
        spectrum[0, 0, 0] = np.inf
        self.inverse = 1 / spectrum

    def solve(self, phase_rad, start_rad, iterations, progress):
        """Conjugate gradients from `start_rad`, preconditioned by the solution for a mask that fills the image."""
        solution, residual = start_rad, self._divergence(phase_rad - start_rad, wrapped)
        direction, size, first = None, None, None
        for step in range(iterations):
            guess = self._unmasked_solution(residual)
            before, size = size, inner(residual, guess)
            first = size if step == 0 else first
            if step and size <= CONVERGED**2 * first:
                break
            direction = guess if step == 0 else guess + np.float32(size / before) * direction
            if iterations == 1:
                return solution + direction
            image = self._divergence(direction)
            curvature = inner(direction, image)
            if curvature <= 0:
                break
            solution = solution + np.float32(size / curvature) * direction
            residual -= np.float32(size / curvature) * image
            progress((step + 1) / (iterations + 1))
        return solution

    def _divergence(self, image, adjusted=lambda step: step):
        """The sum of steps away from each voxel to its neighbors in the mask, negative, over squared distances."""
        xp = namespace(image)
        total = xp.empty_like(image)

        def work(start, stop):
            first = max(start - 1, 0)
            part, mask = image[first : stop + 1], self.mask[first : stop + 1]
            sums = xp.zeros_like(part)
            for axis, weight in enumerate(self.weights):
                here, there = neighbors(axis)
                step = adjusted(part[there] - part[here])
                step *= weight
                step *= mask[here]
                step *= mask[there]
                sums[here] -= step
                sums[there] += step
            total[start:stop] = sums[start - first : stop - first]

        for_slabs(work, image, THICKNESS)
        return total

    def _unmasked_solution(self, divergence):
        """Solves Poisson's equation in the whole image, padded, with no step across its border."""
        inside = tuple(slice(n) for n in divergence.shape)
        return idctn(dctn(pad(divergence, self.shape)) * self.inverse)[inside].copy()
