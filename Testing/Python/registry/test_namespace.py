"""Methods for a GPU work on the arrays that they are given: shown with arrays that no function of numpy takes.

No GPU is needed, and none is at hand where the tests run. The arrays are as strict as CuPy's (helpers/foreign_arrays).
"""

import inspect
import re
from functools import cache
from importlib import import_module

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.foreign_arrays import CALLED, KNOWN, Foreign, foreign
from helpers.same_on_foreign import assert_same_on_foreign

from QSMLogic import Acquisition, FieldMap, Grid
from QSMLogic.model.maps import UnreferencedMap
from QSMLogic.numerics.moving import moved
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING, STAGES

GRID, TESLA, TIMES = Grid((30, 26, 28), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3)), 3.0, (0.004, 0.010, 0.016, 0.022)
MASK = ball(GRID, 11)
EVERY = [m for stage in registry().values() for name, m in stage.items() if m.on_gpu and name != NOTHING]


@cache
def known():
    """What methods may take, by name."""
    random = np.random.default_rng(1)
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.3)
    background = 0.4 * sphere(GRID, 6, (-22, 3, 5), 2.0)[0]
    x, rate = 0.3 * (distance < 4), 20 + 30.0 * (distance < 4)
    turns = 42.577478518 * TESLA * (field + background)
    signal = np.stack([900 * MASK * np.exp((2j * np.pi * turns - rate) * time + 0.3j) for time in TIMES])
    signal += random.normal(0, 5, signal.shape) + 1j * random.normal(0, 5, signal.shape)
    unwrapped = 2 * np.pi * turns * np.reshape(TIMES, (-1, 1, 1, 1))
    noisy = field + random.normal(0, 0.002, GRID.shape)
    facts = np.full(GRID.shape, 0.002) * (1 + (distance < 3)), np.abs(signal[0]), distance > 10
    x = (x * MASK).astype(np.float32)
    scan = Acquisition.of_signal(signal, TIMES, TESLA, GRID)
    return {
        "scan": scan,
        "field_strength_t": TESLA,
        "mask": MASK,
        "reliable_mask": MASK,
        "unwrapped_rad": (unwrapped * MASK).astype(np.float32),
        "total": FieldMap(noisy + background, MASK, GRID, *facts),
        "local": FieldMap(noisy, MASK, GRID, *facts),
        "susceptibility_ppm": x,
        "single_step": False,
        "unreferenced": UnreferencedMap(x, MASK, GRID, scan.magnitude, scan.echo_times_s, distance > 10),
        "r2_hz": (0.6 * rate * MASK).astype(np.float32),
        "r2prime_hz": (0.4 * rate * MASK).astype(np.float32),
        "r2star_hz": (rate * MASK).astype(np.float32),
    }


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


def inputs(entry):
    names = TAKES.get(entry.stage) or entry.takes
    own = {"local": "total"} if entry.takes_total_field else {}
    return [known().get(own.get(name, name)) for name in names]


def few(entry):
    """Parameters for a short run; longer ones may multiply what is rounding in the first iterations."""
    short = {"iterations": 12, "joint_iterations": 8, "outer_iterations": 2}
    return entry.make_parameters({p.name: short[p.name] for p in entry.parameters if p.name in short})


@pytest.mark.parametrize("entry", EVERY, ids=[f"{m.stage} {m.name}" for m in EVERY])
def test_result_on_foreign_arrays_is_that_on_numpy_arrays(entry):
    assert_same_on_foreign(lambda *given: entry.run(*given, parameters=few(entry)), *inputs(entry))


class TestCuPy:
    """The real CuPy has what the methods call, as far as that can be seen without a GPU."""

    OWNERS = {"numpy": "cupy", "array": "cupy", "linalg": "cupy.linalg"}
    OWNERS |= {name: f"cupyx.scipy.{name}" for name in ("fft", "ndimage", "special")}

    @pytest.fixture(scope="class", autouse=True)
    @staticmethod
    def needs_cupy():
        pytest.importorskip("cupy", reason="CuPy is not installed.")

    def owner(self, module):
        found = import_module(self.OWNERS[module])
        return found.ndarray if module == "array" else found

    def problem(self, module, name, arguments, keywords):
        """Why the function cannot be called so; its signature is in the first line of its text if it is compiled."""
        function = getattr(self.owner(module), name)
        try:
            given = [None] * (arguments + (module == "array"))
            inspect.signature(function).bind(*given, **dict.fromkeys(keywords))
        except TypeError as error:
            return str(error)
        except ValueError:
            known = re.findall(r"\w+", function.__doc__.splitlines()[0])
            return ", ".join(word for word in keywords if word not in known)

    def test_names(self):
        assert not [f"{module}.{name}" for module, name in KNOWN if not hasattr(self.owner(module), name)]

    def test_calls(self):
        for entry in EVERY:
            entry.run(*moved(inputs(entry), foreign), parameters=few(entry))
        problems = {call: self.problem(*call) for call in CALLED}
        assert CALLED and not {call: problem for call, problem in problems.items() if problem}


def test_stages_that_take_time_have_methods_for_a_gpu():
    for stage in ("background", "invert", "field", "offset", "relaxometry"):
        missing = [m.name for name, m in registry()[stage].items() if not (m.on_gpu or m.missing or name == NOTHING)]
        assert not missing, f"{STAGES[stage].title}: {', '.join(missing)}"


class TestForeignArrays:
    """The arrays refuse what CuPy refuses, so that a lapse fails here."""

    def test_functions_of_numpy(self):
        x = foreign(np.ones(3, np.float32))
        for lapse in (lambda: np.sqrt(x), lambda: np.sum(x), lambda: np.asarray(x), lambda: np.where(x > 0, x, 0)):
            with pytest.raises(TypeError):
                lapse()

    def test_mixtures(self):
        x, y = foreign(np.ones(3, np.float32)), np.ones(3, np.float32)
        for lapse in (lambda: x + y, lambda: y + x, lambda: x[y > 0], lambda: x.__iadd__(y)):
            with pytest.raises(TypeError):
                lapse()
        assert isinstance(np.float32(2) * x, Foreign) and isinstance(x.sum(), Foreign) and float(x.sum()) == 3
