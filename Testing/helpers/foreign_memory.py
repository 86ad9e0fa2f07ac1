"""The memory that methods need, on arrays of another library that numpy allocates."""

import tracemalloc

from QSMLogic.numerics.moving import moved

from .foreign_arrays import foreign
from .method_inputs import inputs_of, parameters_of

FEW = {"iterations": 3, "outer_iterations": 2, "joint_iterations": 2}  # memory is that of one iteration


def peak_bytes(function, inputs):
    """The peak of a function, its inputs included, once it has imported and kept what it does the first time."""
    function(*moved(inputs, foreign))
    tracemalloc.start()
    try:
        function(*moved(inputs, foreign))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_bytes_of(entry, known):
    """The peak of a method. known: as of known_inputs."""
    parameters = parameters_of(entry, **FEW)
    return peak_bytes(lambda *given: entry.run(*given, parameters=parameters), inputs_of(entry, known))
