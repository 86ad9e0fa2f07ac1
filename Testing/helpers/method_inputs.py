"""What every method can be called with: a scan of two balls, and maps of it."""

import numpy as np

from QSMLogic import Acquisition, FieldMap
from QSMLogic.model.maps import UnreferencedMap
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING

from .fields import sphere

TESLA = 3.0
TAKES = {
    "scaling": ("scan",),
    "mask": ("scan",),
    "offset": ("scan", "mask"),
    "unwrap": ("scan", "mask"),
    "field": ("scan", "unwrapped_rad", "mask"),
    "passes": ("total",),
    "background": ("total",),
    "invert": ("local",),
    "reference": ("unreferenced",),
}


def methods_for_gpu():
    """Every method that takes arrays of any library, but those that make nothing."""
    return [m for stage in registry().values() for name, m in stage.items() if m.on_gpu and name != NOTHING]


def known_inputs(grid, mask, times):
    """What methods may take, by name."""
    random = np.random.default_rng(1)
    field, distance = sphere(grid, 4, (1, 0, -2), 0.3)
    background = 0.4 * sphere(grid, 6, (-22, 3, 5), 2.0)[0]
    x, rate = 0.3 * (distance < 4), 20 + 30.0 * (distance < 4)
    turns = 42.577478518 * TESLA * (field + background)
    signal = np.stack([900 * mask * np.exp((2j * np.pi * turns - rate) * time + 0.3j) for time in times])
    signal += random.normal(0, 5, signal.shape) + 1j * random.normal(0, 5, signal.shape)
    unwrapped = 2 * np.pi * turns * np.reshape(times, (-1, 1, 1, 1))
    noisy = field + random.normal(0, 0.002, grid.shape)
    facts = np.full(grid.shape, 0.002) * (1 + (distance < 3)), np.abs(signal[0]), distance > 10
    x = (x * mask).astype(np.float32)
    scan = Acquisition.of_signal(signal, times, TESLA, grid)
    return {
        "scan": scan,
        "field_strength_t": TESLA,
        "mask": mask,
        "reliable_mask": mask,
        "unwrapped_rad": (unwrapped * mask).astype(np.float32),
        "total": FieldMap(noisy + background, mask, grid, *facts),
        "local": FieldMap(noisy, mask, grid, *facts),
        "susceptibility_ppm": x,
        "single_step": False,
        "unreferenced": UnreferencedMap(x, mask, grid, scan.magnitude, scan.echo_times_s, distance > 10),
        "r2_hz": (0.6 * rate * mask).astype(np.float32),
        "r2prime_hz": (0.4 * rate * mask).astype(np.float32),
        "r2star_hz": (rate * mask).astype(np.float32),
    }


def inputs_of(entry, known):
    """The inputs of a method, of known ones."""
    names = TAKES.get(entry.stage) or entry.takes
    own = {"local": "total"} if entry.takes_total_field else {}
    return [known.get(own.get(name, name)) for name in names]


def parameters_of(entry, **short):
    """Its parameters, of which those that it has take the values of `short`."""
    return entry.make_parameters({p.name: short[p.name] for p in entry.parameters if p.name in short})
