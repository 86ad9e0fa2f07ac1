"""ROMEO: region-growing unwrapping along the most reliable edges (Dymerska et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.namespace import like, namespace, to_host
from ...registry.method import Citation, method, parameter
from ...shared.phase_quality import TWO_PI, edge_quality
from ...shared.spanning_tree import edges_of, unwrap_along_edges


@dataclass(frozen=True)
class RomeoParameters:
    echoes: str = parameter(
        "template",
        "Echoes",
        choices=("template", "individual"),
        help="Template: one echo is unwrapped spatially, the others temporally. Individual: each echo is unwrapped "
        "spatially.",
    )
    template_echo: int = parameter(
        1,
        "Template echo",
        low=1,
        high=64,
        help="Number of the echo that is unwrapped spatially. An early echo has the fewest wraps.",
    )
    phase_coherence: bool = parameter(
        True, "Phase coherence", help="Weight edges by the phase difference between neighbors: small is good."
    )
    phase_gradient_coherence: bool = parameter(
        True, "Phase gradient coherence", help="Weight edges by how well the phase difference scales with echo time."
    )
    phase_linearity: bool = parameter(
        False, "Phase linearity", help="Weight edges by how similar the phase differences before and after are."
    )
    magnitude_coherence: bool = parameter(
        True, "Magnitude coherence", help="Weight edges by how similar the magnitudes of the two voxels are."
    )
    magnitude_weight: bool = parameter(
        False, "Magnitude weight", help="Weight edges by magnitude, up to half that of the brightest tissue."
    )
    regions: int = parameter(
        1,
        "Seed regions",
        low=1,
        high=255,
        help="Number of regions that are unwrapped separately and then merged by all edges between them.",
    )
    correct_parts: bool = parameter(
        True,
        "Correct global offset",
        help="Shift each connected part of the mask by a multiple of 2 pi so that its mean is close to zero.",
    )


@method(
    "unwrap",
    title="ROMEO",
    parameters=RomeoParameters,
    citations=[Citation("Dymerska et al., Magn Reson Med 2021;85:2294-2308", "10.1002/mrm.28563")],
    on_gpu=True,
)
def romeo(acquisition, mask, parameters, progress):
    """Unwrap the template echo spatially along the most reliable edges, and the others temporally.

    acquisition: phase in radians (echo, k, j, i), proportional to echo time if there are several echoes.
    mask: bool (k, j, i). Returns float32 radians (echo, k, j, i), zero outside the mask.
    """
    template = min(parameters.template_echo, acquisition.echoes) - 1
    if parameters.echoes == "template":
        spatial_rad, _ = _unwrapped(acquisition, mask, template, parameters)
        progress(0.8)
        return namespace(mask).where(mask, unwrap_temporally(acquisition, spatial_rad, template), 0)
    unwrapped = namespace(mask).zeros_like(acquisition.phase)
    for step, echo in enumerate([*range(template, acquisition.echoes), *range(template - 1, -1, -1)]):
        unwrapped[echo], part = _unwrapped(acquisition, mask, echo, parameters)
        if step:
            near = echo - 1 if echo > template else echo + 1
            ratio = np.float32(acquisition.echo_times_s[echo] / acquisition.echo_times_s[near])
            turns = (unwrapped[near] * ratio - unwrapped[echo])[mask] / TWO_PI
            unwrapped[echo][mask] += like(TWO_PI * np.rint(_median_of_parts(to_host(turns), part)), mask)
        progress((step + 1) / (acquisition.echoes + 1))
    return unwrapped


def unwrap_spatially(phase_rad, magnitude, mask, second=None):
    """Unwrap one 3D phase image (radians) inside the mask, with ROMEO's usual weights; zero outside.

    second: another echo's phase and the ratio of this echo's time to that one's, which makes the weights more
    reliable. The mean of each connected part of the mask comes to lie between -pi and pi.
    """
    edges = edges_of(mask, lambda axis: edge_quality(axis, phase_rad, magnitude, second), for_tree=True)
    return _image(_centered(*unwrap_along_edges(to_host(phase_rad[mask]), edges)), mask)


def unwrap_temporally(acquisition, spatial_rad, template):
    """Unwrap the other echoes by the slope that the echoes unwrapped before them predict.

    The slope is the least-squares line through the origin, weighted by squared magnitude.
    """
    xp, times = namespace(spatial_rad), np.asarray(acquisition.echo_times_s, np.float32)
    unwrapped = xp.empty_like(acquisition.phase)
    weighted, norm = xp.zeros_like(spatial_rad), xp.full_like(spatial_rad, np.finfo(np.float32).tiny)
    for echo in [*range(template, len(times)), *range(template - 1, -1, -1)]:
        phase_rad = acquisition.phase[echo]
        reference = spatial_rad if echo == template else weighted / norm * times[echo]
        unwrapped[echo] = phase_rad + TWO_PI * xp.rint((reference - phase_rad) / TWO_PI)
        weight = xp.square(acquisition.magnitude[echo]) * times[echo]
        weighted += weight * unwrapped[echo]
        norm += weight * times[echo]
    return unwrapped


def _unwrapped(acquisition, mask, echo, parameters):
    """One echo unwrapped in space, and the connected part of every voxel of the mask."""
    phase_rad, magnitude, second, signal = acquisition.phase[echo], acquisition.magnitude[echo], None, None
    if acquisition.echoes > 1 and parameters.phase_gradient_coherence:
        other = echo + 1 if echo + 1 < acquisition.echoes else echo - 1
        second = acquisition.phase[other], acquisition.echo_times_s[echo] / acquisition.echo_times_s[other]
    if parameters.magnitude_weight:
        signal = magnitude, max(float(namespace(mask).percentile(magnitude[mask], 98)) / 2, np.finfo(np.float32).tiny)

    def quality(axis):
        likeness = magnitude if parameters.magnitude_coherence else None
        options = {"coherence": parameters.phase_coherence, "linearity": parameters.phase_linearity, "signal": signal}
        return edge_quality(axis, phase_rad, likeness, second, **options)

    edges = edges_of(mask, quality, for_tree=parameters.regions == 1)
    values, part = unwrap_along_edges(to_host(phase_rad[mask]), edges, parameters.regions)
    return _image(_centered(values, part) if parameters.correct_parts else values, mask), part


def _image(values, mask):
    """The image (k, j, i), of the library of the mask, whose voxels in the mask have these values."""
    image = namespace(mask).zeros(mask.shape, np.float32)
    image[mask] = like(values, mask)
    return image


def _centered(values, part):
    """Each part shifted by a multiple of 2 pi so that its mean lies between -pi and pi."""
    mean = np.bincount(part, values) / np.bincount(part)
    return values - (TWO_PI * np.rint(mean / TWO_PI)).astype(np.float32)[part]


def _median_of_parts(values, part):
    """The (lower) median of `values` in every voxel's part."""
    order = np.lexsort((values, part))
    count = np.bincount(part)
    return values[order[np.cumsum(count) - count + (count - 1) // 2]][part]
