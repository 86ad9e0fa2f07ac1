"""Methods for a GPU work on the arrays that they are given: shown with arrays that no function of numpy takes.

No GPU is needed, and none is at hand where the tests run. The arrays refuse most of what those of CuPy refuse
(helpers/foreign_arrays).
"""

import inspect
import re
from functools import cache
from importlib import import_module

import numpy as np
import pytest
from helpers.fields import ball
from helpers.foreign_arrays import CALLED, KNOWN, XP, Foreign, foreign
from helpers.method_inputs import inputs_of, known_inputs, methods_for_gpu, parameters_of
from helpers.same_on_foreign import assert_same_on_foreign

from QSMLogic import Grid
from QSMLogic.numerics.moving import moved
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING, STAGES

GRID, TIMES = Grid((30, 26, 28), (1.2, 1.0, 0.9), (0.9, 0.3, -0.3)), (0.004, 0.010, 0.016, 0.022)
MASK = ball(GRID, 11)
EVERY = methods_for_gpu()


@cache
def known():
    return known_inputs(GRID, MASK, TIMES)


def inputs(entry):
    return inputs_of(entry, known())


def few(entry):
    """Parameters for a short run; longer ones may multiply what is rounding in the first iterations."""
    return parameters_of(entry, iterations=12, joint_iterations=8, outer_iterations=2)


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

    @pytest.mark.parametrize("sequence", [[0, 1, 2], (0, 1, 2), range(3)])
    def test_sequences(self, sequence):
        x = foreign(np.ones(3, np.float32))
        lapses = [lambda: x + sequence, lambda: sequence * x, lambda: x[sequence,], lambda: x.__iadd__(sequence)]
        lapses += [lambda: XP.maximum(x, sequence), lambda: XP.where(x > 0, sequence, x), lambda: XP.sum(sequence)]
        for lapse in lapses:
            with pytest.raises(TypeError):
                lapse()
        assert XP.stack([x, x]).shape == XP.zeros((2, 3)).shape == (2, 3)

    def test_layouts(self):
        x = foreign(np.ones((4, 3), np.float32))
        with pytest.raises(NotImplementedError):
            XP.interp(x[:, 0], x[0], x[0])
        assert XP.interp(x[0], x[0], x[0]).shape == (3,)

    def test_mixtures(self):
        x, y = foreign(np.ones(3, np.float32)), np.ones(3, np.float32)
        for lapse in (lambda: x + y, lambda: y + x, lambda: x[y > 0], lambda: x.__iadd__(y)):
            with pytest.raises(TypeError):
                lapse()
        assert isinstance(np.float32(2) * x, Foreign) and isinstance(x.sum(), Foreign) and float(x.sum()) == 3

    def test_small_results_are_compared_by_their_own_size(self):
        x = np.full(3, 1e-7, np.float32)
        with pytest.raises(AssertionError):
            assert_same_on_foreign(lambda x: x * (1 + isinstance(x, Foreign)), x)
