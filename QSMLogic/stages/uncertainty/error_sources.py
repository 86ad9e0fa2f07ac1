"""Error sources: the uncertainty of susceptibility as the root of the sum of the variances of six of them."""

import numpy as np

from ...model.acquisition import bounding_box, uncropped
from ...numerics.convolution import convolve
from ...numerics.fft import frequencies, irfftn, rfftn
from ...numerics.namespace import namespace
from ...numerics.quotient import quotient
from ...registry.method import find, method
from ...solvers.dipole_model import DipoleModel
from ...solvers.misfit import GAUSSIAN

# Of each source's variance, from `./dev bench uncertainty`
WEIGHTS = {"field": 0.043, "cone": 17.0, "methods": 0.06, "edges": 0.021, "level": 0.014, "rim": 0.6}
INVERSE_STRENGTH = 0.03  # of the Tikhonov inverse by which errors of the field become errors of the map
CONE = 0.1  # |D| below which no susceptibility explains much of the field
RIM_VOXELS, SMOOTHING_VOXELS = 4.0, 1.0  # standard deviations of Gaussians, in voxel lengths
ALTERNATIVES = ("tkd", "tikhonov")


@method("uncertainty", title="Error sources", on_gpu=True)
def error_sources(total, local, susceptibility_ppm, single_step, parameters, progress):
    """Add the variances of the sources of error: field, cone, spread of methods, edges, general level and rim.

    Parameters
    ----------
    total, local : FieldMap
        Total field, and local field.
    susceptibility_ppm : numpy.ndarray
        The map; its zero does not matter.
    single_step : bool
        Whether the inversion took the total field, so that the local field is that of the map.
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Standard deviation of the susceptibility in ppm, float32 (k, j, i), zero outside the mask of the local field.

    Notes
    -----
    See `variances` for the sources. Their weights were fitted to the errors of three heads whose truth is known, one in
    vivo, then rounded with an eye on five others: of the voxels in deep gray, in white matter and at the rim of each,
    60 to 83 % lie within one and 85 to 98 % within two standard deviations (`./dev bench uncertainty`). What all voxels
    share, as a wrong zero, is not in it. It holds for other inversions within 25 points; of TKD and Tikhonov, which are
    compared with themselves, it is too low by half. Costs about twelve pairs of transforms; after a single-step
    inversion V-SHARP runs, too.
    """
    if single_step:
        local = measured(total, local)
    progress(0.1)
    box = bounding_box(local.mask, margin=0)
    xp = namespace(susceptibility_ppm)
    variance = xp.zeros([s.stop - s.start for s in box], np.float32)
    for turn, (source, values) in enumerate(variances(local.cropped(box), susceptibility_ppm[box])):
        variance += np.float32(WEIGHTS[source]) * values
        progress(0.1 + 0.9 * (turn + 1) / len(WEIGHTS))
    return uncropped(xp.sqrt(variance, out=variance), box, local.mask.shape)


def variances(local, x):
    """The variance of a map by each source of error, up to the WEIGHTS.

    - field: the misfit f - D x, or the uncertainty of the field if that is larger, propagated by the squared
      point-spread function of a Tikhonov inverse, which follows streaks;
    - cone: the power of the field near the zero cone of the kernel, which no susceptibility explains;
    - methods: the difference to quick inversions of another kind;
    - edges: the gradient of the map, where a voxel's neighbor would have another value;
    - level: the typical value of the map, the same everywhere;
    - rim: the level, falling with the distance to the mask's boundary, for what background removal left.

    Parameters
    ----------
    local : FieldMap
        Local field.
    x : numpy.ndarray
        Susceptibility in ppm.

    Yields
    ------
    source : str
    variance : numpy.ndarray
        In ppm^2, float32 (k, j, i), zero outside the mask.
    """
    model, mask = DipoleModel(local), local.mask
    xp = model.xp
    smoothed, x = _Smoothing(mask, model), _centered(x, mask)
    yield "field", _propagated(local, x, model)
    unexplained = convolve(model.padded(local.ppm), (xp.abs(model.kernel) < CONE).astype(np.float32))
    yield "cone", smoothed(xp.square(model.result(unexplained)))
    del unexplained
    others = (_centered(find("invert", name).run(local), mask) for name in ALTERNATIVES)
    yield "methods", smoothed(sum(xp.square(x - other) for other in others))
    yield "edges", smoothed(_squared_gradient(x, model))
    level = np.float32(np.square(float(xp.median(xp.abs(x[mask]))) / GAUSSIAN))
    yield "level", level * mask
    yield "rim", level * model.result(1 - _blurred(model.padded(mask), model.spacing, RIM_VOXELS))


def measured(total, local):
    """The field of a single-step map, and what V-SHARP leaves of the total field without it."""
    difference = total.with_field(
        namespace(total.ppm).where(local.mask, total.ppm - local.ppm, np.float32(0)), local.mask
    )
    return local.with_field(local.ppm + find("background", "vsharp").run(difference).ppm)


def _propagated(local, x, model):
    """The variance of the map by errors of the field."""
    xp, kernel = model.xp, model.kernel
    response = kernel / (xp.square(kernel) + np.float32(INVERSE_STRENGTH))
    response = rfftn(xp.square(irfftn(response.astype(np.complex64), model.shape))).real.copy()
    misfit = model.padded(local.ppm)
    misfit -= model.field(model.padded(x))
    misfit = _centered(model.result(misfit), local.mask)
    variance = convolve(model.padded(xp.square(misfit, out=misfit)), response)
    if local.uncertainty_ppm is not None:
        xp.maximum(variance, convolve(model.padded(xp.square(local.uncertainty_ppm)), response), out=variance)
    return model.result(xp.maximum(variance, 0, out=variance))


def _squared_gradient(x, model):
    """|grad x|^2 per voxel length."""
    xp, padded, inside = model.xp, model.padded(x), tuple(slice(n) for n in x.shape)
    return sum(xp.square(xp.gradient(padded, d, axis=a)[inside]) for a, d in enumerate(model.spacing))


def _centered(x, mask):
    """`x` with median zero in the mask, zero outside."""
    xp = namespace(x)
    return xp.where(mask, x - np.float32(float(xp.median(x[mask]))), np.float32(0))


def _blurred(padded, spacing, sigma):
    """Convolved with a Gaussian; sigma and spacing in voxel lengths."""
    xp = namespace(padded)
    squares = sum(xp.square(k) for k in frequencies(padded.shape, spacing, xp))
    return convolve(padded, xp.exp(np.float32(-2 * (np.pi * sigma) ** 2) * squares))


class _Smoothing:
    """Gaussian means inside the mask, of squares."""

    def __init__(self, mask, model):
        self.mask, self.model = mask, model
        self.weight = self._blurred(mask)

    def __call__(self, squares):
        means = quotient(self._blurred(squares), self.weight, self.mask)
        return self.model.xp.maximum(means, 0, out=means)

    def _blurred(self, image):
        padded = self.model.padded(self.model.xp.where(self.mask, image, 0))
        return self.model.result(_blurred(padded, self.model.spacing, SMOOTHING_VOXELS))
